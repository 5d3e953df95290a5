package control_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/account"
	"crs/lab/proxytest"
	"crs/proxyengine"
	"crs/proxyengine/provider"
	"crs/proxyengine/upstream"
)

// TestALoginGoesThroughItsProxyOrNotAtAll talks to a token endpoint in earnest: through the upstream client that a daemon has.
func TestALoginGoesThroughItsProxyOrNotAtAll(t *testing.T) {
	t.Parallel()
	var direct atomic.Int64
	site := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { direct.Add(1) }))
	t.Cleanup(site.Close)
	to, err := provider.ParseEndpoint(site.URL)
	if err != nil {
		t.Fatal(err)
	}
	pool := upstream.NewPool(upstream.PoolOptions{IdleFor: time.Second, HeadLimit: 8 << 10})
	t.Cleanup(pool.Close)
	source := &proxyengine.AccountClient{Upstream: pool, Now: time.Now, Clocks: upstream.Clocks{Connect: 300 * time.Millisecond, FirstByte: time.Second}}
	d := newDesk(t, func(acc *account.Account) provider.Call {
		call := source.Caller(acc)
		return func(ctx context.Context, out *provider.Outbound) (*provider.Reply, error) {
			out.Endpoint, out.Method, out.Target = to, http.MethodPost, "/token"
			return call(ctx, out)
		}
	})
	locked := proxytest.Saying(t, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
	other := proxytest.Saying(t, "220 mail.example ESMTP\r\n")
	silent := proxytest.Silent(t)
	for name, c := range map[string]struct{ proxy, says string }{
		"refuses":          {"http://127.0.0.1:1", "refused"},
		"hangs":            {"http://" + silent, "timed out"},
		"socks that hangs": {"socks5://" + silent, "timed out"},
		"wants a password": {"http://u:hush@" + locked, "it wants other credentials (407)"},
		"is no proxy":      {"http://" + other, "it does not answer like an HTTP proxy"},
	} {
		t.Run(name, func(t *testing.T) {
			l := d.begin(t, "max", func(l *ctl.NewLogin) { l.Proxy = c.proxy })
			_, err := d.FinishLogin(t.Context(), l.ID, goodCode)
			refused(t, err, ctl.Failed, c.says)
			if hint := err.(*ctl.Error).Hint; !strings.Contains(hint, "the account's proxy "+strings.Replace(c.proxy, "u:hush@", "", 1)) || !strings.Contains(hint, "--finish "+l.ID) {
				t.Errorf("the hint is %q", hint)
			}
			_, err = d.BeginLogin(t.Context(), ctl.NewLogin{NewAccount: ctl.NewAccount{Platform: "subscription", Name: "x", Proxy: c.proxy}, Device: true})
			refused(t, err, ctl.Failed, c.says)
		})
	}
	if direct.Load() != 0 {
		t.Error("a login went past its proxy")
	}
	if done := d.login(t, "max"); done.State != "ready" || direct.Load() == 0 {
		t.Errorf("without a proxy: %+v", done)
	}
}
