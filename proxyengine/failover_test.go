package proxyengine_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/config"
	"crs/lab/crstest"
)

// TestFailover has two accounts, of which the first in rank is in trouble: what the client sees, who serves it, and how
// each account is afterwards.
func TestFailover(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script       string // for the first account; the second one's is ok
		account      func(*ctl.NewAccount)
		subscription bool
		config       func(*config.Config)
		body         string

		status    int    // what the client saw
		served    string // by whom; "" for nobody
		state     string // of the first account
		rest      string // scope of its rest; "-" for none
		until     time.Duration
		ambiguous bool
		tried     int // how often the first account was asked
	}{
		"429, the whole account":       {script: "429(5h,reset=30m)", subscription: true, status: 200, served: "second", state: "cooling", until: 30 * time.Minute, tried: 1},
		"429, a model family":          {script: "429(opus,reset=50h)", subscription: true, status: 200, served: "second", state: "ready", rest: "opus", until: 50 * time.Hour, tried: 1},
		"429, an API key's":            {script: "429(bare)", status: 200, served: "second", state: "ready", rest: "opus", until: time.Minute, tried: 1},
		"429 with retry-after":         {script: "429(retry=90s)", status: 200, served: "second", state: "ready", rest: "opus", until: 90 * time.Second, tried: 1},
		"529":                          {script: "529*9", status: 200, served: "second", state: "ready", rest: "-", tried: 1},
		"500":                          {script: "500*9", status: 200, served: "second", state: "ready", rest: "-", tried: 1},
		"503":                          {script: "503*9", status: 200, served: "second", state: "ready", rest: "-", tried: 1},
		"401, a key":                   {script: "401*9", status: 200, served: "second", state: "cooling", until: 30 * time.Minute, tried: 1},
		"401, a token that is renewed": {script: "401", subscription: true, status: 200, served: "first", state: "ready", rest: "-", tried: 2},
		"401, renewed and still":       {script: "401*9", subscription: true, status: 200, served: "second", state: "cooling", until: 30 * time.Minute, tried: 2},
		"403":                          {script: "403*9", status: 200, served: "second", state: "ready", rest: ofOneKey, until: time.Minute, tried: 1},
		"403, banned":                  {script: "403(banned)*9", status: 200, served: "second", state: "blocked", rest: "-", tried: 1},
		"no credit":                    {script: "400(credit)*9", status: 200, served: "second", state: "cooling", until: 30 * time.Minute, tried: 1},
		"reset":                        {script: "reset*9", status: 200, served: "second", state: "ready", rest: "-", ambiguous: true, tried: 1},
		"closed without an answer":     {script: "refuse*9", status: 200, served: "second", state: "ready", rest: "-", ambiguous: true, tried: 1},
		"connection refused":           {account: func(a *ctl.NewAccount) { a.BaseURL = nobodyAt(t) }, status: 200, served: "second", state: "ready", rest: "-"},
		"a proxy that is not there":    {account: func(a *ctl.NewAccount) { a.Proxy = nobodyAt(t) }, status: 200, served: "second", state: "ready", rest: "-"},
		"first byte too late":          {script: "slow(30s)", body: crstest.Stream, config: func(c *config.Config) { c.Timeouts.FirstByte = 2 * time.Second }, status: 200, served: "second", state: "ready", rest: "-", ambiguous: true, tried: 1},
		"headers and then silence":     {script: "stall", body: crstest.Stream, config: func(c *config.Config) { c.Timeouts.FirstByte = 2 * time.Second }, status: 200, served: "second", state: "ready", rest: "-", ambiguous: true, tried: 1},
		"error event first":            {script: "error(overloaded_error)", body: crstest.Stream, status: 200, served: "second", state: "ready", rest: "-", tried: 1},
		"rate limit event first":       {script: "error(rate_limit_error)", body: crstest.Stream, status: 200, served: "second", state: "ready", rest: "opus", until: time.Minute, tried: 1},
		"an empty stream":              {script: "empty", body: crstest.Stream, status: 200, served: "second", state: "ready", rest: "-", ambiguous: true, tried: 1},
		"cut before any content":       {script: "cut(after=1)", body: crstest.Stream, status: 200, served: "second", state: "ready", rest: "-", ambiguous: true, tried: 1},
		"cut in the middle of JSON":    {script: "cut", status: 200, served: "second", state: "ready", rest: "-", ambiguous: true, tried: 1},
		"no HTTP":                      {script: "garbage", status: 200, served: "second", state: "ready", rest: "-", ambiguous: true, tried: 1},
		"broken JSON":                  {script: "garbage(json)", status: 200, served: "second", state: "ready", rest: "-", ambiguous: true, tried: 1},
		"a web page":                   {script: "garbage(html)", body: crstest.Stream, status: 200, served: "second", state: "ready", rest: "-", ambiguous: true, tried: 1},
		"the client's own fault":       {script: "400(long)", status: 400, state: "ready", rest: "-", tried: 1},
		"not found":                    {script: "404", status: 404, state: "ready", rest: "-", tried: 1},
		"extra usage":                  {script: "429(extra)", subscription: true, status: 429, state: "ready", rest: "-", tried: 1},
		"error event behind content":   {script: "error(overloaded_error,after=2)", body: crstest.Stream, status: 200, served: "first", state: "ready", rest: "-", tried: 1},
		"ambiguous, and not allowed":   {script: "reset*9", config: func(c *config.Config) { c.Retry.Ambiguous = false }, status: 502, state: "ready", rest: "-", ambiguous: true, tried: 1},
	} {
		overBothClients(t, name, func(t *testing.T, options []crstest.Option) {
			if c.config != nil {
				options = append(options, crstest.Config(c.config))
			}
			b := crstest.Start(t, options...)
			credential := crstest.Secret("first")
			if c.subscription {
				b.Subscription("first", time.Hour)
				credential = "sk-ant-oat01-first"
			} else {
				b.Account("first", func(a *ctl.NewAccount) {
					if c.account != nil {
						c.account(a)
					}
				})
			}
			b.Account("second", func(a *ctl.NewAccount) { later := 99; a.Priority = &later })
			if c.script != "" {
				b.Script(credential + "=" + c.script)
			}
			key := b.Key("k")
			start := b.Clock.Now()
			got := b.Post(key, body(c.body, name))
			b.Idle()
			if got.Status != c.status || got.Err != nil {
				t.Errorf("the client saw %d %s (%v)", got.Status, got.Body, got.Err)
			}
			r := b.Last()
			if c.served != "" && (r.Account != c.served || !strings.Contains(got.Body, "pong") && c.script != "error(overloaded_error,after=2)") {
				t.Errorf("%q served: %s", r.Account, got.Body)
			}
			first, err := accountOf(b, "first")
			if err != nil {
				t.Fatal(err)
			}
			if first.State != c.state {
				t.Errorf("the first account is %s (%s)", first.State, first.Why)
			}
			checkRest(t, first, c.rest, c.until, start)
			second, _ := accountOf(b, "second")
			if second.State != "ready" || len(second.Rests) != 0 || second.InUse != 0 || first.InUse != 0 {
				t.Errorf("the second account is %+v", second)
			}
			if asked := asked(b, credential); asked != c.tried {
				t.Errorf("the first account was asked %d times", asked)
			}
			ambiguous := false
			for _, a := range r.Attempts {
				ambiguous = ambiguous || a.Ambiguous
			}
			if ambiguous != c.ambiguous {
				t.Errorf("ambiguous is %v in %+v", ambiguous, r.Attempts)
			}
		})
	}
}

