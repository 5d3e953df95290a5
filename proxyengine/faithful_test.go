package proxyengine_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"crs/ctl"
	"crs/internal/config"
	"crs/lab/crstest"
)

func TestTheUpstreamGetsTheClientsBytesAndNothingOfTheRelays(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k")
	bodies := []string{
		crstest.Hello,
		"{ \"model\" :\t\"claude-opus-4-8\",\r\n \"max_tokens\":1,\"zz\":[1,{\"é\":\"\\u00e9\\/\"}],\"messages\":[{\"role\":\"user\",\"content\":\"a\\\"b\"}], \"messages2\":1.0e+0 }",
		`{"model":"claude-opus-4-8","max_tokens":1,"messages":[{"role":"user","content":"` + strings.Repeat("é\\n", 500<<10) + `"}]}`,
	}
	for _, body := range bodies {
		for _, chunked := range []bool{false, true} {
			req := b.Request(t.Context(), key, body,
				"Cookie", "session=hush", "X-Forwarded-For", "10.1.2.3", "X-Real-IP", "10.1.2.3", "Forwarded", "for=10.1.2.3", "Via", "1.1 proxy",
				"CF-Connecting-IP", "10.1.2.3", "True-Client-IP", "10.1.2.3", "X-Api-Key", "sk-ant-somebody-elses", "X-Private", "internal",
				"Connection", "x-app-hop", "X-App-Hop", "1", "X-Stainless-Lang", "js")
			if chunked {
				req.ContentLength, req.Body = -1, io.NopCloser(strings.NewReader(body))
			}
			if got := b.Do(req); got.Status != 200 {
				t.Fatalf("%d %s", got.Status, got.Body)
			}
			all := b.Sim.Requests()
			seen := all[len(all)-1]
			if seen.BodySHA256 != sum(body) || seen.BodyLen != len(body) {
				t.Errorf("another body of %d bytes arrived for %d (chunked: %v)", seen.BodyLen, len(body), chunked)
			}
			head := fmt.Sprint(seen.Header, seen.Query)
			for _, hush := range []string{key, "hush", "10.1.2.3", "proxy", "somebody", "internal", "Hop", "Cookie", "Forwarded"} {
				if strings.Contains(head, hush) {
					t.Errorf("%q went upstream: %s", hush, head)
				}
			}
			for name, want := range map[string]string{
				"X-Stainless-Lang": "js", "User-Agent": "claude-cli/2.1.197 (external, sdk-cli)", "anthropic-version": "2023-06-01", "x-app": "cli",
				"anthropic-beta": "claude-code-20250219", "x-api-key": crstest.Secret("a"), "accept-encoding": "identity", "Content-Type": "application/json",
			} {
				if got := seen.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if seen.Query != "beta=true" {
				t.Errorf("query %q", seen.Query)
			}
		}
	}
}

func TestAKeyMayBePresentedInEveryWay(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k")
	for name, set := range map[string]func(*http.Request){
		"x-api-key":      func(r *http.Request) { r.Header.Set("x-api-key", key) },
		"x-goog-api-key": func(r *http.Request) { r.Header.Set("x-goog-api-key", key) },
		"bearer":         func(r *http.Request) { r.Header.Set("Authorization", "bearer "+key) },
		"bare":           func(r *http.Request) { r.Header.Set("Authorization", key) },
		"api-key":        func(r *http.Request) { r.Header.Set("api-key", key) },
		"query":          func(r *http.Request) { r.URL.RawQuery = "beta=true&key=" + key + "&x=y" },
		"beside another's": func(r *http.Request) {
			r.Header.Set("x-api-key", "sk-ant-x")
			r.Header.Set("Authorization", "Bearer "+key)
		},
	} {
		req := b.Request(t.Context(), key, crstest.Hello)
		req.Header.Del("Authorization")
		set(req)
		if got := b.Do(req); got.Status != 200 {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
	for _, r := range b.Sim.Requests() {
		if strings.Contains(fmt.Sprint(r), key) {
			t.Errorf("the key went upstream: %+v", r)
		}
	}
	if strings.Contains(b.Log.String(), key) {
		t.Error("the log shows the key")
	}
}

// TestTheClientGetsTheUpstreamsBytes compares what a client gets with what the upstream gives to somebody who asks it
// directly, for everything that an upstream may do to a stream.
func TestTheClientGetsTheUpstreamsBytes(t *testing.T) {
	t.Parallel()
	for _, step := range []string{
		"ok", "ok(events=200)", "crlf", "split", "drip(1ms)", "nolength", "huge(3MB)", "ok(thinking,tool)", "gzip", "gzip(silent)", "ok(events=30,gap=2ms)",
		"stall(after=4,for=50ms)", "error(overloaded_error,after=3)", "slow(50ms)",
	} {
		for kind, body := range map[string]string{"a stream": crstest.Stream, "JSON": crstest.Hello} {
			if kind == "JSON" && (strings.HasPrefix(step, "error") || strings.HasPrefix(step, "stall")) {
				continue
			}
			t.Run(step+", "+kind, func(t *testing.T) {
				t.Parallel()
				b := crstest.Start(t)
				b.Account("a")
				b.Script("loop:" + step)
				want := direct(t, b, body)
				got := b.Post(b.Key("k"), body)
				if got.Status != 200 || got.Err != nil || scrub(got.Body) != scrub(want.Body) {
					t.Errorf("status %d, %v\ngot  %d bytes %.300q\nwant %d bytes %.300q", got.Status, got.Err, len(got.Body), got.Body, len(want.Body), want.Body)
				}
				if got.Header.Get("Content-Encoding") != "" || got.Header.Get("Content-Type") != want.Header.Get("Content-Type") {
					t.Errorf("header %v", got.Header)
				}
				b.Idle()
				if r := b.Last(); r.InputTokens == 0 || r.CacheRead == 0 || !strings.HasPrefix(step, "error") && r.Source != "upstream" {
					t.Errorf("%+v", r)
				}
			})
		}
	}
}

// direct asks the upstream itself, and unzips.
func direct(t *testing.T, b *crstest.Box, body string) crstest.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", b.Sim.URL()+"/v1/messages", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-api-key", "sk-ant-direct")
	req.Header.Set("anthropic-version", "2023-06-01")
	req.Header.Set("Accept-Encoding", "identity")
	got := b.Do(req)
	if strings.HasPrefix(got.Body, "\x1f\x8b") {
		zip, err := gzip.NewReader(strings.NewReader(got.Body))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(zip)
		if err != nil {
			t.Fatal(err)
		}
		got.Body = string(text)
	}
	return got
}

// scrub takes out what differs from answer to answer: the ids.
func scrub(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, `"id":"`)
		if i < 0 {
			return b.String() + s
		}
		b.WriteString(s[:i])
		s = s[i+6:]
		s = s[strings.IndexByte(s, '"')+1:]
	}
}

