package ctl_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crs/ctl"
)

func TestASocketWhosePathIsTooLongIsNoneToReach(t *testing.T) {
	t.Parallel()
	c := ctl.NewClient("/tmp/" + strings.Repeat("x", 110))
	defer c.Close()
	_, err := c.Status(t.Context())
	var e *ctl.Error
	if !errors.As(err, &e) || e.Code != ctl.BadRequest || !strings.Contains(e.Message, "has 115 bytes") || !strings.Contains(e.Hint, "--socket") {
		t.Errorf("%+v", err)
	}
}

// TestADaemonThatIsSilentIsNotWaitedForForEver: it is there, but accepts nobody.
func TestADaemonThatIsSilentIsNotWaitedForForEver(t *testing.T) {
	t.Parallel()
	path := filepath.Join(shortDir(t), "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	c := ctl.NewClient(path)
	defer c.Close()
	c.Impatient(10 * time.Millisecond)
	_, err = c.Status(t.Context())
	var e *ctl.Error
	if !errors.As(err, &e) || e.Code != ctl.Failed || !strings.Contains(e.Message, "has not answered for 10ms") || !strings.Contains(e.Hint, "descriptors") {
		t.Errorf("%+v", err)
	}
}

// shortDir is a directory whose name leaves room for a socket's path.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "crs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
