package upstream_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"

	"crs/proxyengine/provider"
	"crs/proxyengine/upstream"
)

// TestAStatusOutsideOfTwoToFiveHundredsIsNoAnswer: it is the upstream's failure, whatever comes with it.
func TestAStatusOutsideOfTwoToFiveHundredsIsNoAnswer(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"0", "00", "000", "001", "099", "99", "101", "600", "999", "1000", "2000", "-1", "-20", "+20", "2e2", "0x1", "OK", "", " 200", "20O"} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			to := script(t, func(_ int, conn *net.TCPConn, br *bufio.Reader) {
				_, _ = readRequest(br)
				_, _ = io.WriteString(conn, "HTTP/1.1 "+status+" Hush\r\nContent-Length: 2\r\n\r\n{}")
			})
			clients(t, func(t *testing.T, c upstream.Client) {
				a, err := c.Do(new(upstream.Call), post(to, "{}"))
				if status == " 200" && err == nil { // net/http takes it for what it is
					a.Close()
					return
				}
				if e := failure(t, err); e.Phase != upstream.Head || !e.Sent || e.Timeout || strings.Contains(e.Error(), "Hush") {
					t.Errorf("phase %q, sent %v, timeout %v: %v", e.Phase, e.Sent, e.Timeout, err)
				}
			})
		})
	}
}

// TestAFewInterimAnswersAreSkippedAndAFloodIsNot however small each is.
func TestAFewInterimAnswersAreSkippedAndAFloodIsNot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		heads int
		fails bool
	}{"none": {0, false}, "a few": {8, false}, "a flood": {9, true}, "without end": {1 << 20, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := script(t, func(_ int, conn *net.TCPConn, br *bufio.Reader) {
				_, _ = readRequest(br)
				for range c.heads {
					if _, err := io.WriteString(conn, "HTTP/1.1 103 Early Hints\r\n\r\n"); err != nil {
						return
					}
				}
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			})
			clients(t, func(t *testing.T, client upstream.Client) {
				a, err := client.Do(new(upstream.Call), post(to, "{}"))
				if c.fails {
					if e := failure(t, err); e.Phase != upstream.Head || !strings.Contains(e.Error(), "1xx") {
						t.Errorf("%v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if got, err := readAll(a); err != nil || got != "ok" {
					t.Errorf("%q, %v", got, err)
				}
				a.Close()
			})
		})
	}
}

// TestWhatWouldEndALineOfTheHeadIsNotSent, wherever it stands.
func TestWhatWouldEndALineOfTheHeadIsNotSent(t *testing.T) {
	t.Parallel()
	to := script(t, func(_ int, _ *net.TCPConn, br *bufio.Reader) {
		if r, _ := readRequest(br); r != nil {
			t.Errorf("it was sent: %s %s %v", r.Method, r.RequestURI, r.Header)
		}
	})
	for name, change := range map[string]func(r *upstream.Request, bad string){
		"the method":     func(r *upstream.Request, bad string) { r.Method += bad },
		"the target":     func(r *upstream.Request, bad string) { r.Target += bad + "x" },
		"the host":       func(r *upstream.Request, bad string) { r.Endpoint.Host += bad },
		"a field's name": func(r *upstream.Request, bad string) { r.Header[0].Name += bad + "a" },
		"a field":        func(r *upstream.Request, bad string) { r.Header[0].Value += bad + "X-Smuggled: 1" },
		"a field's end":  func(r *upstream.Request, bad string) { r.Header[1].Value += bad },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clients(t, func(t *testing.T, c upstream.Client) {
				for _, bad := range []string{"\r\n", "\n", "\r", "\x00", "\r\n\r\nGET / HTTP/1.1\r\n\r\n"} {
					r := post(to, "{}")
					r.Header = append(provider.Header(nil), r.Header...)
					change(r, bad)
					if _, err := c.Do(new(upstream.Call), r); !upstream.Unsendable(err) || failure(t, err).Sent {
						t.Errorf("%q: %v", bad, err)
					}
				}
			})
		})
	}
}
