//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"crs/ctl"
)

// endsWithin waits for the first process and gives its exit code; -1 when it goes on.
func (r *relay) endsWithin(d time.Duration) int {
	late := time.AfterFunc(d, func() { _ = syscall.Kill(-r.process.Process.Pid, syscall.SIGKILL) })
	defer late.Stop()
	return r.ends()
}

// stopsAll has the first process told to stop, and sees that none is left.
func (r *relay) stopsAll(name string, restarted <-chan error) {
	r.t.Helper()
	first := r.process.Process.Pid
	if err := syscall.Kill(first, syscall.SIGTERM); err != nil {
		r.t.Fatal(err)
	}
	if code := r.endsWithin(20 * time.Second); code != 0 {
		r.t.Errorf("%s: the first process ended with %d", name, code)
	}
	r.until(name+": no process is left", func() bool { alive, _ := r.familyOf(first); return len(alive) == 0 })
	<-restarted
}

func (r *relay) restarting(program string) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := r.Restart(context.Background(), ctl.Restart{Binary: program})
		done <- err
	}()
	return done
}

// TestAStopDuringARestartIsNotLost: whenever it comes, all processes end, and the first one well.
func TestAStopDuringARestartIsNotLost(t *testing.T) {
	t.Parallel()
	r := start(t)
	for _, after := range []time.Duration{0, 10, 20, 30, 40, 60, 100, 200, 600} {
		after *= time.Millisecond
		restarted := r.restarting("")
		time.Sleep(after) // where it comes in the handover is different each time
		r.stopsAll(after.String(), restarted)
		r.serve()
	}
}

// TestAStopWhileTheNewProcessStartsIsNotLost: that one has not even set what it does when it is told to stop.
func TestAStopWhileTheNewProcessStartsIsNotLost(t *testing.T) {
	t.Parallel()
	r := start(t)
	mark := filepath.Join(r.dir, "started")
	restarted := r.restarting(program(t, r, "touch "+mark+"\nsleep 1\nexec "+binary(t)+" \"$@\""))
	r.until("the new process starts", func() bool { _, err := os.Stat(mark); return err == nil })
	r.stopsAll("starting", restarted)
}

// TestALogThatNobodyReadsIsNotTheEnd of the daemon, nor of a restart.
func TestALogThatNobodyReadsIsNotTheEnd(t *testing.T) {
	t.Parallel()
	r := start(t)
	_ = syscall.Kill(r.process.Process.Pid, syscall.SIGTERM)
	r.ends()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), binary(t), "serve", "--listen", r.addr, "--data", r.dir)
	cmd.Stdout, cmd.Stderr, cmd.Env = writer, writer, append(os.Environ(), r.simulated()...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.process = cmd
	_ = writer.Close()
	if _, err := io.ReadFull(reader, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	_ = reader.Close()
	r.until("the daemon answers", func() bool { _, err := r.Status(context.Background()); return err == nil })
	if pid := r.again(); pid == cmd.Process.Pid {
		t.Error(fmt.Sprint("process ", pid, " has taken over from itself"))
	}
	_ = syscall.Kill(cmd.Process.Pid, syscall.SIGTERM)
	if code := r.endsWithin(20 * time.Second); code != 0 {
		t.Errorf("it ended with %d", code)
	}
}
