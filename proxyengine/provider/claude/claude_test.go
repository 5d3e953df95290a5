package claude_test

import (
	"fmt"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/claude"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newProvider(t *testing.T) *claude.Provider {
	t.Helper()
	p, err := claude.New(claude.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func console(key string, change ...func(*account.Account)) *account.Account {
	a := &account.Account{Name: "c", Platform: claude.Console, Credential: account.Credential{Kind: account.APIKey, Secret: secret.New(key)}}
	for _, c := range change {
		c(a)
	}
	return a
}

func subscription() *account.Account {
	return &account.Account{Name: "s", Platform: claude.Subscription, Credential: account.Credential{
		Kind: account.OAuth, Secret: secret.New("sk-ant-oat01-x"), Refresh: secret.New("sk-ant-ort01-y"), ExpiresAt: now.Add(time.Hour), Generation: 4,
	}}
}

func errorBody(kind, message string) string {
	return fmt.Sprintf(`{"type":"error","error":{"type":%q,"message":%q}}`, kind, message)
}

func unifiedHeader(fields ...string) provider.Header {
	var h provider.Header
	for i := 0; i < len(fields); i += 2 {
		h = append(h, provider.Field{Name: "Anthropic-Ratelimit-Unified-" + fields[i], Value: fields[i+1]})
	}
	return h
}

func unix(d time.Duration) string { return fmt.Sprint(now.Add(d).Unix()) }

func TestWindows(t *testing.T) {
	t.Parallel()
	h := unifiedHeader("status", "allowed", "5h-status", "allowed_warning", "5h-reset", unix(time.Hour), "5h-utilization", "0.87",
		"7d-status", "allowed", "7d-reset", unix(100*time.Hour), "7d-utilization", "0.31", "fallback-percentage", "0.5", "7d_opus-utilization", "1.5",
		"7d_opus-reset", unix(-time.Hour), "overage-status", "rejected")
	got := fmt.Sprint(newProvider(t).Windows(h, now))
	want := fmt.Sprint([]account.Window{
		{Name: "5h", Used: 0.87, Status: "allowed_warning", ResetsAt: time.Unix(now.Add(time.Hour).Unix(), 0)},
		{Name: "7d", Used: 0.31, Status: "allowed", ResetsAt: time.Unix(now.Add(100*time.Hour).Unix(), 0)},
	})
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if w := newProvider(t).Windows(provider.Header{{Name: "anthropic-ratelimit-requests-limit", Value: "5"}}, now); w != nil {
		t.Errorf("%v", w)
	}
}
