//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"crs/lab/simulator"
)

// TestTenProcessesRefreshOnce: ten processes ask for a refresh of one expired account at once, and ten clients ask for
// answers from it; the token endpoint is asked once, and a kill -9 straight afterwards loses nothing: the next refresh works
// with the pair that came of it. The processes are commands of one daemon, since a data directory has one daemon: what is
// shown is that all ways to a refresh meet in one flight, and that its pair is on disk before anybody uses it. That several
// daemons on one Redis refresh once is for that store's own tests.
func TestTenProcessesRefreshOnce(t *testing.T) {
	r := start(t)
	r.expired("max")
	key := r.key("k")
	r.script("/v1/oauth/token=slow(3s)*1")
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			cmd := exec.CommandContext(t.Context(), binary(t), "account", "refresh", "max")
			cmd.Env = append(os.Environ(), "CRS_SOCKET="+r.Socket())
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	for range 10 {
		wg.Go(func() {
			if status, body := r.say(key); status != http.StatusOK {
				t.Errorf("a client: %d %s", status, body)
			}
		})
	}
	wg.Wait()
	_ = r.process.Process.Signal(syscall.SIGKILL)
	_ = r.process.Wait()
	if n := r.refreshes(); n != 1 {
		t.Errorf("%d refreshes", n)
	}

	r.serve()
	if status, body := r.say(key); status != http.StatusOK {
		t.Errorf("after the kill: %d %s", status, body)
	}
	r.crs("account", "refresh", "max")
	if status, body := r.say(key); status != http.StatusOK {
		t.Errorf("after another refresh: %d %s", status, body)
	}
}

// expired imports a subscription whose access token has ended.
func (r *relay) expired(name string) {
	r.t.Helper()
	const access, refresh = "sk-ant-oat01-old", "sk-ant-ort01-old"
	grant := fmt.Sprintf(`{"access":%q,"refresh":%q,"expires_in":-60}`, access, refresh)
	resp, err := http.Post(r.sim+"/_sim/oauth", "application/json", strings.NewReader(grant))
	if err != nil {
		r.t.Fatal(err)
	}
	_ = resp.Body.Close()
	file := filepath.Join(r.dir, "credentials.json")
	saved := fmt.Sprintf(`{"claudeAiOauth":{"accessToken":%q,"refreshToken":%q,"expiresAt":%d,"scopes":["user:inference"]}}`,
		access, refresh, time.Now().Add(-time.Minute).UnixMilli())
	if err := os.WriteFile(file, []byte(saved), 0o600); err != nil {
		r.t.Fatal(err)
	}
	r.crs("account", "import", "claude", name, "--file", file)
}

// refreshes counts the calls of the token endpoint.
func (r *relay) refreshes() int {
	r.t.Helper()
	resp, err := http.Get(r.sim + "/_sim/requests")
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var all []simulator.Request
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		r.t.Fatal(err)
	}
	n := 0
	for _, q := range all {
		if q.Path == "/v1/oauth/token" {
			n++
		}
	}
	return n
}

// say sends one message as Claude Code does.
func (r *relay) say(key string) (status int, body string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, "http://"+r.addr+"/api/v1/messages",
		strings.NewReader(`{"model":"claude-opus-4-8","max_tokens":64,"messages":[{"role":"user","content":"say ping"}]}`))
	if err != nil {
		r.t.Fatal(err)
	}
	for name, value := range map[string]string{
		"x-api-key": key, "anthropic-version": "2023-06-01", "anthropic-beta": "claude-code-20250219", "x-app": "cli", "user-agent": "claude-cli/2.1.197 (external, sdk-cli)",
	} {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}
