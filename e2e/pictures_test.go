//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"crs/internal/store/local"
	"crs/internal/usage"
	"crs/lab/picture"
)

// TestPictures shows the real program at work and draws its screens: into CRS_TEST_PICTURES, as `make pictures` wants it, or
// nowhere, to see that it works.
func TestPictures(t *testing.T) {
	dir := os.Getenv("CRS_TEST_PICTURES")
	if dir == "" {
		dir = t.TempDir()
	}
	r := start(t)
	keys := r.office(t)
	_ = r.process.Process.Signal(syscall.SIGTERM)
	_ = r.process.Wait()
	r.history(t)
	r.serve()

	r.script("sk-ant-oat01-team-max=loop:ok(events=4000,gap=45ms,5h=0.62,7d=0.31);sk-ant-oat01-anna=loop:ok(events=4000,gap=110ms,5h=0.91,7d=0.48);" +
		"sk-ant-console=ok*3,529,ok*4,stall(after=9);sk-ant-spare=401*9")
	busy, leave := context.WithCancel(t.Context())
	defer leave()
	for range 6 {
		r.speak(t, keys["ci-runner"], "claude-haiku-4-5", false)
	}
	r.speak(t, keys["docs-bot"], "claude-sonnet-5", false)
	for _, f := range []struct{ key, model string }{{"alice", "claude-opus-4-8"}, {"bob", "claude-sonnet-5"}, {"alice", "claude-sonnet-5"}, {"ci-runner", "claude-haiku-4-5"}} {
		go r.speakUntil(busy, keys[f.key], f.model, true)
		time.Sleep(700 * time.Millisecond)
	}

	x := r.terminal(t, nil, binary(t), "tui")
	x.see("4 in flight", "quiet 8s")
	x.draw(t, dir, "traffic", "The dashboard's traffic screen: streams in flight, and requests that just ended")
	x.press("Enter")
	x.see("Why ")
	x.draw(t, dir, "request", "One request in flight, with what the picking of its account came to")
	x.press("Escape")
	x.miss("Why ")
	x.press("2")
	x.see("QUOTA WINDOWS", "62%", "cooling")
	x.draw(t, dir, "accounts", "The dashboard's accounts screen: states, quota windows, and the chosen account below")
	x.press("a")
	x.see("On which platform?")
	x.draw(t, dir, "add-account", "The form to add an account")
	x.press("Escape")
	x.miss("On which platform?")
	x.press("3")
	x.see("alice", "night-shift")
	x.draw(t, dir, "keys", "The dashboard's keys screen: use against limits")
	x.press("4")
	x.see("in all", "claude-opus-4-8")
	x.draw(t, dir, "usage", "The dashboard's usage screen: cost by hour, stacked by model")
	x.press("5")
	x.see("everything", "failed before")
	x.draw(t, dir, "log", "The dashboard's log")
	x.press("q")
	x.clean(0)
}

// draw draws what is on the screen.
func (x *terminal) draw(t *testing.T, dir, name, title string) {
	t.Helper()
	svg := picture.SVG(title, x.tmux("capture-pane", "-p", "-e"))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".svg"), svg, 0o644); err != nil {
		t.Fatal(err)
	}
}

