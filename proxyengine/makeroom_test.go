package proxyengine_test

import (
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"crs/internal/config"
	"crs/lab/crstest"
)

// TestWhoHasShownNoKeyMakesRoom, also while it takes no answer: as many connections as there may be ask for what needs no key, and
// read nothing; clients with a key are served.
func TestWhoHasShownNoKeyMakesRoom(t *testing.T) {
	t.Parallel()
	const room = 8
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Limits.Connections, c.Timeouts.WriteStall = room, time.Hour }))
	b.Account("a")
	key := b.Key("k")
	for range room {
		stuck(t, b)
	}
	for range room / 2 {
		served(t, b, key)
	}
}

// stuck opens a connection that asks and takes no answer, until the relay takes no request from it any more.
func stuck(t *testing.T, b *crstest.Box) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	many := []byte(strings.Repeat("GET /health HTTP/1.1\r\nHost: crs\r\n\r\n", 500))
	for {
		_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
		if _, err := conn.Write(many); os.IsTimeout(err) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// served sends requests until one is served: what others have sent may not be worked off yet.
func served(t *testing.T, b *crstest.Box, key string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		got := b.Post(key, crstest.Hello)
		if got.Status == 200 {
			return
		}
		if got.Status != 503 || time.Now().After(deadline) {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
	}
}
