package control_test

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crs/daemon/control"
)

func socketServer(t *testing.T) *control.Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "crs") // whose name leaves room for a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s, err := control.Listen(filepath.Join(dir, "s"), 100, nil, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestASocketThatIsRemovedIsMadeAnew, with the same mode; what is in its place is left alone, and taken for nobody's fault at the end.
func TestASocketThatIsRemovedIsMadeAnew(t *testing.T) {
	t.Parallel()
	s := socketServer(t)
	if found, err := s.Mend(); found != nil || err != nil || s.Intact() != nil {
		t.Errorf("a whole one: %v, %v, %v", found, err, s.Intact())
	}
	if err := os.Remove(s.Path()); err != nil {
		t.Fatal(err)
	}
	if err := s.Intact(); err == nil || !strings.Contains(err.Error(), s.Path()+" was removed") {
		t.Errorf("it says %v", err)
	}
	if found, err := s.Mend(); found == nil || err != nil || s.Intact() != nil {
		t.Errorf("%v, %v, %v", found, err, s.Intact())
	}
	if info, err := os.Lstat(s.Path()); err != nil || info.Mode() != fs.ModeSocket|0o660 {
		t.Errorf("%v, %v", info, err)
	}
	c, err := net.Dial("unix", s.Path())
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	other := []byte("another's")
	if err := errors.Join(os.Remove(s.Path()), os.WriteFile(s.Path(), other, 0o600)); err != nil {
		t.Fatal(err)
	}
	if found, err := s.Mend(); found != nil || err == nil || s.Intact() == nil {
		t.Errorf("in the place of another file: %v, %v", found, err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Errorf("it does not end well: %v", err)
	}
	if text, err := os.ReadFile(s.Path()); err != nil || string(text) != string(other) {
		t.Errorf("%q, %v", text, err)
	}
}

// TestAServerEndsWellWithoutItsSocket, and makes none while another process may serve it.
func TestAServerEndsWellWithoutItsSocket(t *testing.T) {
	t.Parallel()
	s := socketServer(t)
	if err := os.Remove(s.Path()); err != nil {
		t.Fatal(err)
	}
	s.Pause()
	if found, err := s.Mend(); found != nil || err != nil {
		t.Errorf("while it is paused: %v, %v", found, err)
	}
	s.Resume()
	s.Leave()
	if found, err := s.Mend(); found != nil || err != nil {
		t.Errorf("when it was left to another process: %v, %v", found, err)
	}
	s.Resume()
	if err := s.Shutdown(t.Context()); err != nil {
		t.Errorf("it does not end well: %v", err)
	}
	if found, err := s.Mend(); found != nil || err != nil {
		t.Errorf("after the end: %v, %v", found, err)
	}
}

// TestADeadSocketIsReplaced: an older one of the daemon's own that was put back, say. One on which somebody listens is left alone.
func TestADeadSocketIsReplaced(t *testing.T) {
	t.Parallel()
	s := socketServer(t)
	aside := s.Path() + ".aside"
	if err := os.Rename(s.Path(), aside); err != nil {
		t.Fatal(err)
	}
	if found, err := s.Mend(); found == nil || err != nil {
		t.Fatalf("%v, %v", found, err)
	}
	if err := os.Rename(aside, s.Path()); err != nil { // nobody listens there any more
		t.Fatal(err)
	}
	if found, err := s.Mend(); found == nil || !strings.Contains(found.Error(), "nobody listens") || err != nil || s.Intact() != nil {
		t.Errorf("%v, %v, %v", found, err, s.Intact())
	}
	if err := os.Remove(s.Path()); err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("unix", s.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if found, err := s.Mend(); found != nil || err == nil {
		t.Errorf("in the place of another's: %v, %v", found, err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Errorf("it does not end well: %v", err)
	}
}
