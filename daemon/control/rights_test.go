package control_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"crs/ctl"
	"crs/lab/crstest"
)

// TestMain also plays a stranger: the test starts itself again as another user.
func TestMain(m *testing.M) {
	if socket := os.Getenv("CRS_TEST_STRANGER"); socket != "" {
		_, err := ctl.NewClient(socket).Status(context.Background())
		fmt.Println(ctl.CodeOf(err), err)
		return
	}
	os.Exit(m.Run())
}

// TestAStrangerMayNothing needs root: only root can be somebody else.
func TestAStrangerMayNothing(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root to become another user")
	}
	b := crstest.Start(t)
	if err := os.Chmod(b.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	stranger := func() string {
		self, err := os.ReadFile("/proc/self/exe")
		if err != nil {
			t.Fatal(err)
		}
		program := filepath.Join(b.Dir, "stranger")
		if err := os.WriteFile(program, self, 0o755); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), program)
		cmd.Dir, cmd.Env = "/", append(os.Environ(), "CRS_TEST_STRANGER="+b.Socket())
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	if got := stranger(); !strings.HasPrefix(got, string(ctl.NotPermitted)) {
		t.Errorf("the socket's mode let a stranger in: %s", got)
	}
	if err := os.Chmod(b.Socket(), 0o666); err != nil {
		t.Fatal(err)
	}
	if got := stranger(); !strings.HasPrefix(got, string(ctl.NotPermitted)) {
		t.Errorf("with the socket open to all, a stranger got in: %s", got)
	}
}

func TestTheSocketIsForItsOwnerAndGroup(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	info, err := os.Stat(b.Socket())
	if err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	for name, mode := range map[string]os.FileMode{"seal.key": 0o600, "store.json": 0o600} {
		if info, err := os.Stat(filepath.Join(b.Dir, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestAWebPageIsTurnedAway(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", b.Socket())
	}}}
	defer client.CloseIdleConnections()
	for name, c := range map[string]struct {
		header string
		status int
	}{"a page": {"http://evil.example", 403}, "a program": {"", 200}} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", "http://crs/v1/status", nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.header != "" {
			req.Header.Set("Origin", c.header)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != c.status {
			t.Errorf("%s: %d", name, resp.StatusCode)
		}
	}
}
