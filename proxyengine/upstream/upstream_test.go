package upstream_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"crs/lab/freeport"
	"crs/proxyengine/provider"
	"crs/proxyengine/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clients runs a test over both implementations.
func clients(t *testing.T, test func(t *testing.T, c upstream.Client)) {
	t.Helper()
	insecure := &tls.Config{InsecureSkipVerify: true}
	t.Run("pool", func(t *testing.T) {
		t.Parallel()
		c := upstream.NewPool(upstream.PoolOptions{TLS: insecure, IdleFor: time.Minute})
		t.Cleanup(c.Close)
		test(t, c)
	})
	t.Run("std", func(t *testing.T) {
		t.Parallel()
		c := upstream.NewStd(upstream.StdOptions{TLS: insecure, IdleFor: time.Minute})
		t.Cleanup(c.Close)
		test(t, c)
	})
}

// script answers each connection with a function: the bytes on the wire are exactly what a test says.
func script(t *testing.T, serve func(n int, conn *net.TCPConn, br *bufio.Reader)) provider.Endpoint {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := 0; ; n++ {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				serve(n, conn.(*net.TCPConn), bufio.NewReader(conn))
			}()
		}
	}()
	t.Cleanup(func() { _ = ln.Close(); <-done })
	return endpoint(t, "http://"+ln.Addr().String())
}

func endpoint(t *testing.T, url string) provider.Endpoint {
	t.Helper()
	e, err := provider.ParseEndpoint(url)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func post(to provider.Endpoint, body string) *upstream.Request {
	return &upstream.Request{
		Endpoint: to, Method: "POST", Target: "/v1/messages?beta=true",
		Header: provider.Header{{Name: "x-App", Value: "cli"}, {Name: "Content-Type", Value: "application/json"}},
		Body:   [][]byte{[]byte(body)},
		Clocks: upstream.Clocks{Connect: time.Minute, Write: time.Minute, FirstByte: time.Minute, Idle: time.Minute},
	}
}

func readRequest(br *bufio.Reader) (*http.Request, string) {
	r, err := http.ReadRequest(br)
	if err != nil {
		return nil, ""
	}
	b, _ := io.ReadAll(r.Body)
	return r, string(b)
}

func readAll(a *upstream.Answer) (string, error) {
	var all []byte
	for {
		b, err := a.Next()
		if err == io.EOF {
			return string(all), nil
		}
		if err != nil {
			return string(all), err
		}
		all = append(all, b...)
	}
}

func mustDo(t *testing.T, c upstream.Client, req *upstream.Request) *upstream.Answer {
	t.Helper()
	a, err := c.Do(new(upstream.Call), req)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func failure(t *testing.T, err error) *upstream.Error {
	t.Helper()
	var e *upstream.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v (%T) is not an *upstream.Error", err, err)
	}
	return e
}

func TestBodiesOfEveryFramingArriveWhole(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("0123456789abcdef", 8<<10)
	for name, c := range map[string]struct{ answer, want string }{
		"content length":   {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"},
		"large":            {fmt.Sprintf("HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s", len(big), big), big},
		"empty":            {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""},
		"no content":       {"HTTP/1.1 204 No Content\r\n\r\n", ""},
		"until close":      {"HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end"},
		"chunked":          {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n,\r\n6\r\n world\r\n0\r\n\r\n", "hello, world"},
		"chunked, trailer": {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nB\r\nhello world\r\n0\r\nX-A: b\r\n\r\n", "hello world"},
		"after a 100":      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clients(t, func(t *testing.T, client upstream.Client) {
				to := script(t, func(_ int, conn *net.TCPConn, br *bufio.Reader) {
					readRequest(br)
					_, _ = io.WriteString(conn, c.answer)
				})
				a := mustDo(t, client, post(to, "{}"))
				defer a.Close()
				if got, err := readAll(a); err != nil || got != c.want {
					t.Errorf("body of %d bytes (%v), want %d", len(got), err, len(c.want))
				}
			})
		})
	}
}

func TestTheRequestArrivesAsGiven(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("é\x00\"", 100<<10)
	for name, parts := range map[string][]string{
		"small": {`{"a":1}`}, "in parts": {`{"model":`, `"b"`, `}`}, "large": {large}, "large in parts": {large, "-", large}, "none": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clients(t, func(t *testing.T, client upstream.Client) {
				type seen struct {
					req  *http.Request
					body string
				}
				got := make(chan seen, 1)
				to := script(t, func(_ int, conn *net.TCPConn, br *bufio.Reader) {
					r, b := readRequest(br)
					got <- seen{r, b}
					_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				})
				req := post(to, "")
				req.Body = nil
				for _, p := range parts {
					req.Body = append(req.Body, []byte(p))
				}
				mustDo(t, client, req).Close()
				s := <-got
				if s.body != strings.Join(parts, "") {
					t.Errorf("body of %d bytes arrived", len(s.body))
				}
				if s.req.RequestURI != "/v1/messages?beta=true" || s.req.Host != to.Host || s.req.Header.Get("X-App") != "cli" || s.req.UserAgent() != "" {
					t.Errorf("request line %q, host %q, header %v", s.req.RequestURI, s.req.Host, s.req.Header)
				}
			})
		})
	}
}

