package daemon_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"testing"

	"crs/ctl"
	"crs/internal/bound"
	"crs/lab/crstest"
	"crs/lab/redistest"
)

// TestAnUpstreamThatCountsFarTooMuch: whatever number stands for tokens in an upstream's answer, one request costs no more than one can,
// the record says so, the operator's tools work, another key's figures are its own, and the daemon starts again.
func TestAnUpstreamThatCountsFarTooMuch(t *testing.T) {
	t.Parallel()
	counts := []string{"9223372036854775807", "3000000000000000000", "9223372036854775808", "99999999999999999999999999", "1000000001"}
	for platform, k := range askers() {
		if platform == "claude" || platform == "openai" || platform == "gemini" || platform == "droid" {
			continue // as their keys' platforms
		}
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			up := exaggerate(t, b)
			b.AccountOn(platform, "a", func(a *ctl.NewAccount) { a.BaseURL = up.url })
			greedy, modest := b.Key("greedy"), b.Key("modest")
			for _, n := range counts {
				up.says(n)
				for range 2 {
					if a := k.ask(t, b, greedy, false); a.Status != http.StatusOK {
						t.Fatalf("%s: %d %s", n, a.Status, a.Body)
					}
					b.Idle()
					excessive(t, b.Last(), n)
				}
				if platform != "bedrock" { // whose streams are not text
					k.ask(t, b, greedy, true)
					b.Idle()
					excessive(t, b.Last(), n)
				}
			}
			up.says("7")
			k.ask(t, b, modest, false)
			toolsWork(t, b)
			b.Halt()
			b.Boot()
			toolsWork(t, b)
			if a := k.ask(t, b, modest, false); a.Status != http.StatusOK {
				t.Errorf("after a restart: %d %s", a.Status, a.Body)
			}
		})
	}
}

// TestAnUpstreamThatCountsFarTooMuchWithRedis is the same where the sums and the budgets are in Redis.
func TestAnUpstreamThatCountsFarTooMuchWithRedis(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Redis(redistest.Start(t).URL()))
	up := exaggerate(t, b)
	b.Account("a", func(a *ctl.NewAccount) { a.BaseURL = up.url })
	up.says("9223372036854775807")
	key := b.Key("greedy", func(k *ctl.NewKey) { daily := ctl.USD(1_000_000_000); k.DailyCost = &daily })
	for range 3 {
		b.Post(key, crstest.Hello)
		b.Idle()
	}
	if a := b.Post(key, crstest.Hello); a.Status != http.StatusPaymentRequired {
		t.Errorf("the key has spent its budget: %d %s", a.Status, a.Body)
	}
	b.Halt()
	b.Boot()
	if a := b.Post(key, crstest.Hello); a.Status != http.StatusPaymentRequired {
		t.Errorf("after a restart: %d %s", a.Status, a.Body)
	}
	if _, err := b.Usage(t.Context(), ctl.UsageQuery{By: []string{"key"}}); err != nil {
		t.Error(err)
	}
}

func excessive(t *testing.T, r ctl.Request, n string) {
	t.Helper()
	if r.Source != "excessive" || r.Cost < 0 || r.Cost > bound.Cost || r.Charged < 0 || r.Charged > bound.Cost {
		t.Errorf("%s: source %s, cost %s, charged %s", n, r.Source, r.Cost, r.Charged)
	}
	for _, tokens := range []int64{r.InputTokens, r.OutputTokens, r.CacheRead, r.CacheWrite5m, r.CacheWrite1h, r.Reasoning} {
		if tokens < 0 || tokens > bound.Tokens {
			t.Errorf("%s: %+v", n, r)
		}
	}
}

func toolsWork(t *testing.T, b *crstest.Box) {
	t.Helper()
	u, err := b.Usage(t.Context(), ctl.UsageQuery{By: []string{"key"}})
	if err != nil || len(u.Rows) != 2 {
		t.Fatalf("usage: %+v, %v", u, err)
	}
	for _, r := range u.Rows {
		if r.Key == "modest" && (r.InputTokens > 100 || r.Cost > 1e9) || r.Cost < 0 || r.InputTokens < 0 {
			t.Errorf("usage has %+v", r)
		}
	}
	if _, err := b.Requests(t.Context(), ctl.RequestQuery{}); err != nil {
		t.Errorf("requests: %v", err)
	}
	keys, err := b.Keys(t.Context())
	if err != nil || len(keys) != 2 {
		t.Errorf("keys: %+v, %v", keys, err)
	}
	if _, err := b.Status(t.Context()); err != nil {
		t.Errorf("status: %v", err)
	}
}

// exaggerator stands before the simulated provider, and has every count of tokens in its answers say something else.
type exaggerator struct {
	url  string
	says func(count string)
}

var tokenCount = regexp.MustCompile(`("\w*[tT]okens?(?:Count)?"\s*:\s*)\d+`)

func exaggerate(t *testing.T, b *crstest.Box) exaggerator {
	t.Helper()
	sim, err := url.Parse(b.Sim.URL())
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 1)
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(sim); r.Out.Header.Del("Accept-Encoding") },
		ModifyResponse: func(r *http.Response) error {
			body, err := io.ReadAll(r.Body)
			count := <-said
			said <- count
			body = tokenCount.ReplaceAll(body, []byte("${1}"+count))
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			r.Header.Set("Content-Length", strconv.Itoa(len(body)))
			return err
		},
	}
	said <- "7"
	s := httptest.NewServer(proxy)
	t.Cleanup(s.Close)
	return exaggerator{s.URL, func(count string) { <-said; said <- count }}
}
