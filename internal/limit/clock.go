package limit

import "time"

// Clock is what limits go by.
type Clock interface {
	// Steady is a time of the calendar that never steps: days and weeks go by it.
	Steady() time.Time
	// Elapsed is how much time has passed, since whenever: windows that slide go by it.
	Elapsed() time.Duration
}

// moment is what a clock says.
type moment struct {
	steady   time.Time
	elapsed  time.Duration
	calendar *calendar
}

// plain is a clock that nobody sets.
type plain struct {
	now   func() time.Time
	began time.Time
}

func (p plain) Steady() time.Time      { return p.now() }
func (p plain) Elapsed() time.Duration { return p.now().Sub(p.began) }
