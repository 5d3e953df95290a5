package process

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// sh runs a script for the shell until the test ends.
func sh(t *testing.T, script string) *Process {
	t.Helper()
	p, err := Start(t.Context(), t.TempDir(), "shell", "/bin/sh", "-c", script)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(p.Stop)
	return p
}

func TestAChildSaysWhereItIsAndIsStopped(t *testing.T) {
	t.Parallel()
	p := sh(t, "echo 127.0.0.1:1; echo more; exec sleep 1000")
	for _, want := range []string{"127.0.0.1:1", "more"} {
		if got, err := p.Line(); err != nil || got != want {
			t.Fatalf("it said %q and %v, not %q", got, err, want)
		}
	}
	p.Stop()
	if err := syscall.Kill(p.PID(), 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestAChildEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	p, err := Start(ctx, t.TempDir(), "shell", "/bin/sh", "-c", "exec sleep 1000")
	if err != nil {
		t.Skip(err)
	}
	stop()
	select {
	case <-p.ended:
	case <-time.After(time.Minute):
		t.Error("it goes on")
	}
}

func TestAChildThatEndsEarlyIsExplainedByItsLog(t *testing.T) {
	t.Parallel()
	p := sh(t, "echo the port is taken >&2; exit 3")
	if _, err := p.Line(); err == nil || !strings.Contains(err.Error(), "the port is taken") {
		t.Errorf("the error does not say why: %v", err)
	}
	err := p.Until(t.Context(), time.Minute, func() error { return errors.New("not yet") })
	if err == nil || !strings.Contains(err.Error(), "the port is taken") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("the error does not say why: %v", err)
	}
}

func TestUntilGivesTheLastErrorWhenTimeIsUp(t *testing.T) {
	t.Parallel()
	p := sh(t, "exec sleep 1000")
	err := p.Until(t.Context(), time.Millisecond, func() error { return errors.New("not yet") })
	if err == nil || !strings.Contains(err.Error(), "not yet") {
		t.Errorf("the error is %v", err)
	}
	tries := 0
	err = p.Until(t.Context(), time.Minute, func() error {
		if tries++; tries < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil || tries != 3 {
		t.Errorf("after %d tries: %v", tries, err)
	}
}

func TestAChildIsNotConfiguredByTheEnvironment(t *testing.T) {
	t.Setenv("CRS_LISTEN", "0.0.0.0:1")
	p := sh(t, `echo "[$CRS_LISTEN]"; exec sleep 1000`)
	if line, err := p.Line(); err != nil || line != "[]" {
		t.Errorf("it saw %q (%v)", line, err)
	}
}

func TestThisProcessHasFigures(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/smaps_rollup"); err != nil {
		t.Skip("there is no /proc")
	}
	before, err := CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	for now := before; now == before; {
		if time.Now().After(deadline) {
			t.Fatal("work took no processor time")
		}
		if now, err = CPU(os.Getpid()); err != nil {
			t.Fatal(err)
		}
	}
	m, err := MemoryOf(os.Getpid())
	if err != nil || m.RSS < 1<<20 || m.PSS > m.RSS || m.Peak < 1<<20 {
		t.Errorf("got %+v and %v", m, err)
	}
}

func TestDescendantsCount(t *testing.T) {
	t.Parallel()
	p := sh(t, "sleep 1000 & echo $!; wait")
	line, err := p.Line()
	if err != nil {
		t.Fatal(err)
	}
	family, err := familyOf(p.PID())
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	if len(family) != 2 || family[0].pid != p.PID() || family[1].pid != child {
		t.Errorf("the family of %d with the child %d is %+v", p.PID(), child, family)
	}
	p.Stop()
	command := filepath.Join("/proc", line, "cmdline") // empty when it has ended and nobody has asked for its status
	for deadline := time.Now().Add(time.Minute); ; {
		if text, err := os.ReadFile(command); err != nil || len(text) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the child outlived its parent")
		}
	}
	if _, err := familyOf(p.PID()); err == nil {
		t.Error("a process that has ended has a family")
	}
}

// TestADescendantMayEndWhileItIsLookedAt: a benchmark's own children come and go.
func TestADescendantMayEndWhileItIsLookedAt(t *testing.T) {
	t.Parallel()
	p := sh(t, "while :; do /bin/true & /bin/true; done")
	for range 200 {
		if _, err := MemoryOf(p.PID()); err != nil {
			t.Fatal(err)
		}
	}
}