// overBothClients runs a test with each of the two ways to speak to upstreams.
func overBothClients(t *testing.T, name string, test func(*testing.T, []crstest.Option)) {
	t.Helper()
	for _, client := range []string{"pool", "net/http"} {
		t.Run(name+" over "+client, func(t *testing.T) {
			t.Parallel()
			test(t, []crstest.Option{crstest.Config(func(c *config.Config) { c.Upstream.Client = client })})
		})
	}
}

// checkRest compares the one rest of an account: its scope, and until when, give or take what the test takes.
// ofOneKey is the scope of a rest that is one key's, whichever that is.
const ofOneKey = "key"

func checkRest(t *testing.T, a ctl.Account, scope string, until time.Duration, start time.Time) {
	t.Helper()
	if until == 0 {
		if len(a.Rests) != 0 {
			t.Errorf("it rests: %+v", a.Rests)
		}
		return
	}
	if len(a.Rests) == 1 && scope == ofOneKey && strings.HasPrefix(a.Rests[0].Scope, "key ") {
		scope = a.Rests[0].Scope
	}
	if len(a.Rests) != 1 || a.Rests[0].Scope != scope || a.Rests[0].Evidence == "" {
		t.Errorf("it rests: %+v", a.Rests)
		return
	}
	if off := a.Rests[0].Until.Sub(start.Add(until)); off < -2*time.Second || off > 20*time.Second {
		t.Errorf("it rests until %v, which is %v off", a.Rests[0].Until, off)
	}
}

