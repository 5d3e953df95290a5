// Package redistest gives tests a Redis of their own: a real redis-server when one is in the PATH, miniredis otherwise.
package redistest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"crs/lab/freeport"
)

// patience is how long a server may take to do what it was told, on a machine that has other work.
const patience = 60 * time.Second

// Server is one Redis, empty at first.
type Server struct {
	// Addr is where it listens, also after a restart.
	Addr string

	conf string
	args []string
	dir  string
	cmd  *exec.Cmd
	said *bytes.Buffer // to be read when gone is closed
	gone chan struct{}
	mini *miniredis.Miniredis
}

// Real reports whether there is a redis-server to test on.
func Real() bool {
	_, err := exec.LookPath("redis-server")
	return err == nil
}

// Kind says what tests run on here.
func Kind() string {
	if !Real() {
		return "miniredis (there is no redis-server in the PATH)"
	}
	out, err := exec.Command("redis-server", "--version").Output()
	if err != nil {
		return "redis-server"
	}
	return string(bytes.TrimSpace(out))
}

// Start gives a server that ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	if Real() {
		return StartReal(t)
	}
	m := miniredis.RunT(t)
	return &Server{Addr: m.Addr(), mini: m}
}

// StartMini gives a miniredis, also where a real server could be had.
func StartMini(t testing.TB) *Server {
	t.Helper()
	m := miniredis.RunT(t)
	return &Server{Addr: m.Addr(), mini: m}
}

// StartReal starts a redis-server with further arguments ("--requirepass", "x"). It skips the test where there is none.
func StartReal(t testing.TB, args ...string) *Server {
	t.Helper()
	if !Real() {
		t.Skip("there is no redis-server in the PATH")
	}
	return start(t, "", append([]string{"--save", "", "--appendonly", "no"}, args...)...)
}

// start starts a redis-server with a configuration file, unless that is empty, and arguments.
func start(t testing.TB, conf string, args ...string) *Server {
	t.Helper()
	s := &Server{dir: t.TempDir(), args: args, conf: conf}
	for range 10 { // somebody else may take the port before the server does
		s.Addr = freeport.For(t)
		if err := s.run(); err == nil {
			t.Cleanup(func() { s.finish(t) })
			return s
		} else {
			t.Log(err)
		}
	}
	t.Fatal("no redis-server would start")
	return nil
}

// run starts the process and waits until it answers.
func (s *Server) run() error {
	_, port, _ := net.SplitHostPort(s.Addr)
	s.said = new(bytes.Buffer)
	var all []string
	if s.conf != "" {
		all = append(all, s.conf)
	}
	all = append(all, "--port", port, "--bind", "127.0.0.1", "--dir", s.dir, "--daemonize", "no")
	s.cmd = exec.Command("redis-server", append(all, s.args...)...)
	s.cmd.Stdout, s.cmd.Stderr = s.said, s.said
	s.cmd.SysProcAttr = dieWithParent()
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("start redis-server: %w", err)
	}
	gone := make(chan struct{})
	s.gone = gone
	go func() { _ = s.cmd.Wait(); close(gone) }()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if conn, err := net.DialTimeout("tcp", s.Addr, time.Second); err == nil {
			_ = conn.Close()
			if s.answers() {
				return nil
			}
		}
		select {
		case <-gone:
			return fmt.Errorf("redis-server ended: %s", s.said)
		default:
		}
	}
	s.end(syscall.SIGKILL)
	return errors.New("redis-server does not answer")
}

// answers reports whether the server is done with loading.
func (s *Server) answers() bool {
	err := s.ping()
	return err == nil || strings.HasPrefix(err.Error(), "NOAUTH")
}

func (s *Server) ping() error {
	rdb := redis.NewClient(&redis.Options{Addr: s.Addr, Protocol: 2, MaintNotificationsConfig: quiet()})
	defer func() { _ = rdb.Close() }()
	return rdb.Ping(context.Background()).Err()
}

// finish ends the server for good, and tells what it said when the test has failed.
func (s *Server) finish(t testing.TB) {
	s.end(syscall.SIGKILL)
	if t.Failed() {
		<-s.gone
		said := s.said.Bytes()
		t.Logf("the Redis at %s said at last:\n%s", s.Addr, said[max(0, len(said)-4000):])
	}
}

func (s *Server) end(sig syscall.Signal) {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Signal(sig)
		for s.cmd.Process.Signal(syscall.Signal(0)) == nil {
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// URL is how crs is told of it.
func (s *Server) URL() string { return "redis://" + s.Addr + "/0" }

// Kill ends the server at once; what it held is gone unless its arguments say otherwise. Restart brings it back.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	if s.mini != nil {
		s.mini.Close()
		return
	}
	s.end(syscall.SIGKILL)
}

// Save has a real server write its data down, so that Restart brings them back.
func (s *Server) Save(t testing.TB) {
	t.Helper()
	if s.mini == nil {
		s.Do(t, "SAVE")
	}
}

// Restart starts a killed server on the same address. A real one has what it Saved, miniredis what it held.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if s.mini != nil {
		if err := s.mini.StartAddr(s.Addr); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
}

// Lose makes what was Saved so far vanish: the next Restart is empty.
func (s *Server) Lose(t testing.TB) {
	t.Helper()
	if s.mini != nil {
		s.mini.FlushAll()
		return
	}
	_ = os.Remove(filepath.Join(s.dir, "dump.rdb"))
}

// Pause stops a real server from answering, with its connections open; Resume lets it go on.
func (s *Server) Pause(t testing.TB) { s.signal(t, syscall.SIGSTOP) }

// Resume ends a Pause.
func (s *Server) Resume(t testing.TB) { s.signal(t, syscall.SIGCONT) }

func (s *Server) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	if s.cmd == nil {
		t.Skip("only a real server can be paused")
	}
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// Do sends a command and gives its answer.
func (s *Server) Do(t testing.TB, args ...any) any {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: s.Addr, Protocol: 2, MaintNotificationsConfig: quiet()})
	defer func() { _ = rdb.Close() }()
	v, err := rdb.Do(context.Background(), args...).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		t.Fatalf("%v: %v", args, err)
	}
	return v
}

// quiet keeps the client from asking for what only Redis' own cloud answers.
func quiet() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}
