//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"crs/ctl"
	"crs/lab/freeport"
)

// nginxConfig is as little as nginx needs. The arguments are the user, the directory, its own address, what it is told for the
// server, and the daemon's address.
const nginxConfig = `daemon off;
user %[1]s;
worker_processes 1;
pid %[2]s/pid;
error_log %[2]s/error.log warn;
events { worker_connections 64; }
http {
	access_log off;
	client_body_temp_path %[2]s/body;
	proxy_temp_path %[2]s/proxy;
	fastcgi_temp_path %[2]s/fastcgi;
	uwsgi_temp_path %[2]s/uwsgi;
	scgi_temp_path %[2]s/scgi;
	server {
		listen %[3]s;
		%[4]s
		location / {
			proxy_pass http://%[5]s;
		}
	}
}
`

// nginx puts one before the daemon, and gives its address.
func (r *relay) nginx(t *testing.T, told string) (address string) {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx" // it is not in everybody's PATH
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir, addr := t.TempDir(), freeport.For(t)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, nginxConfig, me.Username, dir, addr, told, r.addr), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), program, "-p", dir, "-c", file, "-e", filepath.Join(dir, "error.log"))
	if err := cmd.Start(); err != nil {
		t.Fatalf("nginx: %v; apt-get install nginx-light", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			b, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			t.Logf("nginx says:\n%s", b)
		}
	})
	r.until("nginx answers", func() bool {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return "http://" + addr
}

// doctor runs it, and gives its checks by name and its exit code.
func (r *relay) doctor(t *testing.T, args ...string) (map[string]ctl.Check, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary(t), append([]string{"doctor", "-o", "json"}, args...)...)
	cmd.Env = append(os.Environ(), "CRS_SOCKET="+r.Socket(), "PATH="+os.Getenv("PATH")) // no proxy of the machine's between
	out, err := cmd.Output()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	var told struct {
		OK     bool
		Checks []ctl.Check
	}
	if err := json.Unmarshal(out, &told); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if told.OK != (cmd.ProcessState.ExitCode() == 0) {
		t.Errorf("ok is %v, and the exit code %d", told.OK, cmd.ProcessState.ExitCode())
	}
	all := map[string]ctl.Check{}
	for _, c := range told.Checks {
		all[c.Name] = c
	}
	return all, cmd.ProcessState.ExitCode()
}

// TestTheDoctorFindsWhatNginxDoes: with what people tell it and what they do not.
func TestTheDoctorFindsWhatNginxDoes(t *testing.T) {
	r := start(t)
	r.account("work")
	for name, c := range map[string]struct {
		told string
		args []string
		bad  map[string]string // what fails, and what is said of it
	}{
		"told of everything": {"underscores_in_headers on; client_max_body_size 64m; proxy_read_timeout 15m; proxy_http_version 1.1;", []string{"--wait", "2s"}, nil},
		"told of nothing": {"", nil, map[string]string{
			"headers": "underscores_in_headers on", "length": "client_max_body_size", // streams come as they are sent: the daemon asks for that
		}},
		"told to hold streams back": {"underscores_in_headers on; client_max_body_size 64m; proxy_ignore_headers X-Accel-Buffering; gzip on; gzip_types text/event-stream;", nil, map[string]string{"buffering": "gzip off"}},
		// What comes in chunks nginx passes on as it comes even so.
		"told to buffer":            {"underscores_in_headers on; client_max_body_size 64m; proxy_ignore_headers X-Accel-Buffering; proxy_buffering on;", nil, nil},
		"told to hold nothing back": {"underscores_in_headers on; client_max_body_size 64m; proxy_ignore_headers X-Accel-Buffering; proxy_buffering off;", nil, nil},
		"impatient":                 {"underscores_in_headers on; client_max_body_size 64m; proxy_read_timeout 1s; proxy_http_version 1.1;", []string{"--wait", "3s"}, map[string]string{"silence": "proxy_read_timeout"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all, code := r.doctor(t, append([]string{"--through", r.nginx(t, c.told) + "/api"}, c.args...)...)
			for _, name := range []string{"daemon", "exit", "clock", "socket", "key-file", "data", "through", "encryption", "headers", "length", "buffering", "silence"} {
				says, bad := c.bad[name]
				switch got := all[name]; {
				case bad && (got.State != ctl.Bad || !strings.Contains(got.Hint, says)):
					t.Errorf("%s: %+v, want a failure with %s", name, got, says)
				case !bad && got.State != ctl.OK && (got.State != ctl.Skipped || name != "silence" || c.args != nil):
					t.Errorf("%s: %+v", name, got)
				}
			}
			if want := min(len(c.bad), 1); code != want {
				t.Errorf("the exit code is %d, want %d", code, want)
			}
		})
	}
}

// TestTheDoctorOnAMachineThatIsNotWell: what an operator's hand, or the service that crs replaces, may leave behind.
func TestTheDoctorOnAMachineThatIsNotWell(t *testing.T) {
	r := start(t)
	r.account("work")
	r.crs("account", "edit", "work", "--proxy", "socks5://u:hush@127.0.0.1:1")
	for file, mode := range map[string]os.FileMode{"crs.sock": 0o666, "seal.key": 0o644, ".": 0o755} {
		if err := os.Chmod(filepath.Join(r.dir, file), mode); err != nil {
			t.Fatal(err)
		}
	}
	old := t.TempDir()
	if err := os.WriteFile(filepath.Join(old, "crs"), []byte("#!/bin/bash\n# claude-relay-service\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", old+":"+os.Getenv("PATH"))
	all, code := r.doctor(t)
	for name, want := range map[string]ctl.State{"path": ctl.Bad, "exit": ctl.Bad, "socket": ctl.Bad, "key-file": ctl.Bad, "data": ctl.Warning, "daemon": ctl.OK, "through": ctl.Skipped} {
		if got := all[name]; got.State != want || strings.Contains(fmt.Sprint(got), "hush") {
			t.Errorf("%s: %+v, want %s", name, got, want)
		}
	}
	if code != 1 {
		t.Errorf("the exit code is %d", code)
	}
}
