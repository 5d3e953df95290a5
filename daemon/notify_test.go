package daemon

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crs/internal/config"
)

// TestServeTellsSystemd is not parallel: what it sets is the process's own environment.
func TestServeTellsSystemd(t *testing.T) {
	dir, err := os.MkdirTemp("", "crs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	said := listen(t, filepath.Join(dir, "notify"))
	t.Setenv("WATCHDOG_USEC", "100000")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- Serve(ctx, Options{
			Source: config.Source{Environ: []string{"CRS_DATA=" + dir}, UID: 1000, Flags: map[string]string{"listen": "127.0.0.1:0", "timeouts.shutdown": "7s"}},
			Log:    t.Output(),
		})
	}()
	if first := waitFor(t, said, "READY=1"); !strings.Contains(first, "WATCHDOG=1") {
		t.Errorf("it begins with %q: until half of its time is over, systemd hears nothing of it", first)
	}
	waitFor(t, said, "WATCHDOG=1")
	stop()
	if last := waitFor(t, said, "STOPPING=1"); !strings.Contains(last, "EXTEND_TIMEOUT_USEC=22000000") {
		t.Errorf("it stops with %q", last)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// listen gives what arrives on a socket as systemd's.
func listen(t *testing.T, path string) <-chan string {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	said := make(chan string, 1000)
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := conn.Read(b)
			if err != nil {
				return
			}
			said <- string(b[:n])
		}
	}()
	return said
}

func waitFor(t *testing.T, said <-chan string, word string) string {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		select {
		case s := <-said:
			if strings.Contains(s, word) {
				return s
			}
		case <-late:
			t.Fatalf("never said %s", word)
		}
	}
}
