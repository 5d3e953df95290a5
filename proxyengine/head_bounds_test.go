package proxyengine_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"crs/internal/config"
	"crs/lab/crstest"
)

// TestAHeadIsNoLargerThanItsLimit: of whatever it has too much. It is read no further, before a key is known.
func TestAHeadIsNoLargerThanItsLimit(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t) // with limits.header_max as it comes
	dial := dialer(t, b)
	const get = "GET /health HTTP/1.1\r\nHost: h\r\n"
	for name, c := range map[string]struct {
		begin, again string
		want         int
	}{
		"a method":             {"", "A", 431},
		"a path":               {"GET /", "a", 431},
		"a query":              {"GET /health?", "a", 431},
		"parameters":           {"GET /health?", "a&", 431},
		"a version":            {"GET /health HTTP/1.1", "1", 431},
		"a field's name":       {get, "a", 431},
		"a field":              {get + "a: ", "b", 431},
		"fields":               {get, "a: b\r\n", 431},
		"fields for the relay": {get, "connection: a\r\n", 431},
		"zeros of a length":    {"POST /health HTTP/1.1\r\nHost: h\r\nContent-Length: ", "0", 431},
		"empty lines before":   {"", "\r\n", 431},
		"blanks before":        {"", " ", 431},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, sent := endless(t, dial(), "", c.begin, c.again, 64<<20)
			if sent >= 64<<20 {
				t.Error("it is read without end")
			}
			if status != c.want && status != 0 && status != 400 {
				t.Errorf("answered %d, not %d", status, c.want)
			}
		})
	}
}

// TestAHeadWithinItsLimitIsRead, with as many fields and as long a query as there is room for.
func TestAHeadWithinItsLimitIsRead(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	for name, head := range map[string]string{
		"fields":       "GET /health HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("a: b\r\n", 1200) + "\r\n",
		"own fields":   "GET /health HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("connection: a\r\n", 500) + "\r\n",
		"a query":      "GET /health?" + strings.Repeat("a=b&", 1900) + " HTTP/1.1\r\nHost: h\r\n\r\n",
		"many zeros":   "POST /health HTTP/1.1\r\nHost: h\r\nContent-Length: " + strings.Repeat("0", 7000) + "\r\n\r\n",
		"byte by byte": "",
	} {
		conn := dialer(t, b)()
		pieces := []string{head}
		if head == "" {
			pieces = strings.Split("GET /health HTTP/1.1\r\nHost: h\r\n\r\n", "")
		}
		if got, _ := raw(t, conn, 1, pieces...); len(got) != 1 || got[0] != 200 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestWhoAsksAndReadsNothingIsLeft: its connection is not held for ever, and no more is read of it than was answered.
func TestWhoAsksAndReadsNothingIsLeft(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Timeouts.WriteStall = 200 * ms }))
	conn := dialer(t, b)()
	_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	many := strings.Repeat("GET /health HTTP/1.1\r\nHost: h\r\n\r\n", 1000)
	for sent := 0; ; {
		n, err := io.WriteString(conn, many)
		if sent += n; err != nil {
			return
		}
		if sent > 256<<20 {
			t.Fatal("it is read without end")
		}
	}
}
