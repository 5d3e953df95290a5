package upstream_test

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crs/internal/secret"
	"crs/proxyengine/upstream"
)

func TestRequestsGoThroughTheProxy(t *testing.T) {
	t.Parallel()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	t.Cleanup(srv.Close)
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	t.Cleanup(plain.Close)
	for scheme, start := range map[string]func(*testing.T, string, string) (string, *atomic.Int64){"http": httpProxy, "socks5": socksProxy} {
		for login, credentials := range map[string][2]string{"open": {}, "with credentials": {"u@x", "p:1%"}} {
			t.Run(scheme+" "+login, func(t *testing.T) {
				t.Parallel()
				clients(t, func(t *testing.T, c upstream.Client) {
					addr, passed := start(t, credentials[0], credentials[1])
					via := scheme + "://" + addr
					if credentials[0] != "" {
						via = scheme + "://u%40x:p%3A1%25@" + addr
					}
					for _, url := range []string{srv.URL, plain.URL} {
						req := post(endpoint(t, url), "through")
						req.Proxy = parseProxy(t, via)
						a := mustDo(t, c, req)
						if got, err := readAll(a); err != nil || got != "through" {
							t.Errorf("%q came back, %v", got, err)
						}
						a.Close()
					}
					if n := passed.Load(); n != 2 {
						t.Errorf("%d connections passed the proxy", n)
					}
				})
			})
		}
	}
}

func TestABadProxyIsADialErrorAndNeverGoneRound(t *testing.T) {
	t.Parallel()
	var direct atomic.Int64
	target := script(t, func(_ int, _ *net.TCPConn, _ *bufio.Reader) { direct.Add(1) })
	locked, _ := httpProxy(t, "user", "right")
	lockedSocks, _ := socksProxy(t, "user", "right")
	none := script(t, func(_ int, conn *net.TCPConn, br *bufio.Reader) {
		_, _ = br.ReadString('\n')
		_, _ = io.WriteString(conn, "220 smtp ready\r\n")
	})
	stalled := script(t, func(_ int, _ *net.TCPConn, br *bufio.Reader) { _, _ = io.Copy(io.Discard, br) })
	for name, c := range map[string]struct {
		proxy string
		says  string
	}{
		"refused":            {"http://127.0.0.1:1", "refused"},
		"wrong password":     {"http://user:wrong@" + locked, "407"},
		"socks password":     {"socks5://user:wrong@" + lockedSocks, "authentication"},
		"no proxy at all":    {"http://" + none.Addr, "does not answer like"},
		"hangs (http)":       {"http://" + stalled.Addr, "timed out"},
		"hangs (socks)":      {"socks5://" + stalled.Addr, "timed out"},
		"hangs (TLS proxy)":  {"https://" + stalled.Addr, "timed out"},
		"speaks before time": {"socks5://" + none.Addr, "connect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clients(t, func(t *testing.T, client upstream.Client) {
				req := post(target, "{}")
				req.Proxy, req.Clocks.Connect = parseProxy(t, c.proxy), 300*time.Millisecond
				_, err := client.Do(new(upstream.Call), req)
				e := failure(t, err)
				if e.Phase != upstream.Dial || e.Sent || !strings.Contains(err.Error(), c.says) {
					t.Errorf("phase %q, sent %v: %v", e.Phase, e.Sent, err)
				}
				if strings.Contains(err.Error(), "wrong") {
					t.Errorf("the error shows the password: %v", err)
				}
			})
		})
	}
	t.Cleanup(func() {
		if direct.Load() != 0 {
			t.Error("a request went past its proxy")
		}
	})
}

func TestProxyURLs(t *testing.T) {
	t.Parallel()
	for url, addr := range map[string]string{
		"http://proxy": "proxy:8080", "https://proxy": "proxy:443", "socks5://[::1]:9": "[::1]:9", "socks5h://u:p@h": "h:1080",
	} {
		if p, err := upstream.ParseProxy(secret.New(url)); err != nil || p.Addr() != addr {
			t.Errorf("%s: %v, %v", url, p, err)
		}
	}
	for _, url := range []string{"", "proxy:80", "ftp://hush:hush@proxy", "http://", "http://hush hush", "http://hush:%zz@h"} {
		if _, err := upstream.ParseProxy(secret.New(url)); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func parseProxy(t *testing.T, url string) *upstream.Proxy {
	t.Helper()
	p, err := upstream.ParseProxy(secret.New(url))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// httpProxy is a CONNECT proxy; passed counts the tunnels it opened.
func httpProxy(t *testing.T, user, password string) (addr string, passed *atomic.Int64) {
	passed = new(atomic.Int64)
	want := ""
	if user != "" {
		want = "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	e := script(t, func(_ int, conn *net.TCPConn, br *bufio.Reader) {
		r, err := http.ReadRequest(br)
		if err != nil {
			return
		}
		if r.Method != "CONNECT" || r.Header.Get("Proxy-Authorization") != want {
			_, _ = io.WriteString(conn, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
			return
		}
		tunnel(conn, br, r.Host, "HTTP/1.1 200 OK\r\n\r\n", passed)
	})
	return e.Addr, passed
}

// socksProxy speaks as much of RFC 1928 and 1929 as a client needs.
func socksProxy(t *testing.T, user, password string) (addr string, passed *atomic.Int64) {
	passed = new(atomic.Int64)
	e := script(t, func(_ int, conn *net.TCPConn, br *bufio.Reader) {
		take := func(n int) []byte {
			b := make([]byte, n)
			_, _ = io.ReadFull(br, b)
			return b
		}
		str := func() string { return string(take(int(take(1)[0]))) }
		take(1)
		_ = str() // the methods offered
		if user == "" {
			_, _ = conn.Write([]byte{5, 0})
		} else {
			_, _ = conn.Write([]byte{5, 2})
			take(1)
			if u, p := str(), str(); u != user || p != password {
				_, _ = conn.Write([]byte{1, 1})
				return
			}
			_, _ = conn.Write([]byte{1, 0})
		}
		var host string
		switch take(4)[3] {
		case 1:
			host = net.IP(take(4)).String()
		case 3:
			host = str()
		default:
			return
		}
		port := binary.BigEndian.Uint16(take(2))
		tunnel(conn, br, net.JoinHostPort(host, strconv.Itoa(int(port))), "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", passed)
	})
	return e.Addr, passed
}

func tunnel(conn net.Conn, br *bufio.Reader, to, ok string, passed *atomic.Int64) {
	up, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	passed.Add(1)
	_, _ = io.WriteString(conn, ok)
	go func() {
		_, _ = io.Copy(up, br)
		_ = up.Close()
	}()
	_, _ = io.Copy(conn, up)
}