func TestTheHeadersOfAnAnswerKeepTheirValues(t *testing.T) {
	t.Parallel()
	clients(t, func(t *testing.T, c upstream.Client) {
		to := script(t, func(_ int, conn *net.TCPConn, br *bufio.Reader) {
			readRequest(br)
			_, _ = io.WriteString(conn, "HTTP/1.1 429 Too Many Requests\r\nretry-after: 12\r\nRequest-Id: req_1\r\nX-Twice: a\r\nX-Twice: b\r\nContent-Length: 2\r\n\r\n{}")
		})
		a := mustDo(t, c, post(to, "{}"))
		defer a.Close()
		if a.Status != 429 || a.Header.Get("Retry-After") != "12" || a.Header.Get("request-id") != "req_1" || len(a.Header.Values("x-twice")) != 2 {
			t.Errorf("status %d, header %v", a.Status, a.Header)
		}
	})
}

func TestCancelEndsEveryPhaseAndTheUpstreamSeesIt(t *testing.T) {
	t.Parallel()
	const event = "5\r\nhello\r\n"
	for phase, answer := range map[string]string{
		"before the first byte": "",
		"within the head":       "HTTP/1.1 200 OK\r\nContent-",
		"between events":        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + event,
	} {
		t.Run(phase, func(t *testing.T) {
			t.Parallel()
			clients(t, func(t *testing.T, c upstream.Client) {
				ready, gone := make(chan struct{}), make(chan struct{})
				to := script(t, func(_ int, conn *net.TCPConn, br *bufio.Reader) {
					readRequest(br)
					_, _ = io.WriteString(conn, answer)
					close(ready)
					_, _ = br.ReadByte()
					close(gone)
				})
				call := new(upstream.Call)
				go func() { <-ready; call.Cancel() }()
				a, err := c.Do(call, post(to, "{}"))
				if err == nil {
					_, err = readAll(a)
					a.Close()
				}
				if !errors.Is(err, upstream.ErrCanceled) {
					t.Errorf("error %v", err)
				}
				select {
				case <-gone:
				case <-time.After(time.Minute):
					t.Error("the upstream did not see the end")
				}
			})
		})
	}
}

func TestCancelEndsADialAndASend(t *testing.T) {
	t.Parallel()
	clients(t, func(t *testing.T, c upstream.Client) {
		call := new(upstream.Call)
		call.Cancel()
		if _, err := c.Do(call, post(endpoint(t, "http://127.0.0.1:1"), "{}")); !errors.Is(err, upstream.ErrCanceled) {
			t.Errorf("a call cancelled before its start: %v", err)
		}
		accepted := make(chan struct{})
		hold := make(chan struct{})
		defer close(hold)
		to := script(t, func(_ int, _ *net.TCPConn, _ *bufio.Reader) { close(accepted); <-hold })
		call = new(upstream.Call)
		go func() { <-accepted; call.Cancel() }()
		if _, err := c.Do(call, post(to, strings.Repeat("x", 64<<20))); !errors.Is(err, upstream.ErrCanceled) {
			t.Errorf("a call cancelled while sending: %v", err)
		}
	})
}

