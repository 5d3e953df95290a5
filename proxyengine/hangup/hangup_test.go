package hangup_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"crs/proxyengine/hangup"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pair gives the two ends of a watched connection.
func pair(t *testing.T) (server *hangup.Conn, client *net.TCPConn) {
	t.Helper()
	w, err := hangup.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	s, err := w.Listen(ln).Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s.(*hangup.Conn), c.(*net.TCPConn)
}

func watch(t *testing.T, c *hangup.Conn) <-chan struct{} {
	t.Helper()
	gone := make(chan struct{})
	if err := c.OnLeave(func() { close(gone) }); err != nil {
		t.Fatal(err)
	}
	return gone
}

func within(t *testing.T, gone <-chan struct{}) {
	t.Helper()
	select {
	case <-gone:
	case <-time.After(time.Minute):
		t.Fatal("not noticed")
	}
}

func TestEveryWayOfLeavingIsNoticed(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(*net.TCPConn){
		"close":      func(c *net.TCPConn) { _ = c.Close() },
		"reset":      func(c *net.TCPConn) { _, _ = c.SetLinger(0), c.Close() },
		"half-close": func(c *net.TCPConn) { _ = c.CloseWrite() },
		"close behind unread bytes": func(c *net.TCPConn) {
			_, _ = io.WriteString(c, "POST /next HTTP/1.1\r\n")
			_ = c.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, client := pair(t)
			gone := watch(t, server)
			leave(client)
			within(t, gone)
		})
	}
}

func TestBytesThatArriveAreNotTakenAndWakeNobody(t *testing.T) {
	t.Parallel()
	server, client := pair(t)
	gone := watch(t, server)
	_, _ = io.WriteString(client, "pipelined")
	b := make([]byte, 9)
	if _, err := io.ReadFull(server, b); err != nil || string(b) != "pipelined" {
		t.Fatalf("%q, %v", b, err)
	}
	select {
	case <-gone:
		t.Fatal("bytes were taken for a leave")
	default:
	}
	_ = client.Close()
	within(t, gone)
}

func TestALeaveBetweenTwoRequestsIsToldToTheNext(t *testing.T) {
	t.Parallel()
	server, client := pair(t)
	first := watch(t, server)
	if err := server.OnLeave(nil); err != nil {
		t.Fatal(err)
	}
	_ = client.Close()
	deadline := time.Now().Add(time.Minute)
	for {
		told := false
		if err := server.OnLeave(func() { told = true }); err != nil {
			t.Fatal(err)
		}
		_ = server.OnLeave(nil)
		if told {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("a later request was not told")
		}
		time.Sleep(time.Millisecond)
	}
	select {
	case <-first:
		t.Error("a request that had ended was told")
	default:
	}
}

func TestAClosedConnectionTellsNobody(t *testing.T) {
	t.Parallel()
	server, client := pair(t)
	gone := watch(t, server)
	_ = server.Close()
	_ = client.Close()
	select {
	case <-gone:
		t.Error("told of a leave after Close")
	case <-time.After(50 * time.Millisecond):
	}
}

func TestTheConnUnderTLSIsFound(t *testing.T) {
	t.Parallel()
	server, client := pair(t)
	srv := httptest.NewUnstartedServer(nil)
	srv.StartTLS()
	defer srv.Close()
	secured := tls.Server(server, srv.TLS)
	go func() { _ = tls.Client(client, &tls.Config{InsecureSkipVerify: true}).Handshake() }()
	if err := secured.Handshake(); err != nil {
		t.Fatal(err)
	}
	c, ok := hangup.From(secured)
	if !ok || c != server {
		t.Fatalf("From gave %v, %v", c, ok)
	}
	gone := watch(t, c)
	_ = client.Close()
	within(t, gone)
	if _, ok := hangup.From(client); ok {
		t.Error("a connection that is not watched was found")
	}
}

func BenchmarkOnLeave(b *testing.B) {
	w, err := hangup.New()
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	s, err := w.Listen(ln).Accept()
	if err != nil {
		b.Fatal(err)
	}
	_, _ = ln.Close(), client
	defer func() { _, _ = s.Close(), client.Close() }()
	notify := func() {}
	b.ReportAllocs()
	for b.Loop() {
		_ = s.(*hangup.Conn).OnLeave(notify)
		_ = s.(*hangup.Conn).OnLeave(nil)
	}
}
