//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"crs/ctl"
)

// family are the processes of a relay's group, the dead that nobody has taken leave of included.
func (r *relay) family() (alive, dead []int) { return r.familyOf(r.process.Process.Pid) }

func (r *relay) familyOf(first int) (alive, dead []int) {
	r.t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		r.t.Fatal(err)
	}
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended meanwhile
		}
		var pid, parent, group int
		var state string
		rest := string(text[strings.LastIndexByte(string(text), ')')+1:])
		if _, err := fmt.Sscan(rest, &state, &parent, &group); err != nil || group != first {
			continue
		}
		if _, err := fmt.Sscan(string(text), &pid); err != nil {
			continue
		}
		if state == "Z" {
			dead = append(dead, pid)
		} else {
			alive = append(alive, pid)
		}
	}
	return alive, dead
}

// again restarts the daemon and gives the process that serves now.
func (r *relay) again() int {
	r.t.Helper()
	done, err := r.Restart(context.Background(), ctl.Restart{})
	if err != nil {
		r.t.Fatal(err)
	}
	return done.PID
}

// servesAgain waits until the process that had handed over is the one that answers.
func (r *relay) servesAgain(old int) {
	r.t.Helper()
	r.until("the old process serves again", func() bool {
		s, err := r.Status(r.t.Context())
		return err == nil && s.PID == old
	})
}

// serves asks as a client and as an operator.
func (r *relay) serves(pid int) {
	r.t.Helper()
	s, err := r.Status(r.t.Context())
	if err != nil || s.PID != pid {
		r.t.Errorf("process %d serves, not %d: %v", s.PID, pid, err)
	}
	resp, err := http.Get("http://" + r.addr + "/health")
	if err != nil || resp.StatusCode != http.StatusOK {
		r.t.Errorf("it does not answer: %v", err)
		return
	}
	_ = resp.Body.Close()
}

// ends waits for the first process, and gives its exit code.
func (r *relay) ends() int {
	r.t.Helper()
	_ = r.process.Wait()
	code := r.process.ProcessState.ExitCode()
	r.process = nil
	return code
}

// TestOnlyTheFirstProcessStaysForOthers: however often the daemon is restarted, two processes are left: that which was started
// first, which somebody watches, and that which serves. A signal to the first ends both.
func TestOnlyTheFirstProcessStaysForOthers(t *testing.T) {
	t.Parallel()
	r := start(t)
	first, newest := r.process.Process.Pid, 0
	for range 10 {
		newest = r.again()
	}
	r.until("the processes in between have ended", func() bool {
		alive, dead := r.family()
		return len(alive) == 2 && len(dead) == 0
	})
	r.serves(newest)
	if err := syscall.Kill(first, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	r.until("the one that serves reads the configuration again", func() bool { return r.logged("configuration reloaded") })
	if err := syscall.Kill(first, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := r.ends(); code != 0 {
		t.Errorf("the first ended with %d", code)
	}
	r.until("none is left", func() bool { alive, _ := r.familyOf(first); return len(alive) == 0 })
}

func (r *relay) logged(words string) bool {
	text, err := os.ReadFile(r.log.Name())
	return err == nil && strings.Contains(string(text), words)
}

// TestAKillInAChainOfProcessesHarmsNothing: of one in between, of the newest while the one before it is still there, and of the
// newest when none is.
func TestAKillInAChainOfProcessesHarmsNothing(t *testing.T) {
	t.Parallel()
	r := start(t)
	group := r.process.Process.Pid
	t.Cleanup(func() { _ = syscall.Kill(-group, syscall.SIGKILL) })
	second := r.again()
	third := r.again()
	if err := syscall.Kill(second, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	r.until("the dead one is taken leave of", func() bool { _, dead := r.family(); return len(dead) == 0 })
	r.serves(third)
	fourth := r.again()
	r.serves(fourth)
	if err := syscall.Kill(fourth, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	r.servesAgain(third)
	r.serves(third)
	r.until("two are left", func() bool { alive, dead := r.family(); return len(alive) == 2 && len(dead) == 0 })
	time.Sleep(100 * time.Millisecond)
	r.serves(third)
	if err := syscall.Kill(third, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if code := r.ends(); code == 0 {
		t.Error("the first ended well, and whoever watches it would not start it again")
	}
	if !r.logged("ended without a word") {
		t.Error("it does not say why")
	}
}
