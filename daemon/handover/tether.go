package handover

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"crs/internal/patience"
)

// A Tether leads from the process that was started first to whichever one serves. Whoever started the first watches that one: it
// stays for as long as any other does, passes signals on to the one that serves, and ends as that one ended. Those in between
// need not stay.
//
// Every process but the first holds the other end. It says there when it serves, and how it ended.
type Tether struct {
	gone chan struct{} // closed when no process holds the other end any more

	mu     sync.Mutex // guards the fields below
	serves int        // 0 until one has said so
	others []int      // that have served
	ended  string     // what the one that served last said when it ended
	at     time.Time  // when it said so
}

// What is said on a tether, a line each, and then which process or how.
const (
	saysServes = "serves "
	saysEnded  = "ended "
	endedWell  = "well"
)

// follow hears what is said at the other end until nobody holds it.
func follow(conn io.ReadCloser) *Tether {
	t := &Tether{gone: make(chan struct{})}
	go func() {
		defer close(t.gone)
		defer func() { _ = conn.Close() }()
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			t.hear(lines.Text())
		}
	}()
	return t
}

func (t *Tether) hear(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if text, ok := strings.CutPrefix(line, saysServes); ok {
		if pid, err := strconv.Atoi(text); err == nil && pid > 1 {
			t.serves, t.ended = pid, ""
			t.others = append(t.others, pid)
		}
	}
	if text, ok := strings.CutPrefix(line, saysEnded); ok {
		t.ended, t.at = text, time.Now()
	}
}

// Serves is the process that serves; 0 when none has said so, or none is left.
func (t *Tether) Serves() int {
	if patience.Over(t.gone) {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.serves
}

// Wait returns when every other process has ended, or the one that served last has said that it ends and a disk that hangs lets it not.
// The error is that of the one that served last.
func (t *Tether) Wait() error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for !t.over() {
		select {
		case <-t.gone:
		case <-tick.C:
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch t.ended {
	case endedWell:
		return nil
	case "":
		return fmt.Errorf("process %d, which had taken over, ended without a word, as one does that is killed", t.serves)
	}
	return errors.New("the process that had taken over: " + t.ended)
}

// over reports whether the others have ended, or would have long ago.
func (t *Tether) over() bool {
	if patience.Over(t.gone) {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ended != "" && time.Since(t.at) > lastBreath
}

// lastBreath is how long a process may take from when it says that it ends to its end.
const lastBreath = 5 * time.Second

// Held is the other end of a tether. One that is nil says nothing.
type Held struct{ file *os.File }

// Serving says that this process serves.
func (h *Held) Serving() { h.say(saysServes + strconv.Itoa(os.Getpid())) }

// Ended says how this process ended.
func (h *Held) Ended(err error) {
	how := endedWell
	if err != nil {
		how = strings.Join(strings.Fields(err.Error()), " ")
	}
	h.say(saysEnded + how)
}

// say leaves out errors: the first process may be gone.
func (h *Held) say(line string) {
	if h != nil {
		_, _ = fmt.Fprintln(h.file, line)
	}
}
