package load

import (
	"context"
	"time"
)

// Crowd sends every request once, on a connection of its own. They are all under way at the same time, if the answers
// take long enough.
type Crowd struct {
	Addr     string
	Requests [][]byte
	// Ramp is over which time they are spread, evenly.
	Ramp time.Duration
	Want Want
}

// Start begins. Wait or Cancel must be called.
func (l Crowd) Start(ctx context.Context) *Running {
	r := start(ctx)
	now := time.Now()
	for i, request := range l.Requests {
		at := now.Add(l.Ramp * time.Duration(i) / time.Duration(len(l.Requests)))
		r.work(at, l.Addr, 4<<10, func(c *conn) error {
			c.events = r.watch()
			return r.once(c, request, &l.Want)
		})
	}
	return r
}

// watch counts the events of one stream.
func (r *Running) watch() func(int) {
	first := true
	return func(n int) {
		r.events.Add(int64(n))
		if first {
			first = false
			r.begun.Add(1)
		}
	}
}