// office makes the accounts and keys of some people, and gives the keys' secrets.
func (r *relay) office(t *testing.T) map[string]string {
	t.Helper()
	for _, name := range []string{"team-max", "anna"} {
		r.subscription(t, name)
	}
	r.account("console")
	r.account("spare")
	r.crs("account", "edit", "console", "--max-concurrency", "8")
	r.crs("account", "edit", "spare", "--priority", "10")
	file := filepath.Join(r.dir, "openai.key")
	if err := os.WriteFile(file, []byte("sk-ant-openai\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.crs("account", "add", "openai-responses", "openai", "--api-key-file", file)
	r.crs("group", "create", "api")
	r.crs("group", "add", "api", "console")
	r.crs("group", "add", "api", "spare")
	keys := map[string]string{}
	for name, flags := range map[string]string{
		"alice": "--account team-max --rpm 60 --daily-cost 40", "bob": "--account anna --daily-cost 25 --concurrency 4", "ci-runner": "--account console --rpm 600 --weekly-cost 100",
		"docs-bot": "--group api --daily-cost 5", "night-shift": "--expires 30d --total-cost 500",
	} {
		keys[name] = r.key(name, strings.Fields(flags)...)
	}
	return keys
}

// subscription imports a login that the simulator knows.
func (r *relay) subscription(t *testing.T, name string) {
	t.Helper()
	access, refresh := "sk-ant-oat01-"+name, "sk-ant-ort01-"+name
	resp, err := http.Post(r.sim+"/_sim/oauth", "application/json", strings.NewReader(fmt.Sprintf(`{"access":%q,"refresh":%q,"expires_in":28800}`, access, refresh)))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	file := filepath.Join(r.dir, name+".json")
	saved := fmt.Sprintf(`{"claudeAiOauth":{"accessToken":%q,"refreshToken":%q,"expiresAt":%d,"scopes":["user:inference"],"subscriptionType":"max"}}`, access, refresh, time.Now().Add(8*time.Hour).UnixMilli())
	if err := os.WriteFile(file, []byte(saved), 0o600); err != nil {
		t.Fatal(err)
	}
	r.crs("account", "import", "claude", name, "--file", file)
}

// history has the office have worked for two weeks. The daemon must not run.
func (r *relay) history(t *testing.T) {
	t.Helper()
	store, err := local.Open(t.Context(), r.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	var sums []usage.Sum
	now := time.Now().UTC().Truncate(time.Hour)
	for back := range 14 * 24 {
		at := now.Add(-time.Duration(back+1) * time.Hour)
		free := back/24%7 >= 5 // two days a week; never the last ones, so that the pictures are the same on every day
		for i, m := range []struct {
			model string
			peak  float64
			price int64
		}{{"claude-opus-4-8", 14, 5}, {"claude-sonnet-5", 12, 25}, {"claude-haiku-4-5", 16, 2}, {"gpt-5.5", 11, 4}} {
			load := math.Exp(-math.Pow(float64(at.Hour())-m.peak, 2)/18) * (1 + 0.3*math.Sin(float64(back*(i+3))))
			if n := int64(40 * load); n > 0 && (!free || i == 2) {
				sums = append(sums, usage.Sum{
					Hour: at, Day: at.Format(time.DateOnly), Key: "key", Account: "account", Model: m.model, Requests: n,
					Tokens: usage.Tokens{Input: n * 900, Output: n * 700, CacheRead: n * 21_000, CacheWrite: n * 1_500}, Cost: n * m.price * 4e6, Charged: n * m.price * 4e6,
				})
			}
		}
	}
	if err := store.AddUp(t.Context(), "history", sums, usage.Cursor{}, usage.Cursor{Segment: 1}); err != nil {
		t.Fatal(err)
	}
}

// speak asks for an answer as Claude Code does, and waits for it.
func (r *relay) speak(t *testing.T, key, model string, stream bool) {
	t.Helper()
	r.speakUntil(t.Context(), key, model, stream)
}

func (r *relay) speakUntil(ctx context.Context, key, model string, stream bool) {
	body := fmt.Sprintf(`{"model":%q,"max_tokens":64,"stream":%v,"messages":[{"role":"user","content":"say ping"}]}`, model, stream)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+r.addr+"/api/v1/messages", strings.NewReader(body))
	if err != nil {
		return
	}
	for name, value := range map[string]string{
		"x-api-key": key, "anthropic-version": "2023-06-01", "anthropic-beta": "claude-code-20250219", "x-app": "cli", "user-agent": "claude-cli/2.1.197 (external, sdk-cli)",
	} {
		req.Header.Set(name, value)
	}
	if resp, err := http.DefaultClient.Do(req); err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
}
