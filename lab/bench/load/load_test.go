package load

import (
	"context"
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
)

// server runs a handler and gives its address, and a request to it.
func server(t *testing.T, h http.HandlerFunc) (addr string, request []byte) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	addr = s.Listener.Addr().String()
	return addr, fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 5\r\n\r\nhello", addr)
}

const text = "event: a\ndata: {}\n\nevent: message_stop\ndata: {}\n\n"

var wanted = Want{Length: int64(len(text)), End: "stop\ndata: {}\n\n"}

func answer200(w http.ResponseWriter, r *http.Request) {
	if b, err := io.ReadAll(r.Body); err != nil || string(b) != "hello" {
		w.WriteHeader(http.StatusBadRequest)
	}
	_, _ = io.WriteString(w, text)
}

func TestALoopGoesOnUntilItIsStopped(t *testing.T) {
	t.Parallel()
	var seen atomic.Int64
	enough := make(chan struct{})
	addr, request := server(t, func(w http.ResponseWriter, r *http.Request) {
		answer200(w, r)
		if seen.Add(1) == 100 {
			close(enough)
		}
	})
	run := Loop{Addr: addr, Requests: [][]byte{request}, Conns: 4, Want: wanted}.Start(t.Context())
	<-enough
	if err := run.Stop(); err != nil {
		t.Fatal(err)
	}
	if got := run.Done(); got != seen.Load() {
		t.Errorf("%d answers counted, %d given", got, seen.Load())
	}
}

func TestAWrongAnswerFailsTheRun(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]http.HandlerFunc{
		"status": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(529); answer200(w, r) },
		"length": func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "x"); answer200(w, r) },
		"end":    func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", len(text))) },
		"cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "50")
			_, _ = io.WriteString(w, "half")
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr, request := server(t, wrong)
			run := Loop{Addr: addr, Requests: [][]byte{request}, Conns: 2, Want: wanted}.Start(t.Context())
			if err := run.Sleep(time.Minute); err == nil {
				t.Error("the run goes on")
			}
			crowd := Crowd{Addr: addr, Requests: [][]byte{request}, Want: wanted}.Start(t.Context())
			if err := crowd.Wait(); err == nil || crowd.Done() != 0 {
				t.Error("the crowd took it for an answer")
			}
			pace := Pace{Addr: addr, Request: request, Rate: 100, For: 100 * time.Millisecond, Want: wanted}
			if _, err := pace.Run(t.Context()); err == nil {
				t.Error("it was timed")
			}
		})
	}
}

func TestACrowdIsUnderWayAllAtOnce(t *testing.T) {
	t.Parallel()
	const n = 20
	all := make(chan struct{})
	var here atomic.Int64
	addr, request := server(t, func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, text[:30]) // the first event, and the beginning of the second
		w.(http.Flusher).Flush()
		if here.Add(1) == n {
			close(all)
		}
		select {
		case <-all:
		case <-r.Context().Done():
		}
		_, _ = io.WriteString(w, text[30:])
	})
	requests := make([][]byte, n)
	for i := range requests {
		requests[i] = request
	}
	run := Crowd{Addr: addr, Requests: requests, Ramp: 20 * time.Millisecond, Want: wanted}.Start(t.Context())
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}
	if run.Done() != n || run.Begun() != n || run.Events() != 2*n {
		t.Errorf("%d done, %d begun, %d events", run.Done(), run.Begun(), run.Events())
	}
}

func TestAPaceDoesNotWaitForAnAnswerAndChargesAStallFromWhenItsRequestWasDue(t *testing.T) {
	t.Parallel()
	const rate, later = 500, 100
	var seen atomic.Int64
	enough := make(chan struct{})
	addr, request := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch seen.Add(1) {
		case 1: // is answered when many later ones have come
			select {
			case <-enough:
			case <-time.After(20 * time.Second):
				t.Error("no other request came while one was not answered")
			}
		case 1 + later:
			close(enough)
		}
		answer200(w, r)
	})
	times, err := Pace{Addr: addr, Request: request, Rate: rate, For: 2 * later * time.Second / rate, Want: wanted}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(times) != 2*later {
		t.Errorf("%d answers were timed, not %d", len(times), 2*later)
	}
	// Half of it, because the one that came first need not be the one that was due first.
	if longest, least := times[len(times)-1], later*time.Second/rate/2; longest < least {
		t.Errorf("the answer that stalled was charged %s, not at least %s", longest, least)
	}
}

