package proxyengine_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/config"
	"crs/lab/crstest"
)

func limits(change func(*ctl.KeyEdit)) func(*ctl.NewKey) {
	return func(k *ctl.NewKey) { change(&k.KeyEdit) }
}

func ptr[T any](v T) *T { return &v }

// TestEveryRefusalSaysWhyInTheClientsProtocol: one status for each kind, a message, one line in the log, no secret in
// either.
func TestEveryRefusalSaysWhyInTheClientsProtocol(t *testing.T) {
	t.Parallel()
	long := `{"model":"claude-opus-4-8","max_tokens":1,"messages":[{"role":"user","content":"` + strings.Repeat("x", 200<<10) + `"}]}`
	for name, c := range map[string]struct {
		key        func(*ctl.NewKey)
		after      func(*testing.T, *crstest.Box) // before the request
		account    func(*ctl.NewAccount)
		noAccount  bool
		secret     string // in the place of the key's own; "-" for none
		path       string
		body       string
		headers    []string
		status     int
		kind, says string
		recorded   bool // it is in the request log
		retryAfter bool
	}{
		"no key":              {secret: "-", status: 401, kind: "authentication_error", says: "no key was given"},
		"unknown key":         {secret: "cr_0000", status: 401, kind: "authentication_error", says: "not known here"},
		"another's key":       {secret: "sk-ant-api03-hush", status: 401, kind: "authentication_error", says: "not known here"},
		"disabled key":        {after: func(t *testing.T, b *crstest.Box) { must(b.DisableKey(t.Context(), "k")) }, status: 401, kind: "authentication_error", says: "disabled"},
		"deleted key":         {after: func(t *testing.T, b *crstest.Box) { must(b.DeleteKey(t.Context(), "k")) }, status: 401, kind: "authentication_error", says: "deleted"},
		"expired key":         {key: limits(func(k *ctl.KeyEdit) { k.ExpiresAt = ptr(time.Now().Add(-time.Hour)) }), status: 401, kind: "authentication_error", says: "expired on"},
		"unknown route":       {path: "/api/v1/nothing", status: 404, kind: "not_found_error", says: "/api/v1/nothing"},
		"unknown prefix":      {path: "/", status: 404, kind: "not_found_error", says: "/api"},
		"another method":      {path: "/claude/v1/models", status: 404, kind: "not_found_error", says: "POST is not served"},
		"invalid JSON":        {body: `{"model":`, status: 400, kind: "invalid_request_error", says: "invalid JSON", recorded: true},
		"no body":             {body: ``, status: 400, kind: "invalid_request_error", says: "invalid JSON", recorded: true},
		"no model":            {body: `{"messages":[]}`, status: 400, kind: "invalid_request_error", says: "model: Field required", recorded: true},
		"two models":          {body: `{"model":"a","model":"b","messages":[]}`, status: 400, kind: "invalid_request_error", says: "twice", recorded: true},
		"body too large":      {body: long, status: 413, kind: "request_too_large", says: "limits.body_max", recorded: true},
		"model not allowed":   {key: limits(func(k *ctl.KeyEdit) { k.AllowModels = ptr([]string{"claude-haiku-*"}) }), status: 403, kind: "permission_error", says: `the model "claude-opus-4-8" is not allowed for this key (allowed: claude-haiku-*)`, recorded: true},
		"model denied":        {key: limits(func(k *ctl.KeyEdit) { k.DenyModels = ptr([]string{"*opus*"}) }), status: 403, kind: "permission_error", says: "not allowed", recorded: true},
		"client not allowed":  {key: limits(func(k *ctl.KeyEdit) { k.Clients = ptr([]string{"claude-code"}) }), headers: []string{"User-Agent", "curl/8"}, status: 403, kind: "permission_error", says: "client", recorded: true},
		"service not allowed": {key: limits(func(k *ctl.KeyEdit) { k.Permissions = ptr([]string{"gemini"}) }), status: 403, kind: "permission_error", says: "this key may use gemini accounts only", recorded: true},
		"no account":          {noAccount: true, status: 503, kind: "overloaded_error", says: "no account here serves this", recorded: true},
		"account disabled":    {after: func(t *testing.T, b *crstest.Box) { must(b.DisableAccount(t.Context(), "a")) }, status: 503, kind: "overloaded_error", says: "no account here can serve this, and waiting does not change it", recorded: true},
		"model not served":    {account: func(a *ctl.NewAccount) { a.Models = []string{"claude-haiku-*"} }, status: 403, kind: "permission_error", says: "no account here serves this model", recorded: true},
		"requests per minute": {key: limits(func(k *ctl.KeyEdit) { k.RequestsPerMinute = ptr(int64(1)) }), after: once, status: 429, kind: "rate_limit_error", says: "1 requests per minute", recorded: true, retryAfter: true},
		"tokens per minute":   {key: limits(func(k *ctl.KeyEdit) { k.TokensPerMinute = ptr(int64(10)) }), after: once, status: 429, kind: "rate_limit_error", says: "10 tokens per minute", recorded: true, retryAfter: true},
		"daily cost":          {key: limits(func(k *ctl.KeyEdit) { k.DailyCost = ptr(ctl.USD(1)) }), after: once, status: 402, kind: "billing_error", says: "daily cost limit of $0.000000001 is spent", recorded: true, retryAfter: true},
		"weekly cost":         {key: limits(func(k *ctl.KeyEdit) { k.WeeklyCost = ptr(ctl.USD(1)) }), after: once, status: 402, kind: "billing_error", says: "weekly cost", recorded: true, retryAfter: true},
		"total cost":          {key: limits(func(k *ctl.KeyEdit) { k.TotalCost = ptr(ctl.USD(1)) }), after: once, status: 402, kind: "billing_error", says: "total cost", recorded: true},
		"bound elsewhere": {after: func(t *testing.T, b *crstest.Box) {
			must(b.CreateGroup(t.Context(), ctl.NewGroup{Name: "empty"}))
			must(b.EditKey(t.Context(), "k", ctl.KeyEdit{Group: ptr("empty")}))
		}, status: 503, kind: "overloaded_error", says: "no account here can serve this, and waiting does not change it", recorded: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Limits.BodyMax = 128 << 10 }))
			if !c.noAccount {
				b.Account("a", func(a *ctl.NewAccount) {
					if c.account != nil {
						c.account(a)
					}
				})
			}
			secret := b.Key("k", func(k *ctl.NewKey) {
				if c.key != nil {
					c.key(k)
				}
			})
			if c.after != nil {
				b.Script("ok")
				c.after(t, b)
			}
			if c.secret != "" {
				secret = strings.TrimPrefix(c.secret, "-")
			}
			before := len(b.Log.Lines("msg=refused"))
			got := send(t, b, secret, c.path, body(c.body, name), c.headers...)
			b.Idle()
			var e struct {
				Type  string
				Error struct{ Type, Message string }
				ID    string `json:"request_id"`
			}
			if err := json.Unmarshal([]byte(got.Body), &e); err != nil {
				t.Fatalf("%d %s: %v", got.Status, got.Body, err)
			}
			if got.Status != c.status || e.Type != "error" || e.Error.Type != c.kind || !strings.Contains(e.Error.Message, c.says) || !strings.HasPrefix(e.ID, "req_") {
				t.Errorf("%d %s", got.Status, got.Body)
			}
			if (got.Header.Get("Retry-After") != "") != c.retryAfter {
				t.Errorf("retry-after: %q", got.Header.Get("Retry-After"))
			}
			if lines := b.Log.Lines("msg=refused"); len(lines) != before+1 {
				t.Errorf("logged %d times", len(lines)-before)
			}
			if c.status == 503 && strings.Contains(c.says, "no account here") {
				if strings.ContainsAny(e.Error.Message, "0123456789") || !strings.Contains(b.Log.String(), "accounts can serve this (1: ") && !c.noAccount {
					t.Errorf("what is the operator's is not in the log alone: %s\n%s", e.Error.Message, b.Log)
				}
			}
			for _, hush := range []string{secret, "sk-ant-"} {
				if secret != "" && (strings.Contains(got.Body, hush) || strings.Contains(b.Log.String(), hush)) {
					t.Errorf("the answer or the log shows %.10s…", hush)
				}
			}
			if newest := b.Newest(1); c.recorded != (len(newest) == 1 && newest[0].ID == e.ID && newest[0].Status == c.status && newest[0].Cost == 0) {
				t.Errorf("the request log has %+v", newest)
			}
		})
	}
}

