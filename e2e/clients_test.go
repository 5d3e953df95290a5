//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"crs/internal/simulator"
)

// TestClaudeCodeThroughTheRelay runs the real Claude Code.
func TestClaudeCodeThroughTheRelay(t *testing.T) {
	tool, err := filepath.Abs("../../shared/tools/real-clients")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(tool); err != nil {
		t.Fatalf("the real clients are started by %s: %v", tool, err)
	}
	r := start(t)
	r.account("a")
	key := r.key("me")
	out, err := exec.CommandContext(t.Context(), tool, "claude", "http://"+r.addr+"/api/", key, "say ping").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "pong") {
		t.Fatalf("%v: %s", err, out)
	}

	var usage struct {
		Rows []struct {
			Key, Model   string
			Requests     int64
			InputTokens  int64 `json:"input_tokens"`
			OutputTokens int64 `json:"output_tokens"`
			CacheRead    int64 `json:"cache_read_tokens"`
			CacheWrite5m int64 `json:"cache_write_5m_tokens"`
			CacheWrite1h int64 `json:"cache_write_1h_tokens"`
		}
	}
	if err := json.Unmarshal([]byte(r.crs("usage", "--by", "key,model", "-o", "json")), &usage); err != nil {
		t.Fatal(err)
	}
	if len(usage.Rows) == 0 {
		t.Fatal("no usage")
	}
	each := simulator.DefaultUsage()
	for _, row := range usage.Rows {
		n := row.Requests
		if row.Key != "me" || n == 0 || row.InputTokens != n*each.Input || row.OutputTokens != n*each.Output || row.CacheRead != n*each.CacheRead ||
			row.CacheWrite5m != n*each.CacheWrite || row.CacheWrite1h != n*each.CacheWrite1h {
			t.Errorf("%+v is not %d times %+v", row, n, each)
		}
	}
	if !strings.Contains(r.crs("requests", "-o", "json"), `"claude-code"`) {
		t.Error("the request log does not know Claude Code")
	}
}
