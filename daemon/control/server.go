// Package control serves ctl's contract on a local socket: to the daemon's owner, to root, and to members of the group crs.
package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"crs/ctl"
	"crs/daemon/handover"
	"crs/internal/descriptor"
	"crs/internal/errs"
	"crs/internal/filelock"
)

// Group is the system group whose members operate a daemon.
const Group = "crs"

// Server serves the socket.
type Server struct {
	path   string
	lock   *filelock.Lock
	log    *slog.Logger
	server *http.Server
	short  *descriptor.Shortage
	spare  *descriptor.Spare
	open   *connections
	once   sync.Once
	ended  error
	left   atomic.Bool // another process serves the socket now

	mu     sync.Mutex // guards the fields below
	socket socket
	paused bool
	closed bool
}

// socket is what callers connect to: another one when its file was removed.
type socket struct {
	raw *net.UnixListener
	ln  *handover.Listener
	at  os.FileInfo // its file
}

// InUse means that another daemon has the socket.
type InUse struct{ Path string }

// Error implements error.
func (e *InUse) Error() string { return fmt.Sprintf("another crs daemon listens on %s", e.Path) }

// Listen takes the socket at path, for at most so many connections; short is told of those that cannot be accepted. A socket that a dead daemon left behind is replaced; that
// of a living one never is. Callers wait until Serve answers them.
func Listen(path string, most int, short *descriptor.Shortage, log *slog.Logger) (*Server, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make the directory of the control socket: %w", err)
	}
	lock, err := filelock.Take(ctl.SocketLock(path))
	if errors.As(err, new(*filelock.Taken)) {
		return nil, &InUse{path}
	}
	if err != nil {
		return nil, fmt.Errorf("lock the control socket %s: %w", path, err)
	}
	if call(path) == nil { // a daemon whose lock file was deleted
		return nil, errors.Join(&InUse{path}, lock.Close())
	}
	ln, err := bind(path)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return Inherit(path, most, ln, lock, short, log), nil
}

// The times that callers have.
const (
	readPatience  = 10 * time.Second // for the head of a request, and then for its body
	writePatience = time.Minute      // for taking the answer, or for taking anything of one without an end
	idlePatience  = time.Minute      // between two requests
)

// Inherit serves a socket that another process has bound.
func Inherit(path string, most int, ln *net.UnixListener, lock *filelock.Lock, short *descriptor.Shortage, log *slog.Logger) *Server {
	s := &Server{
		path: path, lock: lock, log: log, short: short, spare: descriptor.NewSpare(spares), socket: socketOf(path, ln), open: newConnections(most, log),
	}
	s.server = &http.Server{
		ReadHeaderTimeout: readPatience,
		IdleTimeout:       idlePatience,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ConnState:         s.follow,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return s.open.enter(context.WithValue(ctx, peerKey{}, peerOf(c)), c)
		},
	}
	return s
}

// spares is for how many callers a descriptor is kept back: who operates the daemon is answered while clients have all the others.
const spares = 4

func (s *Server) follow(c net.Conn, state http.ConnState) {
	s.open.follow(c, state)
	if state == http.StateClosed {
		s.spare.Fill() // with the one that was this connection's, before a client takes it
	}
}

func socketOf(path string, ln *net.UnixListener) socket {
	ln.SetUnlinkOnClose(false)
	at, _ := os.Lstat(path) // none when it was removed in this moment
	return socket{raw: ln, ln: handover.Listen(ln), at: at}
}

func (s *Server) current() socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.socket
}

// Files are what another process needs to serve the socket.
func (s *Server) Files() (*net.UnixListener, *filelock.Lock) { return s.current().raw, s.lock }

// Pause has callers wait; Resume serves them again.
func (s *Server) Pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = true
	s.socket.ln.Pause()
}

// Resume serves callers again.
func (s *Server) Resume() {
	s.left.Store(false)
	s.server.SetKeepAlivesEnabled(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = false
	s.socket.ln.Resume()
}

// Leave leaves the socket to another process. What is being answered goes on; connections that idle are closed.
func (s *Server) Leave() {
	s.left.Store(true)
	s.server.SetKeepAlivesEnabled(false)
}

// bind makes the socket under another name and moves it into place once its mode and group are right: nobody can connect
// before.
func bind(path string) (*net.UnixListener, error) {
	draft := path + ".new"
	_ = os.Remove(draft)
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: draft, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen on the control socket %s: %w", path, err)
	}
	ln.SetUnlinkOnClose(false)
	err = errs.First(
		func() error { return os.Chmod(draft, 0o660) },
		func() error { return giveToGroup(draft) },
		func() error { return os.Rename(draft, path) },
	)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("set up the control socket %s: %w", path, err), ln.Close(), os.Remove(draft))
	}
	return ln, nil
}

// giveToGroup does nothing where there is no such group, or the daemon may not give files away.
func giveToGroup(path string) error {
	g, err := user.LookupGroup(Group)
	if err != nil {
		return nil
	}
	gid, err := strconv.Atoi(g.Gid)
	if err != nil {
		return nil
	}
	if err := os.Chown(path, -1, gid); err != nil && !errors.Is(err, os.ErrPermission) {
		return err
	}
	return nil
}

// Path is where the socket is.
func (s *Server) Path() string { return s.path }

// Serve answers until Shutdown.
func (s *Server) Serve(h *Handler) error {
	s.server.Handler = s.open.admit(h)
	s.server.RegisterOnShutdown(h.EndStreams)
	for {
		now := s.current()
		err := s.server.Serve(descriptor.Patient(now.ln, "control socket", s.short, nil).With(s.spare))
		switch {
		case errors.Is(err, http.ErrServerClosed):
			return nil
		case s.current().ln == now.ln:
			return fmt.Errorf("serve the control socket: %w", err)
		}
	}
}

// Shutdown ends what is being answered when ctx does, and takes the socket away. Calling it again does nothing.
func (s *Server) Shutdown(ctx context.Context) error {
	s.once.Do(func() {
		s.mu.Lock()
		s.closed = true // none is made anew
		now := s.socket
		s.mu.Unlock()
		err := s.server.Shutdown(ctx)
		if err != nil {
			err = s.server.Close()
		}
		err = errors.Join(err, errs.Ignore(now.ln.Close(), net.ErrClosed)) // it closes one that was never served
		s.spare.Close()
		if !s.left.Load() && now.intact(s.path) == nil {
			err = errors.Join(err, os.Remove(s.path))
		}
		// The lock's file stays: another daemon may be about to lock it.
		s.ended = errors.Join(err, s.lock.Close())
	})
	return s.ended
}
