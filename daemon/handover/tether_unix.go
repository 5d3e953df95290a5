//go:build unix

package handover

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// NewTether makes a tether, for the first process to keep, and its other end, to be given to the next one and closed then.
func NewTether() (*Tether, *Held, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, nil, err
	}
	t := follow(ours)
	adopt()
	go t.reap()
	return t, &Held{theirs}, nil
}

// Close closes this process's part of the other end.
func (h *Held) Close() {
	if h != nil {
		_ = h.file.Close()
	}
}

// Signal passes a signal on to the process that serves, and reports false when none has said that it does.
func (t *Tether) Signal(s syscall.Signal) bool {
	pid := t.Serves()
	return pid != 0 && syscall.Kill(pid, s) == nil
}

// reap takes leave of processes that have become this one's children because those that started them have ended.
func (t *Tether) reap() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	defer signal.Stop(ended)
	for over := false; !over; t.reapAll() {
		select {
		case <-ended:
		case <-t.gone:
			over = true
		}
	}
}

func (t *Tether) reapAll() {
	t.mu.Lock()
	all := t.others
	t.mu.Unlock()
	for _, pid := range all {
		if pid == all[0] { // this process has started that one, and waits for it elsewhere
			continue
		}
		var state syscall.WaitStatus
		_, _ = syscall.Wait4(pid, &state, syscall.WNOHANG, nil)
	}
}

// heldFile is the number under which the other end of a tether is inherited.
const heldFile = socketFile + 1

// tetherVariable tells a process that it has inherited one. A crs that does not know it stays, as every one did before.
const tetherVariable = "INHERITS_CRS_TETHER"

// inheritedTether gives the end that was inherited; nil when there is none.
func inheritedTether() *Held {
	value, ok := os.LookupEnv(tetherVariable)
	_ = os.Unsetenv(tetherVariable)
	if !ok || value != fmt.Sprint(heldFile) {
		return nil
	}
	var stat unix.Stat_t
	if err := unix.Fstat(heldFile, &stat); errors.Is(err, unix.EBADF) || stat.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return nil
	}
	return &Held{inherited(heldFile, "tether")}
}