// asked is how many inference requests an account got.
func asked(b *crstest.Box, credential string) int {
	n := 0
	for _, r := range b.Sim.Requests() {
		if r.Account == credential && strings.HasPrefix(r.Path, "/v1/messages") {
			n++
		}
	}
	return n
}

// nobodyAt is an address at which nobody listens.
func nobodyAt(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return "http://" + ln.Addr().String()
}

func TestTheLastErrorIsToldWhenNobodyCanServe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script     string
		body       string
		status     int
		says       string
		retryAfter bool
	}{
		"overloaded":                {"529*99", crstest.Hello, 529, "overloaded_error", false},
		"limited":                   {"429(retry=600s)*99", crstest.Hello, 429, "rate_limit_error", true},
		"refused credentials":       {"401*99", crstest.Hello, 502, "api_error", false},
		"server errors":             {"500*99", crstest.Hello, 500, "api_error", false},
		"resets":                    {"reset*99", crstest.Hello, 502, "api_error", false},
		"overloaded within streams": {"error(overloaded_error)*99", crstest.Stream, 529, "overloaded_error", false},
		"garbage":                   {"garbage*99", crstest.Hello, 502, "api_error", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Retry.MaxAttempts = 4 }))
			b.Account("a")
			b.Account("b")
			b.Script(c.script)
			got := b.Post(b.Key("k"), c.body)
			if got.Status != c.status || !strings.Contains(got.Body, `"type":"error"`) || !strings.Contains(got.Body, c.says) {
				t.Errorf("%d %s", got.Status, got.Body)
			}
			if (got.Header.Get("Retry-After") != "") != c.retryAfter {
				t.Errorf("retry-after: %q", got.Header.Get("Retry-After"))
			}
			if strings.Contains(got.Body, "sk-ant-") || strings.Contains(got.Body, b.Sim.URL()) {
				t.Errorf("the answer shows what is behind the relay: %s", got.Body)
			}
		})
	}
}

func TestAProviderInTroubleIsAskedAgainAfterAPause(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("only")
	b.Script("529*2,ok")
	got := b.Post(b.Key("k"), crstest.Hello)
	if got.Status != 200 || !strings.Contains(got.Body, "pong") {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	if r := b.Last(); len(r.Attempts) != 2 || r.Attempts[0].Status != 529 {
		t.Errorf("%+v", r.Attempts)
	}
}

func TestAttemptsAreBounded(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Retry.MaxAttempts = 3 }))
	for i := range 6 {
		b.Account(fmt.Sprint("a", i))
	}
	b.Script("500*99")
	if got := b.Post(b.Key("k"), crstest.Hello); got.Status != 500 {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	if n := len(b.Sim.Requests()); n != 3 {
		t.Errorf("%d requests went upstream", n)
	}
}

func TestAnAccountThatFailsInARowRestsAndIsProbed(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Cooldown.Failures = 3 }))
	b.Account("a")
	key := b.Key("k")
	b.Script("500*3,ok")
	for range 3 {
		b.Post(key, crstest.Hello)
	}
	got := b.Post(key, crstest.Hello)
	if got.Status != 503 || got.Header.Get("Retry-After") == "" || !strings.Contains(got.Body, "no account is free for this just now") {
		t.Fatalf("%d %v %s", got.Status, got.Header, got.Body)
	}
	b.Clock.Advance(31 * time.Second)
	if got := b.Post(key, crstest.Hello); got.Status != 200 {
		t.Errorf("%d %s", got.Status, got.Body)
	}
}

func accountOf(b *crstest.Box, name string) (ctl.Account, error) {
	return b.Client.Account(context.Background(), name)
}
