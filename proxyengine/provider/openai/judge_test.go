package openai_test

import (
	"fmt"
	"testing"
	"time"

	"crs/internal/account"
	"crs/proxyengine/provider"
)

func problem(kind, code, message string) string {
	return fmt.Sprintf(`{"error":{"message":%q,"type":%q,"param":null,"code":%q}}`, message, kind, code)
}

func header(fields ...string) provider.Header {
	var h provider.Header
	for i := 0; i < len(fields); i += 2 {
		h = append(h, provider.Field{Name: fields[i], Value: fields[i+1]})
	}
	return h
}

func unix(d time.Duration) string { return fmt.Sprint(now.Add(d).Unix()) }

const usageLimit = `{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","plan_type":"plus","resets_at":%s}}`

// failed is the event by which a Responses stream fails.
func failed(code, message string) string {
	return fmt.Sprintf(`{"type":"response.failed","sequence_number":2,"response":{"id":"resp_1","status":"failed","error":{"code":%q,"message":%q},"usage":null}}`, code, message)
}

func TestWindows(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	h := header("X-Codex-Primary-Used-Percent", "12.5", "x-codex-primary-window-minutes", "300", "x-codex-primary-reset-at", unix(2*time.Hour),
		"x-codex-secondary-used-percent", "101", "x-codex-secondary-window-minutes", "10080", "x-codex-secondary-reset-after-seconds", "360000",
		"x-codex-bengalfox-primary-used-percent", "80", "x-codex-credits-balance", "5")
	got := fmt.Sprint(p.Windows(h, now))
	want := fmt.Sprint([]account.Window{
		{Name: "5h", Used: 0.125, ResetsAt: time.Unix(now.Add(2*time.Hour).Unix(), 0)}, {Name: "7d", Used: 1.01, ResetsAt: now.Add(100 * time.Hour)},
	})
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for name, fields := range map[string][]string{
		"30d": {"window-minutes", "43200"}, "90m": {"window-minutes", "90"}, "1h": {"window-minutes", "60"}, "primary": {"window-minutes", "0"},
	} {
		h := header("x-codex-primary-used-percent", "1", "x-codex-primary-reset-after-seconds", "60", "x-codex-primary-"+fields[0], fields[1])
		if w := p.Windows(h, now); len(w) != 1 || w[0].Name != name {
			t.Errorf("%s: %v", name, w)
		}
	}
	for _, h := range []provider.Header{
		nil, header("x-ratelimit-limit-requests", "5"), header("x-codex-primary-used-percent", "1"), header("x-codex-primary-used-percent", "NaN", "x-codex-primary-reset-after-seconds", "60"),
		header("x-codex-primary-used-percent", "-1", "x-codex-primary-reset-after-seconds", "60"), header("x-codex-primary-used-percent", "1", "x-codex-primary-reset-at", unix(-time.Hour)),
		header("x-codex-primary-used-percent", "1", "x-codex-primary-reset-at", "soon", "x-codex-primary-reset-after-seconds", "-5"),
	} {
		if w := p.Windows(h, now); len(w) > 0 {
			t.Errorf("%v: %v", h, w)
		}
	}
}

func TestAnErrorBringsItsGauges(t *testing.T) {
	t.Parallel()
	h := header("x-codex-primary-used-percent", "100", "x-codex-primary-window-minutes", "300", "x-codex-primary-reset-after-seconds", "60")
	v := newProvider(t).Judge(&provider.Intent{}, codex(), &provider.Reply{At: now, Status: 500, Header: h})
	if len(v.Outcome.Windows) != 1 || v.Outcome.Windows[0].Name != "5h" {
		t.Errorf("%+v", v.Outcome)
	}
}

func FuzzJudgeNeverPanics(f *testing.F) {
	f.Add(fmt.Sprintf(usageLimit, "1704069000"), 429, false, "1")
	f.Add(failed("rate_limit_exceeded", "try again in 1.2s"), 200, true, "-1")
	f.Add("<html>", 403, false, "Mon, 23 Nov 2026 12:01:00 GMT")
	f.Fuzz(func(t *testing.T, body string, status int, stream bool, after string) {
		for _, acc := range []*account.Account{key(), codex()} {
			v := newProvider(t).Judge(&provider.Intent{}, acc, &provider.Reply{At: now, Status: status, Header: header("retry-after", after), Body: []byte(body), InStream: stream})
			if v.Message == "" || v.Outcome.Evidence == "" || v.RetryAfter < 0 || len(v.Outcome.Evidence) > 400 {
				t.Errorf("%+v", v)
			}
		}
	})
}
