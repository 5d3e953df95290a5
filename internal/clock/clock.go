// Package clock tells how much time has passed apart from what the clock on the wall says, which somebody may set.
package clock

import (
	"sync"
	"time"
)

// Clock has a wall that may be set, and a steady time beside it. It is safe for concurrent use.
type Clock struct {
	wall    func() time.Time
	elapsed func() time.Duration
	boot    string

	mu     sync.Mutex // guards the fields below
	steady time.Time
	at     time.Duration // when that was
}

// New makes a clock that is what the wall says now. elapsed says how much time has passed, since whenever, on a clock that
// nobody sets; nil is the machine's own.
func New(wall func() time.Time, elapsed func() time.Duration) *Clock {
	boot := "given"
	if elapsed == nil {
		elapsed, boot = machine(), bootID()
	}
	return &Clock{wall: wall, elapsed: elapsed, boot: boot, steady: wall().Round(0), at: elapsed()}
}

// Now is what the wall says: what people and providers go by.
func (c *Clock) Now() time.Time { return c.wall() }

// Elapsed is how much time has passed, since whenever.
func (c *Clock) Elapsed() time.Duration { return c.elapsed() }

const (
	// pace bounds how fast the steady time comes nearer to the wall: by an eighth of the time that passes.
	pace = 8
	// nonsense is how far off the wall must be for the steady time to follow it at once: what it was before had not been set yet.
	nonsense = 48 * time.Hour
)

// Steady is a time that never steps: when the wall is set, it comes nearer to that by three hours a day. So nothing that lasts for
// a day or a week begins anew because of it, nor lasts for days more.
func (c *Clock) Steady() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, wall := c.elapsed(), c.wall().Round(0)
	passed := max(0, at-c.at)
	c.at, c.steady = max(at, c.at), c.steady.Add(passed)
	off := wall.Sub(c.steady)
	if off.Abs() > nonsense {
		c.steady = wall
		return wall
	}
	c.steady = c.steady.Add(min(max(off, -passed/pace), passed/pace))
	return c.steady
}

// Reading is what a clock said, for another process of the same machine.
type Reading struct {
	Steady  time.Time
	Elapsed time.Duration
	Boot    string // since which the time has passed; "" where that is not known
}

// Reading gives what the clock says.
func (c *Clock) Reading() Reading {
	steady := c.Steady()
	c.mu.Lock()
	defer c.mu.Unlock()
	return Reading{Steady: steady, Elapsed: c.at, Boot: c.boot}
}

// Resume goes on with the steady time of another process, if the machine has not been started anew since: then nobody knows how much
// time has passed.
func (c *Clock) Resume(r Reading) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.elapsed()
	if r.Boot == "" || r.Boot != c.boot || r.Elapsed > now {
		return
	}
	c.steady, c.at = r.Steady.Add(now-r.Elapsed), now
}

// Off is how far the wall is ahead of the steady time.
func (c *Clock) Off() time.Duration {
	steady := c.Steady()
	return c.wall().Round(0).Sub(steady)
}
