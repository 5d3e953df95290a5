//go:build e2e

package e2e

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"crs/ctl"
	"crs/lab/crstest"
	"crs/lab/freeport"
)

// TestTheDocumentedNginxLetsEverythingThrough runs the text of docs/clients.md.
func TestTheDocumentedNginxLetsEverythingThrough(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	at := nginx(t, b.URL)
	for _, name := range []string{"a", "b"} {
		b.AccountOn("openai-responses", name)
	}
	b.AccountOn("claude-console", "c")
	key := b.Key("k")

	t.Run("fields with an underscore", func(t *testing.T) {
		for _, input := range []string{"say ping", "say it again"} { // nothing else tells that they belong together
			_ = post(t, at+"/openai/v1/responses", key, `{"model":"gpt-5.5","input":"`+input+`"}`, "session_id", "a-conversation").Body.Close()
			b.Idle()
		}
		if x, err := b.Explain(t.Context(), b.Last().ID); err != nil || x.Why != "the conversation is on it" {
			t.Errorf("the session was lost: %+v, %v", x, err)
		}
	})
	t.Run("events as they come", func(t *testing.T) {
		const gap, events = 300 * time.Millisecond, 6
		b.Script(fmt.Sprintf("loop:ok(events=%d,gap=%s)", events, gap))
		var first, last time.Duration
		for range 3 { // a machine that is busy may read all of them at once
			resp := post(t, at+"/api/v1/messages", key, crstest.Stream)
			start := time.Now()
			first = 0
			for lines := bufio.NewScanner(resp.Body); lines.Scan(); last = time.Since(start) {
				if first == 0 && strings.Contains(lines.Text(), "content_block_delta") {
					first = time.Since(start)
				}
			}
			_ = resp.Body.Close()
			if last-first > gap*(events-2)/2 {
				return
			}
		}
		t.Errorf("the first event came after %v, the last after %v", first, last)
	})
	t.Run("large prompts", func(t *testing.T) {
		b.Script("ok")
		body := strings.Replace(crstest.Hello, "say ping", strings.Repeat("x", 20<<20), 1)
		resp := post(t, at+"/api/v1/messages", key, body)
		_ = resp.Body.Close()
		if resp.StatusCode != 200 {
			t.Errorf("%d", resp.StatusCode)
		}
		b.Until("it is over", func(s ctl.Status) bool { return s.InFlight == 0 })
	})
}

func post(t *testing.T, url, key, body string, headers ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("anthropic-version", "2023-06-01")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header[headers[i]] = []string{headers[i+1]} // as it is written
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 200 {
		t.Errorf("%s: %d", url, resp.StatusCode)
	}
	return resp
}

// nginx runs the one that is documented before a relay, and gives its address.
func nginx(t *testing.T, relay string) string {
	t.Helper()
	program := ""
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
		}
	}
	if program == "" {
		t.Fatal("there is no nginx: apt-get install nginx-light")
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir, addr := t.TempDir(), freeport.For(t)
	documented := strings.Replace(documentedNginx(t), "http://127.0.0.1:3000", relay, 1)
	text := fmt.Sprintf(`daemon off; user %s; pid %[2]s/pid; error_log stderr;
events {}
http {
	access_log off; client_body_temp_path %[2]s/a; proxy_temp_path %[2]s/b; fastcgi_temp_path %[2]s/c; uwsgi_temp_path %[2]s/d; scgi_temp_path %[2]s/e;
	server {
		listen %[3]s;
		%[4]s
	}
}
`, me.Username, dir, addr, documented)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-p", dir, "-c", file, "-e", "stderr")
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("nginx said: %s", said.String())
		}
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
			return "http://" + addr
		}
		if time.Now().After(deadline) {
			t.Fatal("nginx did not start")
		}
	}
}

// documentedNginx is the text for it in docs/clients.md.
func documentedNginx(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../docs/clients.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, found := strings.Cut(string(page), "    underscores_in_headers on;")
	part, _, ended := strings.Cut(part, "\n\n")
	if !found || !ended {
		t.Fatal("docs/clients.md has no text for nginx")
	}
	return "underscores_in_headers on;" + part
}
