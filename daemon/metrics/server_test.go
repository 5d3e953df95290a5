package metrics_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"crs/daemon/metrics"
	"crs/lab/freeport"
)

// says waits until the metrics at an address say something, or until nobody answers there when words is empty.
func says(t *testing.T, addr, words string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		got := ""
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		if resp, err := client.Get("http://" + addr + metrics.Path); err == nil {
			b, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			got = string(b)
		}
		if words == "" && got == "" || words != "" && strings.Contains(got, words) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s never said %q but %q", addr, words, got)
		}
	}
}

// TestOneProcessAfterTheOtherServesAnAddress: an old process leaves it to a new one, which waits for it, and takes it back
// when the new one has gone.
func TestOneProcessAfterTheOtherServesAnAddress(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	old, addr := listening(t, log)
	ended := make(chan error, 2)
	run := func(s *metrics.Server) context.CancelFunc {
		ctx, stop := context.WithCancel(context.Background())
		go func() { ended <- s.Serve(ctx) }()
		return stop
	}
	stopOld := run(old)
	says(t, addr, `version="old"`)

	successor := metrics.New(metrics.Options{Version: "new"}).NewServer(addr, nil, log)
	if err := successor.Listen(); err == nil {
		t.Error("two have the same address")
	}
	stopSuccessor := run(successor)
	says(t, addr, `version="old"`)
	old.Leave(true)
	says(t, addr, `version="new"`)
	stopSuccessor()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	says(t, addr, "")
	old.Leave(false)
	says(t, addr, `version="old"`)
	stopOld()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if conn, err := net.Dial("tcp", addr); err == nil {
		_ = conn.Close()
		t.Error("it still listens after its end")
	}
}

// listening gives a server that listens on an address which it can take again.
func listening(t *testing.T, log *slog.Logger) (*metrics.Server, string) {
	t.Helper()
	for range 100 { // somebody else may take the port meanwhile
		addr := freeport.For(t)
		s := metrics.New(metrics.Options{Version: "old"}).NewServer(addr, nil, log)
		if s.Listen() == nil {
			return s, addr
		}
	}
	t.Fatal("there is no free port")
	return nil, ""
}
