//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	flood "crs/lab/bench/load"
)

// TestTheDashboard drives the real binary in a real terminal: every screen, an account through the OAuth form, a key, a
// stream that appears and ends, a thaw, a resize, a daemon that goes and comes back; and leaves the terminal clean. All of it
// while the daemon is at work for somebody else.
func TestTheDashboard(t *testing.T) {
	r := start(t)
	r.account("work")
	key := r.key("alice")
	x := r.terminal(t, nil, binary(t), "tui")
	x.see("● well", "Nothing is in flight")
	crowd := r.crowd(t)
	x.see("30 in flight", "crowd")
	x.press("/")
	x.write("alice")
	x.press("Enter")
	x.see("0 of 30")

	r.aStreamAppearsAndEnds(t, x, key)
	everyScreen(x)
	anAccountThroughOAuth(t, x)
	r.aNewKeyServes(t, x)
	r.anAccountIsThawed(t, x, key)
	r.aStreamIsDisconnected(t, x, key)

	x.tmux("resize-window", "-x", "60", "-y", "15")
	x.press("2")
	x.see("NAME", "STATE", "work")
	x.tmux("resize-window", "-x", "40", "-y", "10")
	x.see("NAME", "STATE", "work")
	x.tmux("resize-window", "-x", "140", "-y", "45")
	x.see("QUOTA WINDOWS", "credential")

	crowd.Cancel()
	_ = r.process.Process.Signal(syscall.SIGTERM)
	_ = r.process.Wait()
	x.see("✗ gone", "this is how it last was", "work")
	r.serve()
	x.miss("✗ gone")
	x.see("max", "ready")
	x.press("5")
	x.see("the daemon is back")

	x.press("q")
	x.clean(0)
}

// crowd has 30 streams flow that do not end, through an account of their own.
func (r *relay) crowd(t *testing.T) *flood.Running {
	t.Helper()
	r.account("base")
	r.crs("account", "edit", "base", "--priority", "90")
	key := r.key("crowd", "--account", "base")
	r.script("sk-ant-base=loop:ok(events=1000000,gap=100ms)")
	requests := make([][]byte, 30)
	for i := range requests {
		requests[i] = prompt(r.addr, key, true, 0)
	}
	crowd := flood.Crowd{Addr: r.addr, Requests: requests, Ramp: 200 * time.Millisecond}.Start(t.Context())
	r.until("the crowd's streams flow", func() bool { return crowd.Begun() == int64(len(requests)) })
	return crowd
}

// prompt is a request with a prompt of some size.
func prompt(addr, key string, stream bool, size int) []byte {
	body := fmt.Sprintf(`{"model":"claude-opus-4-8","max_tokens":64,"stream":%v,"messages":[{"role":"user","content":"say ping %s"}]}`, stream, strings.Repeat("x", size))
	return fmt.Appendf(nil, "POST /api/v1/messages HTTP/1.1\r\nHost: %s\r\nx-api-key: %s\r\nanthropic-version: 2023-06-01\r\ncontent-type: application/json\r\nContent-Length: %d\r\n\r\n%s", addr, key, len(body), body)
}

