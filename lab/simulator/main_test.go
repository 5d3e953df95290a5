package simulator_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"crs/lab/simulator"
)

// TestMain finds what the simulator leaves running. What a library of Google's client starts when it is loaded is not ours.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

// patience is how long a test waits for what must happen, on a busy machine.
const patience = time.Minute

const (
	ask       = `{"model":"claude-sonnet-5","max_tokens":64,"messages":[{"role":"user","content":"Say pong for my ping."}]}`
	askStream = `{"model":"claude-sonnet-5","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"Say pong for my ping."}]}`
)

// sim is a running simulator and a client for it.
type sim struct {
	*simulator.Server
	t      *testing.T
	client *http.Client
}

func start(t *testing.T, script string) *sim {
	t.Helper()
	return startWith(t, simulator.Options{Script: script})
}

func startWith(t *testing.T, o simulator.Options) *sim {
	t.Helper()
	s, err := simulator.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &sim{Server: s, t: t, client: &http.Client{Transport: transport, Timeout: patience}}
}

// answer is what came back. err is what ended the body early.
type answer struct {
	status int
	header http.Header
	body   string
	err    error
}

// do sends a request; fields are "name: value". An error before the status line leaves status 0.
func (s *sim) do(method, path, body string, fields ...string) answer {
	s.t.Helper()
	req, err := http.NewRequest(method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		req.Header.Set(name, value)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, body: string(b), err: err}
}

// post sends a prompt with an API key.
func (s *sim) post(key, body string) answer {
	s.t.Helper()
	return s.do("POST", "/v1/messages", body, "x-api-key: "+key, "anthropic-version: 2023-06-01")
}

// idle waits until nothing runs and gives what was recorded.
func (s *sim) idle() []simulator.Request {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.WaitIdle(ctx); err != nil {
		s.t.Fatal(err)
	}
	return s.Requests()
}

func (s *sim) arrived(n int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.WaitRequests(ctx, n); err != nil {
		s.t.Fatal(err)
	}
}

// last is the newest record, once nothing runs.
func (s *sim) last() simulator.Request {
	s.t.Helper()
	all := s.idle()
	if len(all) == 0 {
		s.t.Fatal("nothing was recorded")
	}
	return all[len(all)-1]
}

// raw is a connection without a client library in between.
type raw struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

func (s *sim) dial() *raw {
	s.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	return &raw{Conn: c, t: s.t, r: bufio.NewReader(c)}
}

func request(key, body string) string {
	return "POST /v1/messages HTTP/1.1\r\nHost: sim\r\nx-api-key: " + key + "\r\nanthropic-version: 2023-06-01\r\n" +
		"Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

func (c *raw) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
}

// rest reads until the connection ends.
func (c *raw) rest() (string, error) {
	b, err := io.ReadAll(c.r)
	return string(b), err
}

// until reads up to and including mark.
func (c *raw) until(mark string) string {
	c.t.Helper()
	var got []byte
	for !bytes.HasSuffix(got, []byte(mark)) {
		b, err := c.r.ReadByte()
		if err != nil {
			c.t.Fatalf("waiting for %q: %v after %q", mark, err, got)
		}
		got = append(got, b)
	}
	return string(got)
}

// silent wants nothing to come for a moment. Nothing can be read afterwards.
func (c *raw) silent() {
	c.t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		c.t.Fatal(err)
	}
	if after, err := c.rest(); after != "" || !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Errorf("%q and %v follow at once", after, err)
	}
}

// events counts the whole events in an SSE body.
func events(body string) int { return strings.Count(body, "\n\n") }
