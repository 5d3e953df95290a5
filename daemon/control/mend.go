package control

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"crs/ctl"
	"crs/internal/errs"
)

// lost means that the socket's file is gone, or is a socket on which nobody listens.
type lost struct{ path, how string }

func (e *lost) Error() string {
	return fmt.Sprintf("the control socket %s %s while the daemon runs", e.path, e.how)
}

// LockPath is the file that keeps a second daemon from the socket.
func (s *Server) LockPath() string { return ctl.SocketLock(s.path) }

// Intact is an error when those who connect to the socket's path do not reach this daemon.
func (s *Server) Intact() error { return s.current().intact(s.path) }

func (k socket) intact(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &lost{path, "was removed"}
	case err != nil:
		return fmt.Errorf("look for the control socket: %w", err)
	case k.at != nil && os.SameFile(info, k.at):
		return nil
	case info.Mode().Type() == fs.ModeSocket && errors.Is(call(path), syscall.ECONNREFUSED):
		return &lost{path, "was replaced by one on which nobody listens"}
	}
	return fmt.Errorf("something else was put in the place of the control socket %s while the daemon runs", path)
}

// call is an error when nobody answers on a socket.
func call(path string) error {
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		_ = conn.Close()
	}
	return err
}

// Mend listens at the socket's path again when its file was removed, or replaced by a socket on which nobody listens. It gives what it
// found and mended; nil when that was nothing. What else somebody has put in its place is left alone, and an error. While another
// process may be about to serve the socket, nothing is done.
func (s *Server) Mend() (found, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paused || s.closed || s.left.Load() {
		return nil, nil
	}
	var gone *lost
	if err := s.socket.intact(s.path); !errors.As(err, &gone) {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o755); err != nil {
		return nil, fmt.Errorf("make the directory of the control socket: %w", err)
	}
	ln, err := bind(s.path)
	if err != nil {
		return nil, err
	}
	old := s.socket
	s.socket = socketOf(s.path, ln)
	return gone, errs.Wrap(errs.Ignore(old.ln.Close(), net.ErrClosed), "close the control socket that is lost") // Serve goes on with the new one
}
