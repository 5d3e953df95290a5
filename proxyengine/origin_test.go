package proxyengine_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"crs/internal/config"
	"crs/internal/key"
	"crs/lab/crstest"
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
	got := b.Post("cr_wrong", crstest.Hello, "X-Forwarded-For", "6.6.6.6, 203.0.113.9")
	if got.Status != 429 || got.Header.Get("retry-after") == "" || !strings.Contains(got.Body, `"rate_limit_error"`) || !strings.Contains(got.Body, "limits.failed_auth") {
		t.Errorf("%+v", got)
	}
	for _, from := range []string{"203.0.113.9", "203.0.113.8", ""} { // who is behind the same address, behind another, and without a proxy
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
	if told, each := b.Log.Lines("an address has sent too many", "from=203.0.113.9"), b.Log.Lines("level=INFO", "status=429"); len(told) != 1 || len(each) > 0 {
		t.Errorf("the log has %d lines on the address, and %d on its requests", len(told), len(each))
	}
	b.Clock.Advance(61 * time.Second)
	if got := b.Post("cr_wrong", crstest.Hello, "X-Forwarded-For", "203.0.113.9"); got.Status != 401 {
		t.Errorf("a minute later: %+v", got)
	}
}

// TestBadKeysDoNotLockOutGoodOnes of the same address, whatever kinds of bad ones there are and wherever they are presented.
func TestBadKeysDoNotLockOutGoodOnes(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) {
		c.Limits.FailedAuth, c.Limits.TrustedProxies = 5, "127.0.0.1"
	}))
	b.Account("a")
	good := b.Key("me")
	off := b.Key("off")
	if _, err := b.DisableKey(t.Context(), "off"); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i, bad := range slices.Repeat([]string{"cr_wrong", "", off, "sk-ant-other", strings.Repeat("x", 5000)}, 12) {
		path := []string{"/api/v1/messages", "/openai/v1/models", "/api/canary"}[i%3]
		req := b.Request(t.Context(), bad, crstest.Hello, "X-Forwarded-For", "203.0.113.9")
		req.URL.Path = path
		if strings.HasSuffix(path, "models") {
			req.Method = http.MethodGet
		}
		switch got := b.Do(req); got.Status {
		case http.StatusTooManyRequests:
			refused++
		case http.StatusUnauthorized, http.StatusNotFound:
		default:
			t.Fatalf("%s with %.10q: %+v", path, bad, got)
		}
		if got := b.Post(good, crstest.Hello, "X-Forwarded-For", "203.0.113.9"); got.Status != 200 {
			t.Fatalf("a good key, after %d bad ones: %+v", i+1, got)
		}
	}
	if refused < 30 {
		t.Errorf("only %d of 60 bad keys were told to slow down", refused)
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
		Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Models: func(_, _ []string) []string { return nil },
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
	if got, text := ask(t, ln, "/api/v1/messages", ""); got.StatusCode != http.StatusUnauthorized {
		t.Fatalf("the first: %s %s", got.Status, text)
	}
	if got, text := ask(t, ln, "/openai/v1/models", "cr_good"); got.StatusCode != http.StatusOK || !got.Close {
		t.Errorf("one too many, with a good key: %s, closed is %v: %s", got.Status, got.Close, text)
	}
	for path, kind := range map[string]string{"/api/v1/messages": `"rate_limit_error"`, "/openai/v1/responses": `"rate_limit`} {
		got, text := ask(t, ln, path, "")
		if got.StatusCode != http.StatusTooManyRequests || !got.Close || !strings.Contains(text, kind) || !strings.Contains(text, "limits.connections_per_ip") {
			t.Errorf("%s: %s, closed is %v: %s", path, got.Status, got.Close, text)
		}
	}
	e.Apply(proxyengine.Settings{BodyBudget: 1 << 20, Proxies: clients.Trust{netip.MustParsePrefix("203.0.113.9/32")}, ConnectionsPerIP: 1})
	if got, text := ask(t, ln, "/api/v1/messages", ""); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("a trusted proxy is limited: %s %s", got.Status, text)
	}
}

// ask sends a request, with a key if that is not empty, on a connection of its own. That stays open until the test ends unless
// the relay closes it; when the relay says that it does, ask returns once it has: until then the connection counts.
func ask(t *testing.T, ln net.Listener, path, key string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	method := http.MethodPost
	if strings.HasSuffix(path, "/models") {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+ln.Addr().String()+path, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("x-api-key", key)
	}
	if err := req.Write(conn); err != nil {
		t.Fatal(err)
	}
	br := bufio.NewReader(conn)
	resp, err := http.ReadResponse(br, req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Close {
		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, br) // ends with the connection, however that ends
	}
	return resp, string(text)
}

// strangers has one key.
type strangers struct{}

func (strangers) Verify(_ context.Context, presented string) (*key.Key, error) {
	if presented == "cr_good" {
		return &key.Key{ID: "key_1"}, nil
	}
	return nil, &key.Invalid{Reason: key.Missing}
}
