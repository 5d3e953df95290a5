package proxyengine_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"crs/ctl"
	"crs/internal/config"
	"crs/lab/crstest"
)

// says is an upstream that answers every request with the same bytes.
func says(t *testing.T, answer string) (url string, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, answer)
		_ = conn.Close()
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

func head(status, more string) string {
	return "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\n" + more + "Connection: close\r\n\r\n" + `{"type":"error","error":{"type":"invalid_request_error","message":"hush"}}`
}

// TestWhatIsNeitherAnAnswerNorAnErrorIsTheAccounts: it is failed over, the client is told a category, and the operator what it
// was. A redirect is not followed.
func TestWhatIsNeitherAnAnswerNorAnErrorIsTheAccounts(t *testing.T) {
	t.Parallel()
	elsewhere, followed := says(t, head("200 OK", ""))
	redirect := "Location: " + elsewhere + "/v1/messages?key=" + crstest.Secret("first") + "\r\n"
	for name, c := range map[string]struct{ answer, evidence string }{
		"301":     {head("301 Moved Permanently", redirect), "301, a redirect to \"" + elsewhere + "/v1/messages?key=[credential]\""},
		"302":     {head("302 Found", redirect), "302, a redirect"},
		"300":     {head("300 Multiple Choices", ""), "300, a redirect"},
		"304":     {"HTTP/1.1 304 Not Modified\r\n\r\n", "304, a redirect"},
		"307":     {head("307 Temporary Redirect", redirect), "307, a redirect"},
		"308":     {head("308 Permanent Redirect", redirect), "308, a redirect"},
		"399":     {head("399 Hush", ""), "399, a redirect"},
		"0":       {head("000 Hush", ""), "status is 000"},
		"99":      {head("099 Hush", ""), "status is 099"},
		"600":     {head("600 Hush", ""), "status is 600"},
		"999":     {head("999 Request Denied", ""), "status is 999"},
		"garbage": {head("2OO OK", ""), "not HTTP/1.1"},
		"1xx":     {strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: <hush>\r\n\r\n", 50) + head("200 OK", ""), "too many interim answers"},
	} {
		for _, client := range []string{"pool", "net/http"} {
			t.Run(name+" over "+client, func(t *testing.T) {
				t.Parallel()
				b := crstest.Start(t, crstest.Config(func(cfg *config.Config) { cfg.Upstream.Client = client }))
				url, asked := says(t, c.answer)
				b.Account("first", func(a *ctl.NewAccount) { a.BaseURL = url })
				key := b.Key("k")
				got := b.Post(key, crstest.Hello)
				if got.Status != 502 || !strings.Contains(got.Body, "the provider gave no usable answer") || asked.Load() != 1 {
					t.Errorf("asked %d times: %d %s", asked.Load(), got.Status, got.Body)
				}
				if all := got.Body + fmt.Sprint(got.Header); strings.Contains(all, "hush") || strings.Contains(all, "127.0.0.1") || got.Header.Get("Location") != "" {
					t.Errorf("the client was told %s", all)
				}
				b.Idle()
				if r := b.Last(); len(r.Attempts) != 1 || !strings.Contains(r.Attempts[0].Error, c.evidence) || strings.Contains(r.Error+r.Attempts[0].Error, crstest.Secret("first")) {
					t.Errorf("the record has %+v", r)
				}
				b.Account("second")
				if got := b.Post(key, crstest.Hello); got.Status != 200 || !strings.Contains(got.Body, "pong") {
					t.Errorf("with another account: %d %s", got.Status, got.Body)
				}
			})
		}
	}
	t.Cleanup(func() {
		if n := followed.Load(); n > 0 {
			t.Errorf("a redirect was followed %d times", n)
		}
	})
}

// TestAnUnreachableProviderIsACategory to clients; where it was looked for is in the record and the log.
func TestAnUnreachableProviderIsACategory(t *testing.T) {
	t.Parallel()
	nobody := nobodyAt(t)
	address := strings.TrimPrefix(nobody, "http://")
	_, port, _ := net.SplitHostPort(address)
	for name, c := range map[string]struct {
		change  func(*ctl.NewAccount)
		telling string
	}{
		"nobody listens":          {func(a *ctl.NewAccount) { a.BaseURL = nobody }, address},
		"a host without address":  {func(a *ctl.NewAccount) { a.BaseURL = "http://gateway.corp.invalid:8443" }, "gateway.corp.invalid"},
		"a proxy is not there":    {func(a *ctl.NewAccount) { a.Proxy = nobody }, address},
		"a SOCKS proxy is not":    {func(a *ctl.NewAccount) { a.Proxy = "socks5://user:hush@" + address }, port},
		"TLS with who has no TLS": {func(a *ctl.NewAccount) { u, _ := says(t, "hush"); a.BaseURL = strings.Replace(u, "http", "https", 1) }, "TLS handshake with 127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			b.Account("first", c.change)
			got := b.Post(b.Key("k"), crstest.Hello)
			if got.Status != 502 || !strings.Contains(got.Body, `"message":"the provider could not be reached"`) {
				t.Errorf("%d %s", got.Status, got.Body)
			}
			b.Idle()
			r := b.Last()
			if !strings.Contains(r.Error, c.telling) || len(r.Attempts) != 1 || !strings.Contains(r.Attempts[0].Error, c.telling) || len(b.Log.Lines("refused", c.telling)) == 0 {
				t.Errorf("the operator is told %+v", r)
			}
			if strings.Contains(b.Log.String()+fmt.Sprint(r), "hush") {
				t.Error("the log or the record has the proxy's password")
			}
		})
	}
}