// body is what a case sends; an empty one means the usual, unless the case is about having none.
func body(text, name string) string {
	if text == "" && name != "no body" {
		return crstest.Hello
	}
	return text
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// once uses the key up.
func once(t *testing.T, b *crstest.Box) {
	t.Helper()
	if got := b.Post(b.Secret("k"), crstest.Hello); got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	b.Idle()
}

func send(t *testing.T, b *crstest.Box, key, path, body string, headers ...string) crstest.Answer {
	t.Helper()
	req := b.Request(t.Context(), key, body, headers...)
	if key == "" {
		req.Header.Del("Authorization")
	}
	if path != "" {
		req.URL.Path, req.URL.RawQuery = path, ""
	}
	return b.Do(req)
}

func TestABodyThatTricklesIsEndedInTime(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Timeouts.Body = 200 * time.Millisecond }))
	b.Account("a")
	key := b.Key("k")
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = fmt.Fprintf(conn, "POST /api/v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: %s\r\nContent-Length: %d\r\n\r\n", key, len(crstest.Hello))
	stop := make(chan struct{})
	go func() {
		for i := range len(crstest.Hello) {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				_, _ = io.WriteString(conn, crstest.Hello[i:i+1])
			}
		}
	}()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	close(stop)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 408 || !strings.Contains(string(text), "timeouts.body") {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	b.Idle()
	if r := b.Last(); r.Status != 408 {
		t.Errorf("%+v", r)
	}
}

