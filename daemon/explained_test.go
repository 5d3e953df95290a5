package daemon

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"crs/ctl"
	"crs/internal/config"
	"crs/internal/store"
)

func TestAPortThatIsTakenIsAConflict(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	err = Serve(t.Context(), Options{Log: io.Discard, Source: config.Source{UID: 1000, Flags: map[string]string{"listen": ln.Addr().String(), "data": t.TempDir(), "socket": short(t) + "/s"}}})
	var e *ctl.Error
	if !errors.As(err, &e) || e.Code != ctl.Conflict || !strings.Contains(e.Message, ln.Addr().String()) || !strings.Contains(e.Hint, "--listen") {
		t.Errorf("%+v", err)
	}
}

func short(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "crs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestWhatKeepsADaemonFromStartingIsExplained(t *testing.T) {
	t.Parallel()
	listen := func(errno syscall.Errno) error {
		return fmt.Errorf("listen for clients on :443: %w", &net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind", errno)})
	}
	for _, c := range []struct {
		err  error
		code ctl.Code
		hint string
	}{
		{listen(syscall.EADDRINUSE), ctl.Conflict, "ss -ltnp"},
		{listen(syscall.EACCES), ctl.NotPermitted, "setcap"},
		{listen(syscall.EADDRNOTAVAIL), ctl.Failed, "ip address"},
		{fmt.Errorf("make the data directory: %w", &fs.PathError{Op: "mkdir", Path: "/var/lib/crs", Err: syscall.EACCES}), ctl.NotPermitted, "--data DIR"},
		{fmt.Errorf("write: %w", syscall.ENOSPC), ctl.Failed, "make room on the disk"},
		{fmt.Errorf("open: %w: %w", store.ErrNotWritable, store.ErrFull), ctl.Failed, "make room on the disk"},
		{fmt.Errorf("open: %w: %w", store.ErrNotWritable, store.ErrLocked), ctl.Conflict, "which process has crs.db open"},
		{fmt.Errorf("open: %w: %w", store.ErrNotWritable, store.ErrReadOnly), ctl.NotPermitted, "mounted read-only"},
		{fmt.Errorf("open: %w", syscall.EROFS), ctl.NotPermitted, "mounted read-only"},
	} {
		var e *ctl.Error
		if got := explained(c.err); !errors.As(got, &e) || e.Code != c.code || !strings.Contains(e.Hint, c.hint) || e.Message != c.err.Error() {
			t.Errorf("%v: %+v", c.err, got)
		}
	}
	if other := errors.New("other"); explained(other) != other {
		t.Error("it explains what it does not know")
	}
}

// TestADiskWithoutInodesIsNotSaidToLackBytes, and the other way round.
func TestADiskWithoutInodesIsNotSaidToLackBytes(t *testing.T) {
	t.Parallel()
	full := fmt.Errorf("lock the data directory: %w", syscall.ENOSPC)
	for _, c := range []struct {
		has              room
		says, not, hints string
	}{
		{room{bytes: 60 << 20, files: 0}, "0 are free", "KiB", "df -i"},
		{room{bytes: 60 << 20, files: 3}, "no inodes for more files", "KiB", "df -i"},
		{room{bytes: 4 << 10, files: 1000}, "4 KiB are free", "inodes", "make room"},
		{room{bytes: 0, files: 0}, "0 KiB are free", "inodes", "make room"},
		{room{bytes: 60 << 20, files: -1}, "a start takes 1200 KiB", "inodes", "make room"},
		{room{bytes: -1, files: -1}, "not known", "inodes", "make room"},
	} {
		var e *ctl.Error
		err := explained(lacking(full, "/d", c.has))
		if !errors.As(err, &e) || !strings.Contains(e.Message, c.says) || strings.Contains(e.Message, c.not) || !strings.Contains(e.Hint, c.hints) {
			t.Errorf("%+v: %+v", c.has, err)
		}
	}
}

func TestRootDoesNotWriteIntoAnothersData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := errors.Join(rightUser(dir, 1000), rightUser("/nowhere/at/all", 0)); err != nil {
		t.Error(err)
	}
	if os.Getuid() != 0 {
		t.Skip("only root can give a directory away")
	}
	if err := rightUser(dir, 0); err != nil {
		t.Error(err)
	}
	if err := os.Chown(dir, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	var e *ctl.Error
	if err := rightUser(dir, 0); !errors.As(err, &e) || e.Code != ctl.NotPermitted || !strings.Contains(e.Message, "belongs to user 12345") || !strings.Contains(e.Hint, "sudo crs start") {
		t.Errorf("%+v", err)
	}
}
