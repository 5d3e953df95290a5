package ctl_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"crs/ctl"
)

// TestADaemonThatLivesIsNotStartedAgain: whoever finds nobody on its socket is told that it lives, and what to do.
func TestADaemonThatLivesIsNotStartedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		put        func(path string) error
		said, hint string
	}{
		"nothing":       {func(string) error { return nil }, "is not there", "within seconds"},
		"a file":        {func(path string) error { return os.WriteFile(path, nil, 0o600) }, "something else is in the place", "remove "},
		"a directory":   {func(path string) error { return os.Mkdir(path, 0o700) }, "something else is in the place", "remove "},
		"a dead socket": {deadSocket, "nobody listens", "remove "},
	} {
		for _, lock := range []string{"s.lock", "crs.lock"} {
			t.Run(name+" "+lock, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(shortDir(t), "s")
				if err := c.put(path); err != nil {
					t.Fatal(err)
				}
				client := ctl.NewClient(path)
				defer client.Close()
				_, err := client.Status(t.Context())
				if ctl.CodeOf(err) != ctl.NotRunning {
					t.Errorf("without a daemon: %v", err)
				}
				held := locked(t, filepath.Join(filepath.Dir(path), lock))
				_, err = client.Status(t.Context())
				var e *ctl.Error
				if !errors.As(err, &e) || e.Code != ctl.Failed || !strings.Contains(e.Message, fmt.Sprintf("(process %d has locked", os.Getpid())) ||
					!strings.Contains(e.Message, c.said) || !strings.Contains(e.Hint, "start no second one") || !strings.Contains(e.Hint, c.hint) {
					t.Errorf("%+v", err)
				}
				_ = held.Close()
				if _, err = client.Status(t.Context()); ctl.CodeOf(err) != ctl.NotRunning {
					t.Errorf("when it has ended: %v", err)
				}
			})
		}
	}
}

func deadSocket(path string) error {
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return err
	}
	ln.SetUnlinkOnClose(false)
	return ln.Close()
}

// locked locks a file as a daemon does. A program that another test starts has it for a moment, too.
func locked(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.Create(path)
	if err == nil {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}
