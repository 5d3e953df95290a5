package canary_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crs/ctl"
	"crs/ctl/canary"
	"crs/lab/crstest"
)

// before is a daemon with something before it that clients go through.
func before(t *testing.T, wrap func(daemon http.Handler) http.Handler) (b *crstest.Box, address string) {
	t.Helper()
	b = crstest.Start(t)
	to, err := url.Parse(b.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }}
	site := httptest.NewServer(wrap(proxy))
	t.Cleanup(site.Close)
	return b, site.URL
}

const beat = 100 * time.Millisecond

func run(t *testing.T, b *crstest.Box, address string, silence time.Duration) map[string]ctl.Check {
	t.Helper()
	c, err := b.NewCanary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]ctl.Check{}
	for _, c := range canary.Run(t.Context(), canary.Options{URL: address, Token: c.Token, Silence: silence, Beat: beat}) {
		all[c.Name] = c
	}
	return all
}

// wants checks that just these checks came out otherwise than well, and say so.
func wants(t *testing.T, all map[string]ctl.Check, not map[string]string) {
	t.Helper()
	for name, says := range not {
		if _, ok := all[name]; !ok {
			t.Errorf("there is no check %s (%s)", name, says)
		}
	}
	for name, c := range all {
		state, says, _ := strings.Cut(not[name], ": ")
		if state == "" {
			state = "ok"
		}
		if string(c.State) != state || !strings.Contains(c.Detail+" "+c.Hint, says) || (c.State == ctl.Bad || c.State == ctl.Warning) && c.Hint == "" {
			t.Errorf("%s: %+v, want %s", name, c, not[name])
		}
	}
}

func as(h http.Handler) http.Handler { return h }

func TestAWayThatIsWell(t *testing.T) {
	t.Parallel()
	b, address := before(t, as)
	for name, c := range map[string]struct {
		address string
		silence time.Duration
		not     map[string]string
	}{
		"with a silence":   {address, 300 * time.Millisecond, nil},
		"as clients write": {address + "/api/", 0, map[string]string{"silence": "skipped: --wait"}},
		"directly":         {b.URL, 0, map[string]string{"silence": "skipped: --wait"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wants(t, run(t, b, c.address, c.silence), c.not)
		})
	}
}

func TestWhatAReverseProxyMayDoToRequests(t *testing.T) {
	t.Parallel()
	const rest = "skipped: "
	for name, c := range map[string]struct {
		wrap func(http.Handler) http.Handler
		not  map[string]string
	}{
		"drops fields": {func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				delete(r.Header, http.CanonicalHeaderKey("session_id"))
				h.ServeHTTP(w, r)
			})
		}, map[string]string{"headers": "failed: underscores_in_headers on", "silence": rest}},
		"refuses long requests": {func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.ContentLength > 1<<20 {
					http.Error(w, "too large", http.StatusRequestEntityTooLarge)
					return
				}
				h.ServeHTTP(w, r)
			})
		}, map[string]string{"length": "failed: client_max_body_size", "silence": rest}},
		"cuts requests off": {func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Body, r.ContentLength = io.NopCloser(io.LimitReader(r.Body, 100)), -1
				h.ServeHTTP(w, r)
			})
		}, map[string]string{"length": "failed: of a request of 4194304 bytes, 100 arrive", "silence": rest}},
		"holds streams back": {holdBack, map[string]string{"buffering": "failed: proxy_buffering off", "silence": rest}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, address := before(t, c.wrap)
			wants(t, run(t, b, address, 0), c.not)
		})
	}
}

// TestDaemonsThatShareAnAddress: each gets its turn, and only one knows the token.
func TestDaemonsThatShareAnAddress(t *testing.T) {
	t.Parallel()
	other := crstest.Start(t)
	to, err := url.Parse(other.URL)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := httputil.NewSingleHostReverseProxy(to)
	var turn atomic.Int64
	b, address := before(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if turn.Add(1)%3 != 0 {
				elsewhere.ServeHTTP(w, r)
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	wants(t, run(t, b, address, 200*time.Millisecond), nil)
}

// holdBack gives an answer when it is whole.
func holdBack(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	})
}