// TestAnEncodingNobodyAskedForIsTheAccountsFault: nobody could look for an error in it.
func TestAnEncodingNobodyAskedForIsTheAccountsFault(t *testing.T) {
	t.Parallel()
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Content-Encoding", "br")
		_, _ = w.Write(bytes.Repeat([]byte{0x8b, 0x02, 0x80, 0x03}, 100))
	}))
	defer up.Close()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Retry.Hold = 0 }))
	b.Account("a", func(a *ctl.NewAccount) { a.BaseURL = up.URL })
	got := b.Post(b.Key("k"), crstest.Stream)
	if got.Status != 502 || strings.Contains(got.Body, "\x8b") {
		t.Errorf("%d %v %q", got.Status, got.Header, got.Body)
	}
	b.Idle()
	if r := b.Last(); len(r.Attempts) != 1 || !strings.Contains(r.Attempts[0].Error, "coding") {
		t.Errorf("%+v", r)
	}
}

func TestStreamsArriveEventByEvent(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	b.Script("ok(events=5),stall(after=6)")
	key := b.Key("k")
	b.Post(key, crstest.Stream)
	x := call(t, b, key, crstest.Stream)
	x.until(t, "content_block_delta") // though the stream never ends
}

func TestAnAnswerThatBreaksOffIsSaidSo(t *testing.T) {
	t.Parallel()
	for step, told := range map[string]bool{"cut(after=5)": true, "reset(after=5)": true} {
		b := crstest.Start(t)
		b.Account("a")
		b.Script(step)
		got := b.Post(b.Key("k"), crstest.Stream)
		names := crstest.Events(got.Body)
		last := names[len(names)-1]
		if got.Status != 200 || told && (got.Err != nil || last != "error" || !strings.Contains(got.Body, "broke off")) {
			t.Errorf("%s: %v, events %v\n%s", step, got.Err, names, got.Body)
		}
		b.Idle()
		if r := b.Last(); r.Source != "partial" || !strings.Contains(r.Error, "broke off") || r.InputTokens == 0 {
			t.Errorf("%s: %+v", step, r)
		}
		if a, _ := accountOf(b, "a"); a.Failures != 1 {
			t.Errorf("%s: %d failures", step, a.Failures)
		}
	}
}

