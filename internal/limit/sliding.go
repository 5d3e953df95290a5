package limit

import (
	"time"

	"crs/internal/unit"
)

// steps is in how many steps a window slides, as far as those are whole seconds.
const steps = 60

// step is how long one of its steps is, in seconds.
func (w Window) step() int64 { return (int64(w) + steps - 1) / steps }

// buckets is how many steps are kept: one more than the window is long, so that no such time, wherever it begins, ever holds more than
// a limit allows.
func (w Window) buckets() int64 { return (int64(w)+w.step()-1)/w.step() + 1 }

// Steps gives how long a step of a window is, in seconds, and how many of them are kept.
func (w Window) Steps() (seconds, kept int64) { return w.step(), w.buckets() }

// sliding is the count of a unit over a window that slides, on a clock that nobody sets.
type sliding struct {
	unit   unit.Unit
	window Window
	at     int64 // the newest step
	sum    int64
	bucket []int64
}

func newSliding(u unit.Unit, w Window) *sliding {
	return &sliding{unit: u, window: w, bucket: make([]int64, w.buckets())}
}

// step is the step that a time is in; there are some before a clock's beginning.
func (s *sliding) step(elapsed time.Duration) int64 {
	length := time.Duration(s.window.step()) * time.Second
	if elapsed < 0 {
		elapsed -= length - 1
	}
	return int64(elapsed / length)
}

func (s *sliding) span() int64 { return int64(len(s.bucket)) }

// place is where a step is kept.
func (s *sliding) place(step int64) *int64 {
	n := s.span()
	return &s.bucket[(step%n+n)%n]
}

// advance drops what has left the window by now.
func (s *sliding) advance(now int64) {
	if now <= s.at {
		return
	}
	if now-s.at >= s.span() {
		clear(s.bucket)
		s.sum = 0
	} else {
		for at := s.at + 1; at <= now; at++ {
			b := s.place(at)
			s.sum -= *b
			*b = 0
		}
	}
	s.at = now
}

func (s *sliding) add(now time.Duration, n int64) {
	s.advance(s.step(now))
	*s.place(s.at) += n
	s.sum += n
}

// addBefore counts what was some time ago.
func (s *sliding) addBefore(now, age time.Duration, n int64) {
	s.advance(s.step(now))
	at := s.step(now - max(age, 0))
	if s.at-at >= s.span() {
		return
	}
	*s.place(at) += n
	s.sum += n
}

// raise takes over what another count of the same has more: that is the oldest of it.
func (s *sliding) raise(now time.Duration, known *sliding) {
	s.advance(s.step(now))
	known.advance(s.at)
	missing := known.sum - s.sum
	for at := s.at - s.span() + 1; at <= s.at && missing > 0; at++ {
		more := min(*known.place(at), missing)
		*s.place(at) += more
		s.sum += more
		missing -= more
	}
}

func (s *sliding) count(now time.Duration) int64 {
	s.advance(s.step(now))
	return s.sum
}

// free is how long it takes until the count will have fallen below limit, if nothing is added. It is zero when it is below
// already.
func (s *sliding) free(now time.Duration, limit int64) time.Duration {
	s.advance(s.step(now))
	left, n := s.sum, s.span()
	if left < limit {
		return 0
	}
	until := func(step int64) time.Duration { return time.Duration((step+n)*s.window.step())*time.Second - now }
	for at := s.at - n + 1; at <= s.at; at++ {
		if left -= *s.place(at); left < limit {
			return until(at)
		}
	}
	return until(s.at)
}

// Tick is what was counted within a step, so many seconds ago.
type Tick struct{ Age, N int64 }

// ticks is nil for a count that was never made.
func (s *sliding) ticks(now time.Duration) []Tick {
	if s == nil {
		return nil
	}
	s.advance(s.step(now))
	all := []Tick{}
	for at := s.at - s.span() + 1; at <= s.at; at++ {
		if n := *s.place(at); n != 0 {
			all = append(all, Tick{(s.at - at) * s.window.step(), n})
		}
	}
	return all
}