func TestAHeadThatIsNoneIsRefusedInTheProtocol(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Timeouts.Header = 2 * time.Second }))
	for name, c := range map[string]struct {
		head   string
		status int
	}{
		"noise":        {"\x16\x03\x01 hello\r\n\r\n", 400},
		"too large":    {"POST /api/v1/messages HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", 431},
		"never ending": {"POST /api/v1/messages HTTP/1.1\r\nHost: x\r\n", 408},
		"a bad length": {"POST /api/v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", 400},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(b.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			_, _ = io.WriteString(conn, c.head)
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != c.status || !strings.Contains(string(text), `"type":"error"`) {
				t.Errorf("%d %s", resp.StatusCode, text)
			}
		})
	}
}

func TestBodiesShareTheirMemory(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) {
		c.Limits.BodyMax, c.Limits.BodyBudget, c.Limits.BodyWait = 1<<20, 1<<20, 100*time.Millisecond
	}))
	b.Account("a")
	key := b.Key("k")
	large := `{"model":"claude-opus-4-8","max_tokens":1,"messages":[{"role":"user","content":"` + strings.Repeat("x", 700<<10) + `"}]}`
	b.Script("slow(1m),ok")
	first := call(t, b, key, large)
	upstreamHas(b, t, 1)
	got := b.Post(key, large)
	if got.Status != 503 || !strings.Contains(got.Body, "limits.body_budget") || got.Header.Get("Retry-After") == "" {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	if got := b.Post(key, crstest.Hello); got.Status != 200 {
		t.Errorf("a small one: %d %s", got.Status, got.Body)
	}
	_ = first.Close()
	b.Until("the memory is free", func(s ctl.Status) bool { return s.BodyBytes == 0 })
	if got := b.Post(key, large); got.Status != 200 {
		t.Errorf("afterwards: %d %s", got.Status, got.Body)
	}
}

func TestABodyIsGivenBackWhenTheAnswerBegins(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	b.Script("ok(events=500,gap=20ms)")
	x := call(t, b, b.Key("k"), crstest.Stream)
	x.until(t, "content_block_delta")
	b.Until("no body is held", func(s ctl.Status) bool { return s.InFlight == 1 && s.BodyBytes == 0 })
}