func TestEachClockEndsItsPhase(t *testing.T) {
	t.Parallel()
	const short = 50 * time.Millisecond
	for name, c := range map[string]struct {
		set    func(*upstream.Clocks)
		answer string
		body   int
		phase  upstream.Phase
		sent   bool
	}{
		"send":       {func(k *upstream.Clocks) { k.Write = short }, "-", 64 << 20, upstream.Write, false},
		"first byte": {func(k *upstream.Clocks) { k.FirstByte = short }, "", 2, upstream.Head, true},
		"idle":       {func(k *upstream.Clocks) { k.Idle = short }, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", 2, upstream.Body, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clients(t, func(t *testing.T, client upstream.Client) {
				if _, ok := client.(*upstream.Std); ok && name == "send" {
					t.Skip("net/http has no clock for sending; the engine uses it for HTTP/2 only")
				}
				hold := make(chan struct{})
				defer close(hold)
				to := script(t, func(_ int, conn *net.TCPConn, br *bufio.Reader) {
					if c.answer != "-" {
						readRequest(br)
						_, _ = io.WriteString(conn, c.answer)
					}
					<-hold
				})
				req := post(to, strings.Repeat("x", c.body))
				c.set(&req.Clocks)
				a, err := client.Do(new(upstream.Call), req)
				if err == nil {
					_, err = readAll(a)
					a.Close()
				}
				if e := failure(t, err); !e.Timeout || e.Phase != c.phase || e.Sent != c.sent {
					t.Errorf("phase %q, timeout %v, sent %v (%v)", e.Phase, e.Timeout, e.Sent, e)
				}
			})
		})
	}
}

func TestTheConnectClockCoversTheTLSHandshake(t *testing.T) {
	t.Parallel()
	clients(t, func(t *testing.T, c upstream.Client) {
		hold := make(chan struct{})
		defer close(hold)
		to := script(t, func(_ int, _ *net.TCPConn, _ *bufio.Reader) { <-hold })
		to.TLS = true
		req := post(to, "{}")
		req.Clocks.Connect = 50 * time.Millisecond
		_, err := c.Do(new(upstream.Call), req)
		if e := failure(t, err); e.Phase != upstream.Dial || !e.Timeout || e.Sent {
			t.Errorf("phase %q, timeout %v, sent %v (%v)", e.Phase, e.Timeout, e.Sent, e)
		}
	})
}

func TestAReadThatWasTooSlowMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	clients(t, func(t *testing.T, c upstream.Client) {
		more := make(chan struct{})
		to := script(t, func(_ int, conn *net.TCPConn, br *bufio.Reader) {
			readRequest(br)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n")
			<-more
			_, _ = io.WriteString(conn, "2\r\nlo\r\n0\r\n\r\n")
		})
		req := post(to, "{}")
		req.Clocks.Idle = 100 * time.Millisecond
		a := mustDo(t, c, req)
		defer a.Close()
		b, err := a.Next()
		got := string(b)
		if err != nil || got != "hel" {
			t.Fatalf("%q, %v", got, err)
		}
		_, err = a.Next()
		if e := failure(t, err); !e.Timeout {
			t.Fatal(err)
		}
		a.SetIdle(time.Minute)
		close(more)
		rest, err := readAll(a)
		if err != nil || got+rest != "hello" {
			t.Errorf("%q then %q, %v", got, rest, err)
		}
	})
}

func TestAConnectionIsUsedAgainOnlyAfterACompleteAnswer(t *testing.T) {
	t.Parallel()
	clients(t, func(t *testing.T, c upstream.Client) {
		var conns atomic.Int64
		to := script(t, func(_ int, conn *net.TCPConn, br *bufio.Reader) {
			conns.Add(1)
			for {
				if r, _ := readRequest(br); r == nil {
					return
				}
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
			}
		})
		for range 4 {
			a := mustDo(t, c, post(to, "{}"))
			if _, err := readAll(a); err != nil {
				t.Fatal(err)
			}
			a.Close()
		}
		if n := conns.Load(); n != 1 {
			t.Errorf("4 answers read to the end took %d connections", n)
		}
		mustDo(t, c, post(to, "{}")).Close()
		a := mustDo(t, c, post(to, "{}"))
		defer a.Close()
		if n := conns.Load(); n != 2 {
			t.Errorf("after an answer that was not read there are %d connections", n)
		}
	})
}

