package unit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"crs/ctl"
	"crs/internal/convert"
	"crs/internal/errs"

	"github.com/kardianos/service"
)

// host is the machine, as far as a service is concerned. Tests have one of their own.
type host struct {
	goos string
	uid  int
	args []string // that this process was called with
	// root is what the system's own paths are below.
	root    string
	getenv  func(string) string
	binary  func() (string, error)
	run     func(ctx context.Context, out io.Writer, name string, args ...string) error
	backend func(*service.Config) (backend, error)
}

func thisHost() host {
	return host{
		goos: runtime.GOOS, uid: os.Getuid(), args: os.Args, getenv: os.Getenv, binary: thisBinary, run: runProgram,
		backend: func(c *service.Config) (backend, error) { return service.New(nothing{}, c) },
	}
}

// thisBinary is the file, not a link to it that may come to point to another.
func thisBinary() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find out where crs is: %w", err)
	}
	return filepath.EvalSymlinks(path)
}

// nothing is what kardianos wants to run, which this process is not here for.
type nothing struct{}

func (nothing) Start(service.Service) error { return nil }
func (nothing) Stop(service.Service) error  { return nil }

// saidError is a program that failed, with what it said.
type saidError struct {
	name, said string
	err        error
}

func (e *saidError) Error() string {
	if e.said == "" {
		return fmt.Sprintf("%s: %v", e.name, e.err)
	}
	return e.name + ": " + e.said
}

func (e *saidError) Unwrap() error { return e.err }

// runProgram runs a program in a language and a time zone that can be read.
func runProgram(ctx context.Context, out io.Writer, name string, args ...string) error {
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC", "SYSTEMD_COLORS=0", "SYSTEMD_PAGER=")
	cmd.Stdout, cmd.Stderr = out, &said
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	err := cmd.Run()
	if err != nil && ctx.Err() == nil {
		return &saidError{name, strings.TrimSpace(said.String()), err}
	}
	return nil
}

// ask gives what a program prints.
func (h *host) ask(ctx context.Context, name string, args ...string) (string, error) {
	var out strings.Builder
	err := h.run(ctx, &out, name, args...)
	return out.String(), err
}

// at is a path of the system.
func (h *host) at(path string) string { return filepath.Join(h.root, path) }

// self is this command as it was typed.
func (h *host) self() string { return strings.Join(convert.All(h.args, ctl.ShellWord), " ") }

// clearFile takes the file that describes a service away.
func clearFile(path, what string) error {
	return errs.Wrap(errs.Ignore(os.Remove(path), fs.ErrNotExist), "replace the %s", what)
}

// holds reports whether a file has a text, and nothing else.
func holds(path, text string) bool {
	there, err := os.ReadFile(path)
	return err == nil && string(there) == text
}

// write makes a file that is not there; what is there stays.
func write(path, text string, mode os.FileMode) (made bool, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return false, fmt.Errorf("make the directory of %s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, os.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(mode), f.Close())
	return err == nil, errs.Wrap(err, "write %s", path)
}