func TestAPauseThatIsTooLong(t *testing.T) {
	t.Parallel()
	const most = time.Second
	late := func(h http.Handler) http.Handler { return http.TimeoutHandler(h, most, "too late") }
	b, address := before(t, late)
	wants(t, run(t, b, address, 3*most), map[string]string{"silence": "failed: an answer that begins after 3s is cut: the answer is 503 after 1s", "buffering": "failed: a stream does not arrive"})

	// One that only looks at the time between two reads.
	b, address = before(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("events") != "2" {
				h.ServeHTTP(w, r)
				return
			}
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 1000\r\n\r\ndata: 1\n\n")
				time.Sleep(most)
				_ = conn.Close()
			}
		})
	})
	wants(t, run(t, b, address, 3*most), map[string]string{"silence": "failed: a stream that pauses for 3s is cut: it broke off after 1s"})
}

func TestAnAddressThatDoesNotLeadHere(t *testing.T) {
	t.Parallel()
	b, other := crstest.Start(t), crstest.Start(t)
	answers := func(status int, text string, fields ...string) string {
		site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if len(fields) > 0 {
				w.Header().Set("Location", fields[0])
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
		}))
		t.Cleanup(site.Close)
		return site.URL
	}
	for name, c := range map[string]struct{ address, says string }{
		"nobody":          {"http://127.0.0.1:1", "failed: nothing answers there"},
		"another daemon":  {other.URL, "failed: another crs daemon"},
		"a page":          {answers(200, "<html>hello</html>"), "failed: something else than this daemon answers there: the answer is 200: <html>hello</html>"},
		"no such page":    {answers(404, "404 page not found"), "failed: with the path that the reverse proxy passes on"},
		"wrong path":      {b.URL + "/elsewhere", "failed: something else than this daemon answers there: the answer is 404"},
		"a login page":    {answers(401, "who are you?"), "failed: something before the daemon refuses requests"},
		"a redirect":      {answers(301, "", "https://example.com/"), "failed: https:// instead of http://"},
		"nothing behind":  {answers(502, "bad gateway"), "failed: does not reach the daemon"},
		"no address":      {"relay.example.com", "failed: this is no http:// or https:// address"},
		"a file":          {"file:///etc/passwd", "failed: this is no http"},
		"with a password": {"https://u:hush@relay.example.com", "failed: more in it than a host and a path"},
		"with a query":    {"https://relay.example.com/?key=hush", "failed: more in it than a host and a path"},
		"broken":          {"http://[::1", "failed: this is no http"},
	} {
		t.Run(name, func(t *testing.T) {
			wants(t, run(t, b, c.address, 0), map[string]string{"through": c.says})
		})
	}
}

func TestOneThatNeverAnswersIsGivenUp(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	site := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = bufio.NewReader(r.Body).ReadString('x')
		<-r.Context().Done()
	}))
	t.Cleanup(site.Close)
	client := &http.Client{Timeout: 200 * time.Millisecond}
	all := canary.Run(t.Context(), canary.Options{URL: site.URL, Token: "x", Client: client})
	if len(all) != 1 || all[0].State != ctl.Bad || time.Since(begun) > time.Minute {
		t.Errorf("%+v", all)
	}
}

func TestKeysThatGoUnencrypted(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	to, err := url.Parse(b.URL)
	if err != nil {
		t.Fatal(err)
	}
	// Whatever the address says, the requests go to the daemon.
	client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host = to.Scheme, to.Host
		return http.DefaultTransport.RoundTrip(r)
	})}
	for address, want := range map[string]ctl.State{"http://relay.example.com": ctl.Warning, "https://relay.example.com": ctl.OK, "http://localhost:3000": ctl.OK, "http://[::1]:3000": ctl.OK, "http://10.1.2.3": ctl.Warning} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			c, err := b.NewCanary(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range canary.Run(t.Context(), canary.Options{URL: address, Token: c.Token, Client: client, Beat: beat}) {
				if c.Name == "encryption" && c.State != want || c.Name != "encryption" && c.State != ctl.OK && c.State != ctl.Skipped {
					t.Errorf("%+v", c)
				}
			}
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
