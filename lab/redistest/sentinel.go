package redistest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// StartSentinel starts a primary and a Sentinel that knows it as main, and gives the URL to reach it by. It skips the test
// where there is no redis-server.
func StartSentinel(t testing.TB) (primary *Server, url string) {
	t.Helper()
	primary = StartReal(t)
	_, port, _ := net.SplitHostPort(primary.Addr)
	conf := filepath.Join(t.TempDir(), "sentinel.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, "sentinel monitor main 127.0.0.1 %s 1\n", port), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, conf, "--sentinel")
	return primary, "redis-sentinel://" + s.Addr + "/main"
}
