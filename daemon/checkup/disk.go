package checkup

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"crs/ctl"
	"crs/internal/patience"
	"crs/internal/store"
)

const (
	syncs     = 15
	slowSync  = 50 * time.Millisecond  // what the ledger leaves the disk of the time until a record is durable
	stuckSync = 500 * time.Millisecond // a commit then takes far longer than the time between two
	answers   = 10 * time.Second       // a disk that takes longer hangs
)

// errHangs is a disk that gives no answer, not even an error.
var errHangs = fmt.Errorf("the disk has not answered for %s; it is frozen, very busy or failing", answers)

// within gives what measuring gives, or errHangs: what is at work then ends when the disk answers.
func within(most time.Duration, measure func() ([]time.Duration, error)) ([]time.Duration, error) {
	all, err := patience.Get(most, measure)
	if errors.Is(err, patience.ErrHangs) {
		return nil, errHangs
	}
	return all, err
}

// diskCheck takes the time that the disk needs to have something safe: the ledger waits for that up to twenty times a second.
func diskCheck(dir string, measure func(dir string) ([]time.Duration, error)) ctl.Check {
	c := ctl.Check{Name: "disk", Subject: dir, State: ctl.OK}
	all, err := within(answers, func() ([]time.Duration, error) { return measure(dir) })
	if err != nil {
		c.State, c.Detail = ctl.Bad, "the data directory cannot be written to: "+reason(err)
		c.Hint = store.Mend(err) + "; usage waits in memory until then"
		return c
	}
	slices.Sort(all)
	middle, most := all[len(all)/2], all[len(all)-1]
	c.Detail = fmt.Sprintf("fsync takes %s, at most %s (the middle and the longest of %d)", short(middle), short(most), len(all))
	switch {
	case middle >= stuckSync:
		c.State = ctl.Bad
	case middle >= slowSync:
		c.State = ctl.Warning
	}
	if c.State != ctl.OK {
		c.Hint = "what a crash can lose grows with it; put the data directory onto a local disk, not one of the network's"
	}
	return c
}

// measure writes a page to a file and has it safe, again and again.
func measure(dir string) (all []time.Duration, err error) {
	f, err := os.CreateTemp(dir, ".checkup-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	page := make([]byte, 4<<10)
	for range syncs {
		begun := time.Now()
		if _, err := f.Write(page); err != nil {
			return nil, err
		}
		if err := f.Sync(); err != nil {
			return nil, err
		}
		all = append(all, time.Since(begun))
	}
	return all, nil
}

// short writes a time with as many digits as matter.
func short(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	case d < time.Second:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}