func TestAnIdleStreamIsEnded(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Timeouts.Idle = 2000 * ms }))
	b.Account("a")
	b.Script("stall(after=5)")
	got := b.Post(b.Key("k"), crstest.Stream)
	if !strings.Contains(got.Body, "timed out") || !strings.Contains(got.Body, "event: error") {
		t.Errorf("%v %s", got.Err, got.Body)
	}
	b.Idle()
}

func TestAStreamThatSaysNothingIsLetGoAfterAWhile(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Retry.Hold = 50 * ms }))
	b.Account("a")
	b.Script("stall(after=2)") // message_start and a ping
	x := call(t, b, b.Key("k"), crstest.Stream)
	x.until(t, "message_start")
}

func TestProbesTelemetryModelsAndHealth(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a", func(a *ctl.NewAccount) { a.Models = []string{"claude-opus-4-8", "my-model", "claude-haiku-*"} })
	key := b.Key("k", limits(func(k *ctl.KeyEdit) { k.DenyModels = ptr([]string{"my-*"}) }))
	for _, c := range []struct{ method, path, body, want string }{
		{"HEAD", "/api/", "", ""}, {"HEAD", "/api", "", ""}, {"HEAD", "/claude/", "", ""},
		{"POST", "/api/event_logging/batch", `{"events":[]}`, `{"success":true}`},
		{"POST", "/api/api/event_logging/batch", strings.Repeat("x", 300<<10), `{"success":true}`},
		{"GET", "/health", "", `{"status":"ok"}`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, b.URL+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Do(req); got.Status != 200 || got.Body != c.want {
			t.Errorf("%s %s: %d %q", c.method, c.path, got.Status, got.Body)
		}
	}
	req, _ := http.NewRequestWithContext(t.Context(), "GET", b.URL+"/claude/v1/models?limit=1000", nil)
	if got := b.Do(req); got.Status != 401 {
		t.Errorf("models without a key: %d %s", got.Status, got.Body)
	}
	req.Header.Set("x-api-key", key)
	if got := b.Do(req); got.Status != 200 || !strings.Contains(got.Body, `"id":"claude-opus-4-8"`) || strings.Contains(got.Body, "my-model") || strings.Contains(got.Body, "*") {
		t.Errorf("models: %d %s", got.Status, got.Body)
	}
	if s := b.Idle(); s.InFlight != 0 || len(b.Newest(1)) != 0 {
		t.Error("these are in the request log")
	}
}

func TestCountingTokensIsFreeAndUnsupportedEndpointsAreRemembered(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("lacking")
	key := b.Key("k", limits(func(k *ctl.KeyEdit) { k.RequestsPerMinute = ptr(int64(100)) }))
	count := func() crstest.Answer {
		req := b.Request(t.Context(), key, crstest.Hello)
		req.URL.Path = "/api/v1/messages/count_tokens"
		return b.Do(req)
	}
	if got := count(); got.Status != 200 || !strings.Contains(got.Body, "input_tokens") {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	b.Script("/v1/messages/count_tokens=404")
	if got := count(); got.Status != 404 {
		t.Errorf("nobody counts: %d %s", got.Status, got.Body)
	}
	b.Account("able", func(a *ctl.NewAccount) { a.Priority = ptr(99) })
	before := len(b.Sim.Requests())
	if got := count(); got.Status != 200 {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	if n := len(b.Sim.Requests()) - before; n != 1 {
		t.Errorf("%d requests went upstream", n)
	}
	if got := b.Post(key, crstest.Hello); got.Status != 200 || b.Last().Account != "lacking" {
		t.Errorf("messages: %d by %s", got.Status, b.Last().Account)
	}
	b.Idle()
	u, err := b.Usage(t.Context(), ctl.UsageQuery{})
	if err != nil || u.Total.Requests != 1 {
		t.Errorf("%+v, %v", u.Total, err)
	}
}

// sum is a body's hash as the simulator notes it.
func sum(body string) string {
	h := sha256.Sum256([]byte(body))
	return hex.EncodeToString(h[:])
}
