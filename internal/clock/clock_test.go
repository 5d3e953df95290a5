package clock_test

import (
	"testing"
	"time"

	"crs/internal/clock"
)

// hands are a wall and a clock that nobody sets, which a test moves.
type hands struct {
	wall    time.Time
	elapsed time.Duration
}

func (h *hands) clock() *clock.Clock {
	return clock.New(func() time.Time { return h.wall }, func() time.Duration { return h.elapsed })
}

func (h *hands) pass(d time.Duration) { h.wall, h.elapsed = h.wall.Add(d), h.elapsed+d }

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestASteadyTimeIsTheWallsWhileNobodySetsIt(t *testing.T) {
	t.Parallel()
	h := &hands{wall: noon}
	c := h.clock()
	for range 100 {
		h.pass(17 * time.Minute)
		if !c.Steady().Equal(h.wall) || !c.Now().Equal(h.wall) {
			t.Fatalf("%s, and the wall says %s", c.Steady(), h.wall)
		}
	}
}

func TestAStepIsMadeUpForByAnEighthOfTheTimeThatPasses(t *testing.T) {
	t.Parallel()
	for _, step := range []time.Duration{-24 * time.Hour, -time.Hour, -time.Second, time.Second, time.Hour, 24 * time.Hour} {
		h := &hands{wall: noon}
		c := h.clock()
		h.wall = h.wall.Add(step)
		if got := c.Steady(); !got.Equal(noon) || c.Off() != step {
			t.Fatalf("after a step of %s it is %s, off by %s", step, got, c.Off())
		}
		last := c.Steady()
		for h.elapsed < 8*step.Abs() {
			d := min(7*time.Minute, 8*step.Abs()-h.elapsed)
			h.pass(d)
			now := c.Steady()
			if moved := now.Sub(last); moved < d-d/8 || moved > d+d/8 {
				t.Fatalf("in %s it moved by %s", d, moved)
			}
			last = now
		}
		if off := c.Off(); off.Abs() > time.Microsecond {
			t.Errorf("a step of %s: off by %s after %s", step, off, h.elapsed)
		}
	}
}

func TestAStepThereAndBackIsNone(t *testing.T) {
	t.Parallel()
	h := &hands{wall: noon}
	c := h.clock()
	h.wall = h.wall.Add(24 * time.Hour)
	c.Steady()
	h.wall = h.wall.Add(-24 * time.Hour)
	h.pass(time.Hour)
	if got := c.Steady(); !got.Equal(noon.Add(time.Hour)) {
		t.Error(got)
	}
}

func TestAClockThatHadNotBeenSetIsFollowedAtOnce(t *testing.T) {
	t.Parallel()
	h := &hands{wall: time.Unix(0, 0)}
	c := h.clock()
	h.wall = noon
	if got := c.Steady(); !got.Equal(noon) {
		t.Error(got)
	}
}

func TestTheMachinesOwnClockGoesOn(t *testing.T) {
	t.Parallel()
	c := clock.New(time.Now, nil)
	before := c.Elapsed()
	time.Sleep(time.Millisecond)
	if d := c.Elapsed() - before; d < time.Millisecond || c.Off().Abs() > time.Minute {
		t.Errorf("%s passed, off by %s", d, c.Off())
	}
}

func TestAnotherProcessGoesOnWithTheSteadyTime(t *testing.T) {
	t.Parallel()
	h := &hands{wall: noon}
	c := h.clock()
	h.wall = h.wall.Add(-24 * time.Hour)
	r := c.Reading()
	h.pass(time.Hour)
	next := h.clock()
	next.Resume(r)
	if want := noon.Add(time.Hour - time.Hour/8); !c.Steady().Equal(want) {
		t.Errorf("the first: %s", c.Steady())
	}
	if got := next.Steady(); !got.Equal(noon.Add(time.Hour)) {
		t.Errorf("the next: %s", got)
	}
	r.Boot = "another"
	fresh := h.clock()
	fresh.Resume(r)
	if got := fresh.Steady(); !got.Equal(h.wall) {
		t.Errorf("after the machine was started anew: %s", got)
	}
}
