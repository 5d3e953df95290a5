package redistest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// StartSentinels starts Sentinels that watch a primary and replace it within seconds when it fails, and gives the URL by
// which crs is told of them.
func StartSentinels(t testing.TB, primary *Server, n int) string {
	t.Helper()
	host, port, err := net.SplitHostPort(primary.Addr)
	if err != nil {
		t.Fatal(err)
	}
	var hosts []string
	var all []*Server
	for range n {
		file := filepath.Join(t.TempDir(), "sentinel.conf")
		text := fmt.Sprintf("sentinel monitor crs %s %s %d\nsentinel down-after-milliseconds crs 1000\nsentinel failover-timeout crs 5000\n", host, port, n/2+1)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s := start(t, file, "--sentinel")
		all, hosts = append(all, s), append(hosts, s.Addr)
	}
	for _, s := range all {
		wait(t, "the Sentinels to know each other and the replica", func() bool {
			info := fmt.Sprint(s.Do(t, "INFO", "sentinel"))
			return strings.Contains(info, "status=ok") && strings.Contains(info, fmt.Sprintf("sentinels=%d", n)) && !strings.Contains(info, "slaves=0")
		})
	}
	return "redis-sentinel://" + strings.Join(hosts, ",") + "/crs"
}
