package daemon

import (
	"time"

	"crs/daemon/handover"
	"crs/internal/patience"
)

const (
	// tick is how often the old process looks how far the new one is.
	tick = 50 * time.Millisecond
	// hung is how long the new one may give no sign of life.
	hung = 15 * time.Second
)

// pulse counts for how many ticks a new process has given no sign of life. It does not read the clock: a machine that stands
// still does so for both.
type pulse struct {
	link   *handover.Link
	sign   <-chan struct{}
	silent int
}

func (p *pulse) tick() {
	if p.silent++; patience.Over(p.sign) {
		p.sign, p.silent = p.link.Pulse(), 0
	}
}

// late reports whether there should have been a sign by now.
func (p *pulse) late() bool { return p.silent > 1 }

// gone is true once, when the new process is not waited for any longer.
func (p *pulse) gone() bool { return p.silent == int(hung/tick) }