func TestAPaceOpensMoreConnectionsWhenAllAreBusy(t *testing.T) {
	t.Parallel()
	var seen atomic.Int64
	enough := make(chan struct{})
	addr, request := server(t, func(w http.ResponseWriter, r *http.Request) {
		if seen.Add(1) == spare+5 {
			close(enough)
		}
		select {
		case <-enough:
		case <-time.After(20 * time.Second):
			t.Error("no more requests came than there were connections at first")
		}
		answer200(w, r)
	})
	times, err := Pace{Addr: addr, Request: request, Rate: 1000, For: (spare + 10) * time.Millisecond, Want: wanted}.Run(t.Context())
	if err != nil || len(times) != spare+10 {
		t.Errorf("%d answers were timed; %v", len(times), err)
	}
}

func TestWhatIsSkippedIsNotTimed(t *testing.T) {
	t.Parallel()
	addr, request := server(t, answer200)
	times, err := Pace{Addr: addr, Request: request, Rate: 1000, Skip: 30 * time.Millisecond, For: 20 * time.Millisecond, Want: wanted}.Run(t.Context())
	if err != nil || len(times) != 20 {
		t.Errorf("%d answers were timed; %v", len(times), err)
	}
}

func TestLoadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	addr, request := server(t, func(w http.ResponseWriter, r *http.Request) { // says nothing
		_, _ = io.ReadAll(r.Body)
		<-r.Context().Done()
	})
	ctx, stop := context.WithCancel(t.Context())
	run := Crowd{Addr: addr, Requests: [][]byte{request}, Want: wanted}.Start(ctx)
	stop()
	if err := run.Wait(); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}

func TestLengthOfGivesTheLengthOfAGoodAnswer(t *testing.T) {
	t.Parallel()
	addr, request := server(t, answer200)
	if n, err := LengthOf(t.Context(), addr, request); err != nil || n != int64(len(text)) {
		t.Errorf("got %d and %v", n, err)
	}
	addr, request = server(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no such model", 404) })
	if _, err := LengthOf(t.Context(), addr, request); err == nil || !strings.Contains(err.Error(), "no such model") {
		t.Errorf("the error does not say what came: %v", err)
	}
}

func TestAnswersAreReadHoweverTheyAreCut(t *testing.T) {
	t.Parallel()
	for name, wire := range map[string]string{
		"a length":           "HTTP/1.1 200 OK\r\nContent-Type: x\r\ncontent-length: " + fmt.Sprint(len(text)) + "\r\n\r\n" + text,
		"one chunk":          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(text), text),
		"a chunk a byte":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(text, 1) + "0\r\n\r\n",
		"a chunk seven each": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(text, 7) + "0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			here, there := net.Pipe()
			defer func() { _ = here.Close() }()
			go func() {
				for i := range 2 * len(wire) { // two answers on one connection, byte by byte
					if _, err := there.Write([]byte{wire[i%len(wire)]}); err != nil {
						return
					}
				}
			}()
			events := 0
			c := newConn(here, 1024)
			c.events = func(n int) { events += n }
			for range 2 {
				a, err := c.read()
				if err != nil {
					t.Fatal(err)
				}
				if err := wanted.check(a); err != nil {
					t.Error(err)
				}
			}
			if events != 4 {
				t.Errorf("%d events counted in two answers of two", events)
			}
		})
	}
}

func chunked(text string, size int) string {
	var b strings.Builder
	for len(text) > 0 {
		n := min(size, len(text))
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, text[:n])
		text = text[n:]
	}
	return b.String()
}

func TestTheEndOfAnAnswerIsKeptAcrossPieces(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 100)
	for _, size := range []int{1, 3, 127, 128, 129, 1000} {
		c := newConn(nil, 16)
		c.answer.end = c.end[:0]
		for rest := long; len(rest) > 0; {
			n := min(size, len(rest))
			c.see([]byte(rest[:n]))
			rest = rest[n:]
		}
		if want := long[len(long)-len(c.end):]; string(c.answer.end) != want || c.answer.length != int64(len(long)) {
			t.Errorf("in pieces of %d: the end is %q of %d bytes", size, c.answer.end, c.answer.length)
		}
	}
}
