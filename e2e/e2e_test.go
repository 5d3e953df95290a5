//go:build e2e

// Package e2e tests the real binary: with real clients, and with what only a real process can suffer.
package e2e

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"crs/ctl"
	"crs/lab/freeport"
)

// relay is a `crs serve` with a `crs mock` behind it.
type relay struct {
	*ctl.Client
	t       *testing.T
	dir     string
	logs    string // directory of the log; dir when it is empty
	addr    string
	sim     string   // URL
	env     []string // of the daemon, besides where the simulator is
	bin     string   // what is started as the daemon; binary when it is empty
	process *exec.Cmd
	log     *os.File
}

// binary is the crs under test.
func binary(t *testing.T) string {
	t.Helper()
	path := os.Getenv("CRS_TEST_BIN")
	if path == "" {
		t.Fatal("CRS_TEST_BIN does not say where crs is; run: make e2e")
	}
	return path
}

// start starts both; env is set for the daemon.
func start(t *testing.T, env ...string) *relay {
	t.Helper()
	dir, err := os.MkdirTemp("", "crs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	r := &relay{t: t, dir: dir, addr: freeport.For(t), env: env}
	t.Cleanup(func() {
		if r.process != nil {
			_ = r.process.Process.Signal(syscall.SIGTERM)
			_ = r.process.Wait()
		}
		if t.Failed() && r.log != nil {
			b, _ := os.ReadFile(r.log.Name())
			t.Logf("the daemon's log ends:\n%s", b[max(0, len(b)-4000):])
		}
	})
	r.mock()
	r.serve()
	return r
}

// mock runs the simulated providers.
func (r *relay) mock() {
	r.t.Helper()
	addr := freeport.For(r.t)
	cmd := exec.CommandContext(context.Background(), binary(r.t), "mock", "--listen", addr)
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	r.sim = "http://" + addr
	r.until("the simulator answers", func() bool {
		resp, err := http.Get(r.sim + "/_sim/served")
		if err == nil {
			_ = resp.Body.Close()
		}
		return err == nil
	})
}

// serve starts the daemon, also once more after a kill.
func (r *relay) serve() {
	r.t.Helper()
	log, err := os.OpenFile(filepath.Join(cmp.Or(r.logs, r.dir), "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		r.t.Fatal(err)
	}
	r.log = log
	r.process = exec.CommandContext(context.Background(), cmp.Or(r.bin, binary(r.t)), "serve", "--listen", r.addr, "--data", r.dir)
	r.process.Stdout, r.process.Stderr = log, log
	r.process.Env = slices.Concat(os.Environ(), r.simulated(), r.env)
	r.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with the processes that take over
	if err := r.process.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.Client = ctl.NewClient(filepath.Join(r.dir, "crs.sock"))
	r.until("the daemon answers", func() bool {
		_, err := r.Status(context.Background())
		return err == nil
	})
}

// simulated points every provider to the simulator.
func (r *relay) simulated() []string {
	var env []string
	for name, path := range map[string]string{
		"CLAUDE_API_URL": "", "CLAUDE_AUTHORIZE_URL": "/oauth/authorize", "CLAUDE_TOKEN_URL": "/v1/oauth/token",
		"OPENAI_API_URL": "/v1", "OPENAI_CHATGPT_URL": "/backend-api/codex", "OPENAI_AUTHORIZE_URL": "/oauth/authorize", "OPENAI_TOKEN_URL": "/oauth/token",
		"OPENAI_DEVICE_URL": "", "GEMINI_API_URL": "", "GEMINI_CODE_ASSIST_URL": "", "GEMINI_AUTHORIZE_URL": "/o/oauth2/v2/auth", "GEMINI_TOKEN_URL": "/token",
		"BEDROCK_API_URL": "", "DROID_API_URL": "/api/llm", "DROID_APP_URL": "", "DROID_TOKEN_URL": "",
	} {
		env = append(env, "CRS_PROVIDERS_"+name+"="+r.sim+path)
	}
	env = append(env, "CRS_LIMITS_CONNECTIONS=5000") // wherever tests run, there are files enough for that
	return append(env, "CRS_PROVIDERS_GEMINI_CLIENT_ID=simulated", "CRS_PROVIDERS_GEMINI_CLIENT_SECRET=simulated")
}

func (r *relay) until(what string, ok func() bool) {
	r.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			r.t.Fatalf("it never came that %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// crs runs a command against the daemon and gives what it prints.
func (r *relay) crs(args ...string) string {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), binary(r.t), args...)
	cmd.Env = append(os.Environ(), "CRS_SOCKET="+r.Socket())
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		r.t.Fatalf("crs %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.String()
}

// account adds an API-key account that goes to the simulator, as an operator would.
func (r *relay) account(name string) {
	r.t.Helper()
	file := filepath.Join(r.dir, name+".key")
	if err := os.WriteFile(file, []byte("sk-ant-"+name+"\n"), 0o600); err != nil {
		r.t.Fatal(err)
	}
	r.crs("account", "add", "claude-console", name, "--api-key-file", file, "--base-url", r.sim)
}

// key makes a key and gives its secret.
func (r *relay) key(name string, flags ...string) string {
	r.t.Helper()
	var made struct{ Key string }
	if err := json.Unmarshal([]byte(r.crs(append([]string{"key", "create", name, "-o", "json"}, flags...)...)), &made); err != nil {
		r.t.Fatal(err)
	}
	return made.Key
}

// script tells the simulator how to answer.
func (r *relay) script(expr string) {
	r.t.Helper()
	resp, err := http.Post(r.sim+"/_sim/script", "text/plain", strings.NewReader(expr))
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode/100 != 2 {
		r.t.Fatal(fmt.Sprint(resp.Status, " ", string(text)))
	}
}