func TestOwnersDoNotShareConnections(t *testing.T) {
	t.Parallel()
	clients(t, func(t *testing.T, c upstream.Client) {
		var conns atomic.Int64
		to := script(t, func(_ int, conn *net.TCPConn, br *bufio.Reader) {
			conns.Add(1)
			for r, _ := readRequest(br); r != nil; r, _ = readRequest(br) {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
		})
		for _, owner := range []string{"a", "b", "a"} {
			req := post(to, "{}")
			req.Owner = owner
			a := mustDo(t, c, req)
			_, _ = readAll(a)
			a.Close()
		}
		if n := conns.Load(); n != 2 {
			t.Errorf("two owners used %d connections", n)
		}
	})
}

func TestConnectionsFindTheirPlaceAfterASweep(t *testing.T) {
	t.Parallel()
	var conns atomic.Int64
	gone := make(chan struct{}, 8)
	to := script(t, func(_ int, conn *net.TCPConn, br *bufio.Reader) {
		conns.Add(1)
		for r, _ := readRequest(br); r != nil; r, _ = readRequest(br) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
		gone <- struct{}{}
	})
	c := upstream.NewPool(upstream.PoolOptions{IdleFor: time.Second})
	t.Cleanup(c.Close)
	together := func(n int) (all []*upstream.Answer) {
		for range n {
			a := mustDo(t, c, post(to, "{}"))
			if _, err := readAll(a); err != nil {
				t.Fatal(err)
			}
			all = append(all, a)
		}
		return all
	}
	first := together(3) // each was dialled when nothing was idle
	first[0].Close()
	<-gone // swept, and its place with it
	first[1].Close()
	first[2].Close()
	for _, a := range together(2) {
		a.Close()
	}
	if n := conns.Load(); n != 3 {
		t.Errorf("5 requests, three and then two at the same time, took %d connections", n)
	}
}

func TestAConnectionThatTheUpstreamClosedWhileIdleCostsNothing(t *testing.T) {
	t.Parallel()
	clients(t, func(t *testing.T, c upstream.Client) {
		closed := make(chan struct{}, 8)
		to := script(t, func(_ int, conn *net.TCPConn, br *bufio.Reader) {
			readRequest(br)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			_ = conn.Close()
			closed <- struct{}{}
		})
		for range 5 {
			a := mustDo(t, c, post(to, "{}"))
			if _, err := readAll(a); err != nil {
				t.Fatal(err)
			}
			a.Close()
			<-closed
			time.Sleep(5 * time.Millisecond) // for net/http's own reader to see the close; the pool looks by itself
		}
	})
}

func TestNothingIsSentTwice(t *testing.T) {
	t.Parallel()
	clients(t, func(t *testing.T, c upstream.Client) {
		var executed atomic.Int64
		to := script(t, func(n int, conn *net.TCPConn, br *bufio.Reader) {
			for i := 0; ; i++ {
				if r, _ := readRequest(br); r == nil {
					return
				}
				executed.Add(1)
				if i > 0 || n > 0 {
					return // dies after it has read the request
				}
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			}
		})
		a := mustDo(t, c, post(to, "{}"))
		_, _ = readAll(a)
		a.Close()
		_, err := c.Do(new(upstream.Call), post(to, "{}"))
		if e := failure(t, err); !e.Sent || e.Phase != upstream.Head {
			t.Errorf("phase %q, sent %v", e.Phase, e.Sent)
		}
		if n := executed.Load(); n != 2 {
			t.Errorf("two requests were executed %d times", n)
		}
	})
}

func TestAnAnswerGivenBeforeTheBodyWasReadIsDelivered(t *testing.T) {
	t.Parallel()
	c := upstream.NewPool(upstream.PoolOptions{IdleFor: time.Minute})
	t.Cleanup(c.Close)
	to := script(t, func(_ int, conn *net.TCPConn, br *bufio.Reader) {
		_, _ = br.ReadString('\n')
		_, _ = io.WriteString(conn, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n{}")
		_ = conn.CloseWrite()
		time.Sleep(20 * time.Millisecond) // long enough for the client to fill the socket
		_ = conn.CloseRead()
	})
	a, err := c.Do(new(upstream.Call), post(to, strings.Repeat("x", 64<<20)))
	if err != nil {
		t.Skipf("the kernel dropped the answer with the connection: %v", err)
	}
	defer a.Close()
	if body, _ := readAll(a); a.Status != 413 || body != "{}" {
		t.Errorf("status %d, body %q", a.Status, body)
	}
}

func TestWhatIsNoHTTPIsAnErrorThatDoesNotQuoteIt(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"noise":          "SSH-2.0-OpenSSH_9.2 hush\r\n\r\n",
		"half a head":    "HTTP/1.1 200 OK\r\nX-Hush: hush",
		"endless head":   "HTTP/1.1 200 OK\r\nX-Hush: " + strings.Repeat("hush", 64<<10) + "\r\n\r\n",
		"nothing":        "",
		"switched":       "HTTP/1.1 101 Switching Protocols\r\nX-Hush: hush\r\n\r\n",
		"negative chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhush\r\n0\r\n\r\n",
		"endless chunk":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhush",
		"cut chunk":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhush",
		"cut body":       "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhush",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clients(t, func(t *testing.T, c upstream.Client) {
				to := script(t, func(_ int, conn *net.TCPConn, br *bufio.Reader) {
					readRequest(br)
					_, _ = io.WriteString(conn, answer)
				})
				a, err := c.Do(new(upstream.Call), post(to, "{}"))
				if err == nil {
					_, err = readAll(a)
					a.Close()
				}
				if e := failure(t, err); !e.Sent || strings.Contains(err.Error(), "hush") {
					t.Errorf("sent %v, %v", e.Sent, err)
				}
			})
		})
	}
}

