//go:build e2e && linux

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// line is a terminal line that nobody draws: what a command writes to it is kept, with when it came.
type line struct {
	keys *os.File // what is written here, the command reads

	mu   sync.Mutex // guards the fields below
	text bytes.Buffer
	came chan struct{} // closed when more comes
	done chan struct{} // closed when the command has ended
}

// onLine runs a command on a terminal line.
func onLine(t testing.TB, rows, columns int, cmd *exec.Cmd) *line {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(rows), Col: uint16(columns)})
	}
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = slave.Close()
	l := &line{keys: master, came: make(chan struct{}), done: make(chan struct{})}
	go l.listen()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = master.Close()
	})
	return l
}

func (l *line) listen() {
	defer close(l.done)
	buf := make([]byte, 64<<10)
	for {
		n, err := l.keys.Read(buf)
		if err != nil {
			return
		}
		l.mu.Lock()
		l.text.Write(buf[:n])
		close(l.came)
		l.came = make(chan struct{})
		l.mu.Unlock()
	}
}

// written is everything so far, and what is closed when there is more.
func (l *line) written() (string, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String(), l.came
}

// TestCommandsDoNotAskTheTerminalAnything: the library of the dashboard would, as soon as the program starts, and wait for
// an answer that this line never gives.
func TestCommandsDoNotAskTheTerminalAnything(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"status", "--socket", "/nowhere/s"}, {"--help"}} {
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		cmd := exec.CommandContext(ctx, binary(t), args...)
		cmd.Env = append(os.Environ(), "TERM=xterm-256color")
		l := onLine(t, 24, 80, cmd)
		<-l.done
		text, _ := l.written()
		if bytes.ContainsRune([]byte(text), '\x1b') || len(text) == 0 || ctx.Err() != nil {
			t.Errorf("%v wrote %q", args, text)
		}
		stop()
	}
}
