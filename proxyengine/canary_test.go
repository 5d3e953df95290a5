package proxyengine_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"crs/internal/config"
	"crs/lab/crstest"
)

// canary sends one, to a path below the relay's address.
func canary(t *testing.T, b *crstest.Box, path, token, body string) crstest.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", token)
	req.Header["session_id"], req.Header["Other_One"] = []string{"x"}, []string{"y"}
	return b.Do(req)
}

func token(t *testing.T, b *crstest.Box) string {
	t.Helper()
	c, err := b.NewCanary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c.Token
}

func TestACanaryIsToldWhatArrivedOfIt(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	token := token(t, b)
	for _, path := range []string{"/canary", "/api/canary", "/claude/canary", "/openai/canary", "/gemini/canary", "/azure/canary", "/droid/claude/canary"} {
		got := canary(t, b, path, token, strings.Repeat("x", 70_000))
		if got.Status != 200 || got.Body != `{"canary":true,"body_bytes":70000,"underscored":["other_one","session_id"]}` && got.Body != `{"canary":true,"body_bytes":70000,"underscored":["session_id","other_one"]}` {
			t.Errorf("%s: %+v", path, got)
		}
	}
	got := canary(t, b, "/canary?events=3&gap=1ms", token, "")
	if got.Status != 200 || len(crstest.Events(got.Body)) != 3 || got.Header.Get("X-Accel-Buffering") != "no" || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/event-stream") {
		t.Errorf("%+v", got)
	}
	b.Idle()
	if all := b.Newest(10); len(all) != 0 {
		t.Errorf("canaries are in the request log: %+v", all)
	}
}

func TestACanaryNeedsAToken(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	first, key := token(t, b), b.Key("alice")
	for name, token := range map[string]string{"none": "", "another": first[:len(first)-1] + "-", "a key": key} {
		if got := canary(t, b, "/canary", token, ""); got.Status != 401 || !strings.Contains(got.Body, "crs doctor") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := b.Post(first, crstest.Hello); got.Status != 401 {
		t.Errorf("a canary's token is good for more: %+v", got)
	}
	if got := canary(t, b, "/elsewhere/canary", first, ""); got.Status != 404 {
		t.Errorf("%+v", got)
	}
	for range 40 { // as many as there may be, and more
		token(t, b)
	}
	last := token(t, b)
	if got := canary(t, b, "/canary", last, ""); got.Status != 200 {
		t.Errorf("the newest token: %+v", got)
	}
	b.Clock.Advance(time.Hour)
	if got := canary(t, b, "/canary", last, ""); got.Status != 401 {
		t.Errorf("an old token: %+v", got)
	}
}

func TestACanaryAsksForNothingWithoutMeasure(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Limits.BodyMax = 100_000 }))
	token := token(t, b)
	for query, want := range map[string]int{
		"events=65": 400, "events=-1": 400, "events=x": 400, "gap=16m": 400, "gap=-1s": 400, "first=1h": 400, "first=x": 400, "%zz": 400, "events=0&first=0s": 200, "": 200,
	} {
		if got := canary(t, b, "/canary?"+query, token, ""); got.Status != want {
			t.Errorf("%s: %+v", query, got)
		}
	}
	if got := canary(t, b, "/canary", token, strings.Repeat("x", 100_001)); got.Status != 413 || !strings.Contains(got.Body, "limits.body_max") {
		t.Errorf("%+v", got)
	}
}

// TestACanaryThatIsLeftEndsAtOnce: before its answer, and within it.
func TestACanaryThatIsLeftEndsAtOnce(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	for phase, query := range map[string]string{"waiting": "first=10m&events=1", "streaming": "events=2&gap=10m"} {
		ctx, leave := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL+"/canary?"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Api-Key", token(t, b))
		done := make(chan struct{})
		go func() {
			defer close(done)
			if resp, err := http.DefaultClient.Do(req); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		}()
		inPhase(b, phase, 1)
		leave()
		<-done
		b.Idle()
	}
}