// stream asks for an answer in a stream, and gives what came of it when it has ended.
func (r *relay) stream(t *testing.T, key string) <-chan string {
	t.Helper()
	body := `{"model":"claude-opus-4-8","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"say ping"}]}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+r.addr+"/api/v1/messages", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-api-key", key)
	req.Header.Set("anthropic-version", "2023-06-01")
	done := make(chan string, 1)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			done <- err.Error()
			return
		}
		defer func() { _ = resp.Body.Close() }()
		text, err := io.ReadAll(resp.Body)
		done <- fmt.Sprint(resp.StatusCode, " ", err, " ", string(text))
	}()
	return done
}

func (r *relay) aStreamAppearsAndEnds(t *testing.T, x *terminal, key string) {
	t.Helper()
	r.script("ok(events=80,gap=50ms)")
	done := r.stream(t, key)
	x.see("31 in flight", "1 of 31", "work", "claude-opus-4-8", "streaming")
	x.until("its pace", func(screen string) bool { return strings.ContainsAny(screen, "▁▂▃▄▅▆▇█") })
	x.press("Enter")
	x.see("Request req_", "bytes/s", "Why work")
	x.press("Escape")
	if got := <-done; !strings.HasPrefix(got, "200 <nil>") {
		t.Errorf("the client got %.200s", got)
	}
	x.see("30 in flight", "0 of 30")
	x.until("it among those that ended", func(screen string) bool {
		_, ended, _ := strings.Cut(screen, "just ended")
		return strings.Contains(ended, "alice") && strings.Contains(ended, "200")
	})
	r.script("ok")
}

func everyScreen(x *terminal) {
	x.press("2")
	x.see("QUOTA WINDOWS", "work", "ready")
	x.press("3")
	x.see("TODAY", "alice", "active")
	x.press("4")
	x.see("cost of the last 24 hours by model", "claude-opus-4-8", "in all")
	x.press("v", "b", "t")
	x.see("tokens of the last 3 days by key", "alice")
	x.press("5")
	x.see("everything", "alice")
	x.press("Enter")
	x.see("Request req_", "counted by", "Why work")
	x.press("Escape")
	x.miss("counted by")
	x.press("?")
	x.see("Everywhere", "leave the dashboard")
	x.press("Escape")
	x.miss("Everywhere")
	x.press("1")
	x.see("just ended")
}

func anAccountThroughOAuth(t *testing.T, x *terminal) {
	t.Helper()
	x.press("2", "a")
	x.see("On which platform?")
	x.walk("Down", "claude ")
	x.press("Enter")
	x.see("that risk is yours")
	x.write("max")
	x.press("Enter")
	x.walk("Down", "log in in the browser")
	x.press("Enter")
	x.see("All of this can stay as it is")
	x.fill("Log into max")
	x.see("Then paste the code")
	x.until("the address in the clipboard", func(string) bool { return strings.HasPrefix(x.clip(), "http") })
	address := x.clip()
	if !strings.Contains(strings.Join(strings.Fields(strings.NewReplacer("│", "").Replace(x.screen())), ""), address) {
		t.Errorf("%s is not on the screen", address)
	}
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	x.paste("not#it")
	x.press("Enter")
	x.see("what was pasted")
	x.until("room for another code", func(screen string) bool { return !strings.Contains(screen, "not#it") })
	x.paste(resp.Header.Get("X-Sim-Code"))
	x.press("Enter")
	x.see("account max is added")
	x.see("max", "ready")
}

func (r *relay) aNewKeyServes(t *testing.T, x *terminal) {
	t.Helper()
	x.press("3", "a")
	x.see("Make a key")
	x.write("night-shift")
	x.fill("shown this once")
	x.see("This is the key", "cr_")
	x.press("c")
	x.see("it is copied")
	x.until("the key in the clipboard", func(string) bool { return strings.HasPrefix(x.clip(), "cr_") })
	secret := x.clip()
	x.press("Escape")
	x.miss(secret)
	x.see("night-shift")
	if got := <-r.stream(t, secret); !strings.HasPrefix(got, "200 <nil>") {
		t.Errorf("the new key got %.200s", got)
	}
	x.press("1")
	x.see("night-shift")
}

func (r *relay) anAccountIsThawed(t *testing.T, x *terminal, key string) {
	t.Helper()
	r.crs("account", "disable", "max") // so that it is work's turn
	r.script("sk-ant-work=401*9")
	<-r.stream(t, key)
	x.press("2")
	x.see("cooling")
	x.walk("j", "work ")
	x.press("u")
	x.see("End every cool-down of work")
	x.press("y")
	x.see("account work is thawed")
	x.miss("cooling")
	if a, err := r.Account(t.Context(), "work"); err != nil || a.State != "ready" {
		t.Errorf("%s, %v", a.State, err)
	}
	r.script("ok")
	r.crs("account", "enable", "max")
	x.miss("disabled")
}

func (r *relay) aStreamIsDisconnected(t *testing.T, x *terminal, key string) {
	t.Helper()
	r.script("stall(after=3)")
	done := r.stream(t, key)
	x.press("1")
	x.see("31 in flight", "quiet")
	x.press("x")
	x.see("End the request of alice")
	x.press("y")
	<-done
	x.see("30 in flight", "disconnected req_")
	r.script("ok")
}

func TestTheTerminalIsLeftCleanWhateverEndsTheDashboard(t *testing.T) {
	r := start(t)
	for name, c := range map[string]struct {
		environ []string
		end     func(*terminal)
		code    int
		says    string
	}{
		"SIGTERM":              {nil, func(x *terminal) { x.signal("TERM") }, 0, ""},
		"SIGTERM in a form":    {nil, func(x *terminal) { x.press("3", "a"); x.see("Make a key"); x.signal("TERM") }, 0, ""},
		"ctrl-C in a form":     {nil, func(x *terminal) { x.press("3", "a"); x.see("Make a key"); x.press("C-c") }, 0, ""},
		"a panic":              {[]string{"CRS_TEST_PANIC=update"}, func(x *terminal) { x.press("F12") }, 1, "the dashboard has a fault"},
		"a panic in a command": {[]string{"CRS_TEST_PANIC=command"}, func(x *terminal) { x.press("F12") }, 1, "the dashboard has a fault"},
		"without colours":      {[]string{"NO_COLOR=1"}, func(x *terminal) { x.see("[1 Traffic]"); x.press("q") }, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			x := r.terminal(t, c.environ, binary(t), "tui")
			x.see("Nothing is in flight")
			c.end(x)
			x.clean(c.code)
			x.see(c.says)
		})
	}
	t.Run("suspended", func(t *testing.T) {
		x := r.terminal(t, nil, "bash", "--norc", "-i")
		x.see("bash-")
		x.write(binary(t) + " tui\n")
		x.see("Nothing is in flight")
		x.press("C-z")
		x.see("Stopped")
		if got := strings.TrimSpace(x.tmux("display-message", "-p", "#{alternate_on}#{cursor_flag}")); got != "01" {
			t.Errorf("the terminal is left with the flags %s", got)
		}
		x.write("fg\n")
		x.see("Nothing is in flight")
		x.press("q")
		x.miss("Nothing is in flight")
		x.write("exit\n")
		x.clean(0)
	})
}

// TestTopOnATerminal: the table stays in its place.
func TestTopOnATerminal(t *testing.T) {
	r := start(t)
	r.account("work")
	key := r.key("alice")
	r.script("ok(events=60,gap=50ms)")
	done := r.stream(t, key)
	x := r.terminal(t, nil, binary(t), "top", "--every", "250ms")
	x.see("1 in flight", "REQUEST", "alice", "streaming")
	<-done
	x.see("0 in flight")
	if n := strings.Count(x.screen(), "in flight"); n != 1 {
		t.Errorf("%d tables on the screen", n)
	}
	x.press("C-c")
	x.clean(0)
}

// TestStatusSaysWhatToDo: on a daemon with an account whose refresh token is refused.
func TestStatusSaysWhatToDo(t *testing.T) {
	r := start(t)
	r.account("work")
	r.key("alice")
	if out := r.crs("status"); !strings.Contains(out, "crs is well") {
		t.Error(out)
	}
	// The provider does not know its refresh token.
	file := filepath.Join(t.TempDir(), "credentials.json")
	saved := fmt.Sprintf(`{"claudeAiOauth":{"accessToken":"sk-ant-oat01-x","refreshToken":"sk-ant-ort01-x","expiresAt":%d,"scopes":["user:inference"],"subscriptionType":"max"}}`, time.Now().Add(time.Hour).UnixMilli())
	if err := os.WriteFile(file, []byte(saved), 0o600); err != nil {
		t.Fatal(err)
	}
	r.crs("account", "import", "claude", "max", "--file", file)
	if _, err := r.RefreshAccount(t.Context(), "max"); err == nil {
		t.Fatal("its token was refreshed")
	}
	if out := r.crs("status"); !strings.Contains(out, "account max needs a login") || !strings.Contains(out, "crs account login claude max") {
		t.Error(out)
	}
}
