// Package alert tells somebody when there is something to mend: it looks every now and then, and sends what it finds to a
// webhook, one message when a problem starts, one when it is resolved.
package alert

import (
	"cmp"
	"context"
	"slices"
	"time"

	"crs/internal/patience"
)

// Trouble is something that somebody has to mend.
type Trouble struct {
	// Key tells troubles apart. It stays the same for as long as the trouble lasts.
	Key string `json:"key"`
	// What is wrong, and what to do about it, as sentences without their full stops.
	What string `json:"what"`
	Mend string `json:"mend"`
}

// Options are the knobs of a Watcher.
type Options struct {
	// Look gives every trouble there is.
	Look func() []Trouble
	// Send tells somebody. What it could not send is tried again with the next look.
	Send func(context.Context, Message) error
	// After is how long a trouble must last before it is told: many pass by themselves.
	After time.Duration
	Host  string
	Now   func() time.Time
	// Failed is told when a message could not be sent, and with nil when one could be again.
	Failed func(error)
}

// Watcher looks for trouble. Run runs it; all but Poke belongs to one goroutine.
type Watcher struct {
	opt     Options
	poked   chan struct{}
	known   map[string]*standing
	failing bool
}

// standing is a trouble that has been seen.
type standing struct {
	Trouble
	since time.Time
	told  bool
	over  bool
}

// New makes a Watcher.
func New(opt Options) *Watcher {
	return &Watcher{opt: opt, poked: make(chan struct{}, 1), known: map[string]*standing{}}
}

// every is the time between two looks.
const every = 15 * time.Second

// Run looks until ctx ends.
func (w *Watcher) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		w.Look(ctx)
		select {
		case <-tick.C:
		case <-w.poked:
		case <-ctx.Done():
			return nil
		}
	}
}

// Poke has Run look now, for something has changed. It does not block.
// A Watcher that is nil does nothing.
func (w *Watcher) Poke() {
	if w != nil {
		patience.Poke(w.poked)
	}
}

// Look looks once, and tells what is new: all of it in one message.
func (w *Watcher) Look(ctx context.Context) {
	now := w.opt.Now()
	w.see(now)
	m := Message{Host: w.opt.Host, At: now.UTC(), Begun: []Trouble{}, Over: []Trouble{}}
	for _, s := range w.known {
		switch due := now.Sub(s.since) >= w.opt.After; {
		case s.over && s.told:
			m.Over = append(m.Over, s.Trouble)
		case !s.over && !s.told && due:
			m.Begun = append(m.Begun, s.Trouble)
		}
	}
	if len(m.Begun)+len(m.Over) > 0 && !w.send(ctx, m) {
		return // and all of it is new the next time too
	}
	for key, s := range w.known {
		if s.over {
			delete(w.known, key)
			continue
		}
		s.told = s.told || now.Sub(s.since) >= w.opt.After
	}
}

// see brings what is known up to date.
func (w *Watcher) see(now time.Time) {
	for _, s := range w.known {
		s.over = true
	}
	for _, t := range w.opt.Look() {
		s := w.known[t.Key]
		if s == nil {
			s = &standing{since: now}
			w.known[t.Key] = s
		}
		s.Trouble, s.over = t, false
	}
}

func (w *Watcher) send(ctx context.Context, m Message) bool {
	byKey := func(a, b Trouble) int { return cmp.Compare(a.Key, b.Key) }
	slices.SortFunc(m.Begun, byKey)
	slices.SortFunc(m.Over, byKey)
	err := w.opt.Send(ctx, m)
	if ctx.Err() != nil {
		return false
	}
	if failed := err != nil; failed != w.failing {
		w.failing = failed
		w.opt.Failed(err)
	}
	return err == nil
}
