package proxyengine_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"crs/internal/config"
	"crs/internal/crstest"
	"crs/internal/key"
	"crs/proxyengine"
	clients "crs/proxyengine/caller"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/openai"
)

func TestAnAddressThatKeepsFailingIsRefusedInItsOwnProtocol(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) {
		c.Limits.FailedAuth, c.Limits.TrustedProxies = 3, "127.0.0.1"
	}))
	b.Account("a")
	good := b.Key("me")
	for range 3 {
		if got := b.Post("cr_wrong", crstest.Hello, "X-Forwarded-For", "203.0.113.9"); got.Status != 401 {
			t.Fatalf("%+v", got)
		}
	}
	got := b.Post(good, crstest.Hello, "X-Forwarded-For", "6.6.6.6, 203.0.113.9")
	if got.Status != 429 || got.Header.Get("retry-after") == "" || !strings.Contains(got.Body, `"rate_limit_error"`) || !strings.Contains(got.Body, "limits.failed_auth") {
		t.Errorf("%+v", got)
	}
	for _, from := range []string{"203.0.113.8", ""} { // another, and who comes without a proxy
		if got := b.Post(good, crstest.Hello, "X-Forwarded-For", from); got.Status != 200 {
			t.Errorf("from %q: %+v", from, got)
		}
	}
	if len(b.Log.Lines("refused", "from=203.0.113.9")) < 4 {
		t.Error("the log does not say where they came from")
	}
	if seen := b.Sim.Requests(); seen[0].Header.Get("X-Forwarded-For") != "" {
		t.Error("the address went upstream")
	}
	if told, each := b.Log.Lines("an address is refused", "from=203.0.113.9"), b.Log.Lines("level=INFO", "status=429"); len(told) != 1 || len(each) > 0 {
		t.Errorf("the log has %d lines on the address, and %d on its requests", len(told), len(each))
	}
	b.Clock.Advance(61 * time.Second)
	if got := b.Post(good, crstest.Hello, "X-Forwarded-For", "203.0.113.9"); got.Status != 200 {
		t.Errorf("a minute later: %+v", got)
	}
}

func TestNobodyIsBelievedUnlessTrusted(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Limits.FailedAuth = 1 }))
	for range 3 {
		if got := b.Post("cr_wrong", crstest.Hello, "X-Forwarded-For", "203.0.113.9"); got.Status != 401 {
			t.Fatalf("%+v", got)
		}
	}
}

// elsewhere is a listener whose connections come from another machine.
type elsewhere struct{ net.Listener }

func (l elsewhere) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return far{c}, nil
}

type far struct{ net.Conn }

func (far) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort("203.0.113.9:4000"))
}

func TestOneConnectionTooManyIsToldInItsOwnProtocol(t *testing.T) {
	t.Parallel()
	e, err := proxyengine.New(proxyengine.Options{
		Keys: strangers{}, Protocols: []proxyengine.Mount{{Protocol: anthropic.Protocol{}, Prefixes: []string{"/api"}}, {Protocol: openai.Protocol{}, Prefixes: []string{"/openai"}}},
		Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Settings: proxyengine.Settings{Header: time.Minute, KeepAlive: time.Minute, Connections: 100, HeaderMax: 8192, BodyMax: 1 << 20, BodyBudget: 1 << 20, ConnectionsPerIP: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- e.Serve(elsewhere{ln}) }()
	t.Cleanup(func() {
		if err := e.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		_ = ln.Close()
		<-ended
	})
	if got, text := ask(t, ln, "/api/v1/messages"); got.StatusCode != http.StatusUnauthorized {
		t.Fatalf("the first: %s %s", got.Status, text)
	}
	for path, kind := range map[string]string{"/api/v1/messages": `"rate_limit_error"`, "/openai/v1/responses": `"rate_limit`} {
		got, text := ask(t, ln, path)
		if got.StatusCode != http.StatusTooManyRequests || !got.Close || !strings.Contains(text, kind) || !strings.Contains(text, "limits.connections_per_ip") {
			t.Errorf("%s: %s, closed is %v: %s", path, got.Status, got.Close, text)
		}
	}
	e.Apply(proxyengine.Settings{BodyBudget: 1 << 20, Proxies: clients.Trust{netip.MustParsePrefix("203.0.113.9/32")}, ConnectionsPerIP: 1})
	if got, text := ask(t, ln, "/api/v1/messages"); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("a trusted proxy is limited: %s %s", got.Status, text)
	}
}

// ask sends a request without a key on a connection that stays open until the test ends.
func ask(t *testing.T, ln net.Listener, path string) (*http.Response, string) {
	t.Helper()
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+ln.Addr().String()+path, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: tr}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

// strangers has no keys.
type strangers struct{}

func (strangers) Verify(context.Context, string) (*key.Key, error) {
	return nil, &key.Refused{Reason: key.Missing}
}
