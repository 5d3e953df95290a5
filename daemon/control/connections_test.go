package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"crs/ctl"
)

const most = 16

// counter is a control socket whose answers to /stay and /watch wait until they are let go.
type counter struct {
	*Server
	t       *testing.T
	came    chan struct{} // gets something for each that waits
	release chan struct{} // lets one go
	said    *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) count(words string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Count(b.b.String(), words)
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	dir, err := os.MkdirTemp("", "crs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	c := &counter{t: t, came: make(chan struct{}), release: make(chan struct{}), said: new(lockedBuffer)}
	if c.Server, err = Listen(filepath.Join(dir, "s"), most, nil, slog.New(slog.NewTextHandler(c.said, nil))); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Serve(c.handler()) }()
	t.Cleanup(func() {
		close(c.release)
		if err := errors.Join(c.Shutdown(context.Background()), <-ended); err != nil {
			t.Error(err)
		}
	})
	return c
}

func (c *counter) handler() *Handler {
	wait := func() {
		select {
		case c.came <- struct{}{}:
			<-c.release
		case <-c.release:
		}
	}
	h := NewHandler(Options{Log: slog.New(slog.DiscardHandler)})
	for _, r := range []route{
		{method: get, path: "/quick", serve: func(*http.Request) (any, error) { return "done", nil }},
		{method: post, path: "/deaf", serve: func(*http.Request) (any, error) { return nil, ctl.Errorf(ctl.Conflict, "not now") }},
		{method: post, path: "/put", serve: func(r *http.Request) (any, error) { return readUpTo[string](r, bodyMost) }},
		{method: get, path: "/stay", serve: func(*http.Request) (any, error) { wait(); return "done", nil }},
		{method: get, path: "/watch", endless: true, stream: func(w http.ResponseWriter, _ *http.Request) error {
			wait()
			_, err := io.WriteString(w, "over")
			return err
		}},
	} {
		h.mux.HandleFunc(r.path, h.guard(r))
	}
	return h
}

// dial connects, and asks for path unless that is empty.
func (c *counter) dial(path string) net.Conn {
	c.t.Helper()
	conn, err := net.Dial("unix", c.path)
	if err == nil && path != "" {
		_, err = io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: crs\r\n\r\n")
	}
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(time.Minute)) // so that what never comes fails the test
	return conn
}

// answer reads one; it is 0 where the connection was closed instead.
func (c *counter) answer(conn net.Conn) (status int, said *ctl.Error) {
	c.t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatal(err)
	}
	if err != nil {
		return 0, nil
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(resp.Body)
	var e struct{ Error *ctl.Error }
	_ = json.Unmarshal(body, &e)
	return resp.StatusCode, e.Error
}

// TestTheIdlestCallerMakesRoom: of hundreds of connections that ask for nothing, those that waited longest are closed, and who asks
// is answered.
func TestTheIdlestCallerMakesRoom(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	kept := c.dial("/quick")
	if status, _ := c.answer(kept); status != http.StatusOK {
		t.Fatal(status)
	}
	var crowd []net.Conn
	for range 300 {
		crowd = append(crowd, c.dial(""))
	}
	if status, _ := c.answer(c.dial("/quick")); status != http.StatusOK {
		t.Errorf("who asks is answered with %d", status)
	}
	for i, conn := range append([]net.Conn{kept}, crowd[:len(crowd)-most]...) {
		if status, _ := c.answer(conn); status != 0 {
			t.Errorf("connection %d was answered with %d", i, status)
		}
	}
	if n := c.said.count("too many connections"); n != 1 {
		t.Errorf("it was said %d times", n)
	}
}

// TestWhoIsAnsweredKeepsItsPlace: when every connection is being answered, the next are told that there is no room, as the contract
// says it; and there is again when one has ended.
func TestWhoIsAnsweredKeepsItsPlace(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	var busy []net.Conn
	for range most {
		busy = append(busy, c.dial("/stay"))
		<-c.came
	}
	for range 3 * beyond {
		status, said := c.answer(c.dial("/quick"))
		if status != http.StatusServiceUnavailable || said == nil || said.Code != ctl.Failed || said.Hint == "" {
			t.Fatalf("%d %+v", status, said)
		}
	}
	for range 100 { // that ask for nothing take no more places
		c.dial("")
	}
	if status, _ := c.answer(c.dial("/quick")); status != http.StatusServiceUnavailable {
		t.Errorf("%d", status)
	}
	for range busy {
		c.release <- struct{}{}
	}
	for _, conn := range busy {
		if status, _ := c.answer(conn); status != http.StatusOK {
			t.Errorf("who had a place was answered with %d", status)
		}
	}
	// A place is free when its handler has returned, a moment after its client has the answer.
	status := 0
	for end := time.Now().Add(10 * time.Second); status != http.StatusOK && time.Now().Before(end); {
		status, _ = c.answer(c.dial("/quick"))
	}
	if status != http.StatusOK {
		t.Errorf("%d with room again", status)
	}
}

func TestAtMostHalfWatch(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	for range most / 2 {
		c.dial("/watch")
		<-c.came
	}
	if status, said := c.answer(c.dial("/watch")); status != http.StatusServiceUnavailable || said == nil {
		t.Errorf("%d %+v", status, said)
	}
	if status, _ := c.answer(c.dial("/quick")); status != http.StatusOK {
		t.Errorf("%d while others watch", status)
	}
	c.release <- struct{}{}
	for c.watching() == most/2 {
		time.Sleep(time.Millisecond)
	}
	c.dial("/watch")
	<-c.came
}

func (c *counter) watching() int {
	c.open.mu.Lock()
	defer c.open.mu.Unlock()
	return c.open.streams
}

// TestEveryStreamIsCounted that has no end of its own.
func TestEveryStreamIsCounted(t *testing.T) {
	t.Parallel()
	for _, r := range new(Handler).routes() {
		if ends := r.path == "/metrics"; r.stream != nil && r.endless == ends {
			t.Errorf("%s: endless is %v", r.path, r.endless)
		}
	}
}
