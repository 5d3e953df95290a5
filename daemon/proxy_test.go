package daemon_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/config"
	"crs/lab/crstest"
)

// nowhere is a name that is found by nobody but the tests' proxies, which find everything at one address.
const nowhere = "http://upstream.invalid"

// behind is a box whose providers are only found through a proxy.
func behind(t *testing.T) *crstest.Box {
	return crstest.Start(t, crstest.Config(func(c *config.Config) {
		c.Providers = crstest.Simulated(nowhere)
		c.Timeouts.Connect = 20 * time.Second
	}))
}

func where(b *crstest.Box) string { return strings.TrimPrefix(b.Sim.URL(), "http://") }

// TestALoginARefreshAndRequestsGoThroughTheAccountsProxy, of every kind, each a process of its own.
func TestALoginARefreshAndRequestsGoThroughTheAccountsProxy(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"http", "https", "socks5"} {
		for name, login := range map[string]string{"open": "", "with credentials": "u@x:p:1%"} {
			t.Run(kind+" "+name, func(t *testing.T) {
				t.Parallel()
				b := behind(t)
				proxy := startProxy(t, kind, login, where(b))
				via := &url.URL{Scheme: kind, Host: proxy.addr}
				if user, password, ok := strings.Cut(login, ":"); ok {
					via.User = url.UserPassword(user, password)
				}
				throughProxy(t, b, proxy, via.String())
			})
		}
	}
}

func throughProxy(t *testing.T, b *crstest.Box, proxy *proxyProcess, via string) {
	begun, err := b.BeginLogin(t.Context(), ctl.NewLogin{NewAccount: ctl.NewAccount{Platform: "claude", Name: "max", Proxy: via}})
	if err != nil {
		t.Fatal(err)
	}
	if acc, err := b.FinishLogin(t.Context(), begun.ID, browse(t, b, begun.URL)); err != nil || acc.State != "ready" {
		t.Fatalf("the login: %+v, %v", acc, err)
	}
	after := []int{len(proxy.opened())}
	key := b.Key("k")
	if a := b.Post(key, crstest.Stream); a.Status != http.StatusOK || a.Err != nil {
		t.Fatalf("a request: %d %s %v", a.Status, a.Body, a.Err)
	}
	after = append(after, len(proxy.opened()))
	b.Clock.Advance(9 * time.Hour) // the token has ended
	if a := b.Post(key, crstest.Hello); a.Status != http.StatusOK {
		t.Fatalf("a request with a token that has ended: %d %s", a.Status, a.Body)
	}
	if acc, err := b.RefreshAccount(t.Context(), "max"); err != nil || acc.State != "ready" {
		t.Errorf("a refresh: %+v, %v", acc, err)
	}
	if tested, err := b.TestAccount(t.Context(), "max", ""); err != nil || !tested.OK {
		t.Errorf("a trial: %+v, %v", tested, err)
	}
	if after[0] == 0 {
		t.Errorf("the login did not go through the proxy: %v", after)
	}
	for _, asked := range proxy.opened() {
		if asked != "upstream.invalid:80" {
			t.Errorf("the proxy was asked for %s: names are its own to find", asked)
		}
	}
	if shown, err := b.Client.Account(t.Context(), "max"); err != nil || strings.Contains(shown.Proxy, "p:1") || strings.Contains(shown.Proxy, "p%3A1") || !strings.Contains(shown.Proxy, proxy.addr) {
		t.Errorf("the account's proxy is told as %q, %v", shown.Proxy, err)
	}
	if strings.Contains(b.Log.String(), "p%3A1") {
		t.Error("the log has the proxy's password")
	}
	sameBill(t, b, 2)
}

// browse opens a page of the simulated provider, as an owner's browser does that needs no proxy, and gives what is pasted.
func browse(t *testing.T, b *crstest.Box, page string) string {
	t.Helper()
	browser := client(t)
	browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := browser.Get(strings.Replace(page, nowhere, b.Sim.URL(), 1))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if to := resp.Header.Get("Location"); to != "" {
		return to
	}
	return resp.Header.Get("X-Sim-Code")
}

// TestEveryPlatformsLoginGoesThroughTheProxy: also those that ask more than the token endpoint, and those on a device.
func TestEveryPlatformsLoginGoesThroughTheProxy(t *testing.T) {
	t.Parallel()
	for _, platform := range []string{"openai", "gemini", "droid"} {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			b := behind(t)
			proxy := startProxy(t, "socks5", "", where(b))
			begun, err := b.BeginLogin(t.Context(), ctl.NewLogin{NewAccount: ctl.NewAccount{Platform: platform, Name: "a", Proxy: "socks5://" + proxy.addr}})
			if err != nil {
				t.Fatal(err)
			}
			if begun.Device != nil {
				device(t, b, begun)
			} else if _, err := b.FinishLogin(t.Context(), begun.ID, browse(t, b, begun.URL)); err != nil {
				t.Fatal(err)
			}
			before := len(proxy.opened())
			if acc, err := b.RefreshAccount(t.Context(), "a"); err != nil || acc.State != "ready" || before == 0 {
				t.Errorf("%+v, %v; %d connections for the login", acc, err, before)
			}
		})
	}
}

