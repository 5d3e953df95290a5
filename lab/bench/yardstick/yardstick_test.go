package yardstick_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crs/lab/bench/yardstick"
)

// serve runs a proxy in front of an upstream, and gives its URL.
func serve(t *testing.T, mode yardstick.Mode, upstream http.HandlerFunc) string {
	t.Helper()
	backend := httptest.NewServer(upstream)
	t.Cleanup(backend.Close)
	server, err := yardstick.New(mode, backend.Listener.Addr().String(), 2)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := server.Shutdown(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return "http://" + listener.Addr().String()
}

var modes = []yardstick.Mode{yardstick.JSON, yardstick.StreamReader, yardstick.StreamWriter}

func TestEveryModeRelaysRequestAndAnswerWhole(t *testing.T) {
	t.Parallel()
	for _, mode := range modes {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			url := serve(t, mode, func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				w.Header().Set("Request-Id", r.Header.Get("X-Api-Key")+r.URL.RequestURI())
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusAccepted)
				_, _ = w.Write(body)
			})
			for range 3 { // also on a connection that has been used
				big := `{"text":"` + strings.Repeat("x", 300<<10) + `"}`
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/messages?beta=true", strings.NewReader(big))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("x-api-key", "sk-a")
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(resp.Body)
				if err != nil || resp.Body.Close() != nil {
					t.Fatal(err)
				}
				if got, want := resp.Header.Get("Request-Id"), "sk-a/v1/messages?beta=true"; got != want {
					t.Errorf("the upstream saw %q, not %q", got, want)
				}
				if resp.StatusCode != http.StatusAccepted || resp.Header.Get("Content-Type") != "application/json" || string(body) != big {
					t.Errorf("the answer came as %d %s with %d bytes", resp.StatusCode, resp.Header.Get("Content-Type"), len(body))
				}
			}
		})
	}
}

func TestAStreamIsRelayedEventByEvent(t *testing.T) {
	t.Parallel()
	for _, mode := range modes[1:] {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			events := []string{"event: a\n", "event: b\n", "event: c\n"}
			seen := make(chan struct{}) // the upstream sends an event when the client has seen the one before
			url := serve(t, mode, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				for _, e := range events {
					_, _ = io.WriteString(w, e)
					w.(http.Flusher).Flush()
					select {
					case <-seen:
					case <-time.After(time.Minute):
						t.Errorf("%q did not arrive before the next event", e)
						return
					}
				}
			})
			resp, err := http.Get(url)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			lines := bufio.NewReader(resp.Body)
			for _, want := range events {
				if got, err := lines.ReadString('\n'); err != nil || got != want {
					t.Fatalf("got %q and %v, not %q", got, err, want)
				}
				seen <- struct{}{}
			}
			if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
				t.Errorf("the stream ended in %q and %v", rest, err)
			}
		})
	}
}

func TestAnUpstreamThatIsAwayIsABadGateway(t *testing.T) {
	t.Parallel()
	for _, mode := range modes {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			url := serve(t, mode, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
			resp, err := http.Post(url, "application/json", strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			if err := resp.Body.Close(); err != nil {
				t.Error(err)
			}
			if resp.StatusCode != http.StatusBadGateway {
				t.Errorf("the status is %d", resp.StatusCode)
			}
		})
	}
}

func TestPoolsTakeTurns(t *testing.T) {
	t.Parallel()
	var from []string
	url := serve(t, yardstick.JSON, func(_ http.ResponseWriter, r *http.Request) { from = append(from, r.RemoteAddr) })
	for range 4 {
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	if len(from) != 4 || from[0] == from[1] || from[0] != from[2] || from[1] != from[3] {
		t.Errorf("requests came from %v", from)
	}
}

func TestWhatIsNoProxyIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := yardstick.New(yardstick.JSON, "127.0.0.1:1", 0); err == nil || !strings.Contains(err.Error(), "no 0 pools") {
		t.Errorf("a proxy without connections: %v", err)
	}
	if _, err := yardstick.New("fast", "127.0.0.1:1", 1); err == nil || !strings.Contains(err.Error(), "stream-reader") {
		t.Errorf("the error does not say which modes there are: %v", err)
	}
}