func TestARefusedConnectionIsADialErrorThatSentNothing(t *testing.T) {
	t.Parallel()
	clients(t, func(t *testing.T, c upstream.Client) {
		_, err := c.Do(new(upstream.Call), post(endpoint(t, "http://"+freeport.For(t)), "{}"))
		if e := failure(t, err); e.Phase != upstream.Dial || e.Sent || e.Timeout {
			t.Errorf("phase %q, sent %v, timeout %v", e.Phase, e.Sent, e.Timeout)
		}
	})
}

func TestTLSUpstreamsWork(t *testing.T) {
	t.Parallel()
	clients(t, func(t *testing.T, c upstream.Client) {
		srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(w, r.Body)
		}))
		defer srv.Close()
		body := strings.Repeat("x", 300<<10)
		for range 2 {
			a := mustDo(t, c, post(endpoint(t, srv.URL), body))
			if got, err := readAll(a); err != nil || got != body {
				t.Errorf("%d bytes came back, %v", len(got), err)
			}
			a.Close()
		}
	})
}

func TestChunksComeTogetherWhenTheyArriveTogether(t *testing.T) {
	t.Parallel()
	c := upstream.NewPool(upstream.PoolOptions{})
	to := script(t, func(_ int, conn *net.TCPConn, br *bufio.Reader) {
		readRequest(br)
		var b bytes.Buffer
		b.WriteString("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		for range 50 {
			b.WriteString("A\r\ndata: {}\n\n\r\n")
		}
		b.WriteString("0\r\n\r\n")
		_, _ = conn.Write(b.Bytes())
	})
	a := mustDo(t, c, post(to, "{}"))
	defer a.Close()
	pieces, total := 0, 0
	for {
		b, err := a.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		pieces, total = pieces+1, total+len(b)
	}
	if total != 500 || pieces > 3 {
		t.Errorf("%d bytes in %d pieces", total, pieces)
	}
}