func device(t *testing.T, b *crstest.Box, begun ctl.Login) {
	t.Helper()
	if err := b.Sim.Approve(begun.Device.Code); err != nil {
		t.Fatal(err)
	}
	b.Clock.Advance(time.Minute)
	for range 100 {
		poll, err := b.PollLogin(t.Context(), begun.ID)
		if err != nil {
			t.Fatal(err)
		}
		if poll.Done {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the login on another device does not end")
}

// TestABadProxyIsNeverGoneRound: a login, a refresh and a request fail with a word on the proxy, nothing reaches the provider
// directly, and the account is not taken for one that needs a login.
func TestABadProxyIsNeverGoneRound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind, login, scheme, user string
		says                      string
	}{
		"is not there":            {"", "", "http", "", "refused"},
		"hangs":                   {"silent", "", "http", "", "timed out"},
		"hangs, TLS":              {"silent", "", "https", "", "timed out"},
		"hangs, SOCKS":            {"silent", "", "socks5", "", "timed out"},
		"wants a password":        {"http", "user:right", "http", "", "credentials (407)"},
		"wants another":           {"http", "user:right", "http", "user:wrong-hush", "credentials (407)"},
		"wants another, TLS":      {"https", "user:right", "https", "user:wrong-hush", "credentials (407)"},
		"wants a password, SOCKS": {"socks5", "user:right", "socks5", "", "authentication"},
		"wants another, SOCKS":    {"socks5", "user:right", "socks5", "user:wrong-hush", "authentication"},
		"is no proxy":             {"smtp", "", "http", "", "does not answer like an HTTP proxy"},
		"is no proxy, SOCKS":      {"smtp", "", "socks5", "", "proxy"},
		"speaks no TLS":           {"http", "", "https", "", "TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connect := time.Minute
			if c.kind == "silent" {
				connect = 400 * time.Millisecond
			}
			b := crstest.Start(t, crstest.Config(func(f *config.Config) { f.Timeouts.Connect = connect }))
			addr := "127.0.0.1:1"
			if c.kind != "" {
				addr = startProxy(t, c.kind, c.login, where(b)).addr
			}
			via := c.scheme + "://" + addr
			if c.user != "" {
				via = c.scheme + "://" + c.user + "@" + addr
			}
			badProxy(t, b, via, c.says)
		})
	}
}

func badProxy(t *testing.T, b *crstest.Box, via, says string) {
	begun, err := b.BeginLogin(t.Context(), ctl.NewLogin{NewAccount: ctl.NewAccount{Platform: "claude", Name: "new", Proxy: via}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.FinishLogin(t.Context(), begun.ID, browse(t, b, begun.URL))
	said := func(what string, err error) {
		t.Helper()
		var e *ctl.Error
		if !errors.As(err, &e) || !strings.Contains(e.Message, says) || strings.Contains(e.Message+e.Hint, "hush") {
			t.Errorf("%s: %v", what, err)
		}
	}
	said("the login", err)

	b.Subscription("max", -time.Minute)
	if _, err := b.EditAccount(t.Context(), "max", ctl.AccountEdit{Proxy: &via}); err != nil {
		t.Fatal(err)
	}
	_, err = b.RefreshAccount(t.Context(), "max")
	said("the refresh", err)
	b.Account("key", func(a *ctl.NewAccount) { a.Proxy = via })
	key := b.Key("k")
	for range 2 { // the one that has no token, and the one that has a key
		a := b.Post(key, crstest.Hello)
		if a.Status != http.StatusBadGateway && a.Status != http.StatusGatewayTimeout || !strings.Contains(a.Body, `"type":"error"`) || strings.Contains(a.Body, "hush") {
			t.Errorf("a request: %d %s", a.Status, a.Body)
		}
	}
	b.Idle()
	if last := b.Last(); len(last.Attempts) == 0 || !strings.Contains(last.Attempts[len(last.Attempts)-1].Error, says) || last.Cost != 0 || last.OutputTokens != 0 {
		t.Errorf("the log has %+v", last)
	}
	for _, name := range []string{"max", "key"} {
		if acc, err := b.Client.Account(t.Context(), name); err != nil || acc.State != "ready" && acc.State != "cooling" || acc.Failures == 0 || !strings.Contains(acc.LastError, says) {
			t.Errorf("%s is %+v, %v", name, acc, err)
		}
	}
	direct := 0
	for _, r := range b.Sim.Requests() {
		if !strings.HasPrefix(r.Path, "/oauth/authorize") { // the owner's browser
			direct++
		}
	}
	if direct > 0 || len(b.Sim.Served()) > 0 || strings.Contains(b.Log.String(), "hush") {
		t.Errorf("%d requests went past the proxy, or the log has its password", direct)
	}
}
