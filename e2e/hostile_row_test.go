//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// hostileRow is what came of one attack.
type hostileRow struct {
	attack, budget  string
	control, during []served
	idle            int64         // resident before the attack
	peak            int64         // the most
	left, rested    int64         // when the attack ended, and when that was given back
	rest            time.Duration // how long that took
	got             string
}

const rowTitle = "| attack | budget | idle MB | peak | at its end | later | after s | others' p50 / p99 ms, control | attack | the attacker got |\n|---|---|---|---|---|---|---|---|---|---|"

// String is its line of the table.
func (r *hostileRow) String() string {
	return fmt.Sprintf("| %s | %s | %d | %d | %d | %d | %.1f | %s | %s | %s |",
		r.attack, r.budget, r.idle>>20, r.peak>>20, r.left>>20, r.rested>>20, r.rest.Seconds(), together(r.control), together(r.during), r.got)
}

// check holds the row against what the relay promises.
func (r *hostileRow) check(t *testing.T, budget int64) {
	t.Helper()
	if r.peak > budget+beyondBudget {
		t.Errorf("at the peak it held %d MB, with a budget of %d MB", r.peak>>20, budget>>20)
	}
	if r.rest >= restFor {
		t.Errorf("%s after the attack it still held %d MB, and %d MB before it", r.rest, r.rested>>20, r.idle>>20)
	}
	for name, slices := range map[string][]served{"beside the control": r.control, "beside the attack": r.during} {
		s := together(slices)
		if len(s.failed) > 0 {
			t.Errorf("%s, %d small requests of another key failed: %s", name, len(s.failed), s.failed[0])
		}
		if len(s.took) < 50 {
			t.Errorf("%s, only %d small requests were served: that shows nothing", name, len(s.took))
		}
	}
	if why := r.slower(); why != "" {
		t.Error(why)
	}
}

// What small requests may take beside an attack: as much as in the slowest slice of the control, as much again for its
// spread, and a little for a control that met an idle machine. A garbage collection on two processors, and the kernel giving one of
// them to somebody else meanwhile, take some tens of milliseconds of the slowest.
const (
	spread   = 2
	little50 = 3 * time.Millisecond
	little99 = 40 * time.Millisecond
)

// slower says by how much small requests took longer than they may; nothing if they did not.
func (r *hostileRow) slower() string {
	during := together(r.during)
	for _, e := range []struct {
		percent int
		little  time.Duration
	}{{50, little50}, {99, little99}} {
		control := slowest(r.control, e.percent)
		if most := spread*control + e.little; during.at(e.percent) > most {
			return fmt.Sprintf("of another key's small requests %d%% were answered within %s beside the attack, and within %s in a slice of the control; the bound is %s",
				e.percent, during.at(e.percent), control, most)
		}
	}
	return ""
}

// served is what a stretch of small requests met.
type served struct {
	took   []time.Duration // in order
	failed []string
}

func (s served) at(percent int) time.Duration {
	if len(s.took) == 0 {
		return 0
	}
	return s.took[min(len(s.took)*percent/100, len(s.took)-1)]
}

// slowest is the largest of the slices' percentiles.
func slowest(all []served, percent int) (most time.Duration) {
	for _, s := range all {
		most = max(most, s.at(percent))
	}
	return most
}

// together is all slices as one.
func together(all []served) (sum served) {
	for _, s := range all {
		sum.took, sum.failed = append(sum.took, s.took...), append(sum.failed, s.failed...)
	}
	slices.Sort(sum.took)
	return sum
}

// String gives the middle and the slow end.
func (s served) String() string {
	text := fmt.Sprintf("%.1f / %.1f", ms(s.at(50)), ms(s.at(99)))
	if len(s.failed) > 0 {
		text += fmt.Sprintf(", %d of %d failed", len(s.failed), len(s.failed)+len(s.took))
	}
	return text
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
