package proxyengine

import (
	"errors"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// sender is a client that sends n bytes each so often, left of them in all.
type sender struct {
	n, left  int
	each     time.Duration
	deadline time.Time
}

func (s *sender) SetReadDeadline(t time.Time) error {
	s.deadline = t
	return nil
}

func (s *sender) Read(b []byte) (int, error) {
	if time.Until(s.deadline) < s.each {
		time.Sleep(time.Until(s.deadline))
		return 0, os.ErrDeadlineExceeded
	}
	time.Sleep(s.each)
	n := min(s.n, s.left, len(b))
	if s.left -= n; s.left == 0 {
		return n, io.EOF
	}
	return n, nil
}

func TestASlowClientGoesOnAndATricklingOneDoesNot(t *testing.T) {
	t.Parallel()
	const window, rate = 30 * time.Second, 16 << 10
	for name, c := range map[string]struct {
		sender
		least, most time.Duration // after which it is cut off; most 0 when it is not
	}{
		"a phone":         {sender{n: 32 << 10, each: time.Second / 2, left: 32 << 20}, 0, 0},
		"at the rate":     {sender{n: rate, each: time.Second, left: 4 << 20}, 0, 0},
		"small and slow":  {sender{n: 100, each: time.Second, left: 2500}, 0, 0},
		"a byte a second": {sender{n: 1, each: time.Second, left: 32 << 20}, 27 * time.Second, window + time.Second},
		"half the rate":   {sender{n: rate / 2, each: time.Second, left: 32 << 20}, window, 2*window + time.Second},
		"nothing":         {sender{each: time.Hour, left: 1}, window, window},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := c.sender
				start, err := time.Now(), drain(&pace{stream: &s, conn: &s, within: window, rate: rate}, 0)
				took := time.Since(start)
				if c.most == 0 && err != nil {
					t.Errorf("it was cut off after %s: %v", took, err)
				}
				if c.most > 0 && (!errors.Is(err, os.ErrDeadlineExceeded) || took < c.least || took > c.most) {
					t.Errorf("%v after %s", err, took)
				}
			})
		})
	}
}

func TestABurstEarnsNoMoreThanTheWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := sender{n: 30 << 20, left: 32 << 20}
		p := &pace{stream: &s, conn: &s, within: 30 * time.Second, rate: 16 << 10}
		_, _ = p.Read(make([]byte, 30<<20))
		s.n, s.each = 1, time.Second
		start, err := time.Now(), drain(p, 0)
		if took := time.Since(start); !errors.Is(err, os.ErrDeadlineExceeded) || took > 31*time.Second {
			t.Errorf("%v after %s", err, took)
		}
	})
}

// TestWhatTheRelayTakesIsNotTheClients: it may wait for memory between two reads.
func TestWhatTheRelayTakesIsNotTheClients(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := sender{n: 1000, each: time.Second, left: 20_000}
		if err := drain(&pace{stream: &s, conn: &s, within: 30 * time.Second, rate: 16 << 10}, 10*time.Second); err != nil {
			t.Error(err)
		}
	})
}

func drain(r io.Reader, pause time.Duration) error {
	buf := make([]byte, 64<<10)
	for {
		if _, err := r.Read(buf); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		time.Sleep(pause)
	}
}
