package ctl_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"crs/ctl"
)

// TestFollowingGoesOnWithTheProcessThatTakesOver, with what came meanwhile and nothing twice; it ends when nobody takes over.
func TestFollowingGoesOnWithTheProcessThatTakesOver(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	var pid atomic.Int64
	var since []string
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/status", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(ctl.Status{PID: int(min(pid.Load()+1, 2))})
	})
	entry := func(w io.Writer, n int) {
		_ = json.NewEncoder(w).Encode(ctl.AuditEntry{Entry: fmt.Sprint(n), Time: at.Add(time.Duration(n) * time.Second)})
	}
	mux.HandleFunc("GET /v1/audit/follow", func(w http.ResponseWriter, r *http.Request) {
		since = append(since, r.URL.Query().Get("since"))
		first := int(2 * pid.Add(1))
		for n := first - 1; n <= first+1; n++ { // the last is told by the next one too
			entry(w, n)
		}
	})
	socket := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(func() { _ = server.Close() })
	c := ctl.NewClient(socket)
	defer c.Close()
	var got []string
	var end error
	for e, err := range c.FollowAudit(t.Context(), ctl.AuditQuery{Since: "1h", Limit: 10}) {
		if err != nil {
			end = err
			continue
		}
		got = append(got, e.Entry)
	}
	if fmt.Sprint(got) != "[1 2 3 4 5]" || end == nil {
		t.Errorf("followed %v, %v", got, end)
	}
	if fmt.Sprint(since) != "[1h 2026-11-30T12:00:03Z]" {
		t.Errorf("asked from %v on", since)
	}
}
