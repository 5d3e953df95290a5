package ctl

import (
	"context"
	"iter"
	"net/url"
	"time"
)

// WatchEvery is the shortest time between two updates of a watch, and the usual one.
const WatchEvery = 250 * time.Millisecond

// WatchQuery says how a daemon is watched.
type WatchQuery struct {
	// Every is the time between two updates, at least WatchEvery; 0 is that.
	Every time.Duration
}

// Update is what has changed in a daemon since the update before. A Scene puts updates together.
//
// State is kept to the latest: an update has what is true when the watcher can take it, however long that took. Of requests
// that ended, a watcher that is too slow misses the oldest.
type Update struct {
	At time.Time `json:"at"` // by the daemon's clock
	// All marks the first update: everything is in it.
	All bool `json:"all,omitempty"`
	// Status is nil when no figure has changed. Its Live is empty: Flights tell more.
	Status *Status `json:"status,omitempty"`
	// Flights are requests in flight that are new, or have changed in more than what was sent.
	Flights []Flight `json:"flights,omitempty"`
	// Sent is pairs of a flight's number and the bytes of its answer that were sent so far.
	Sent []int64 `json:"sent,omitempty"`
	// Landed are the numbers of those that are no longer in flight.
	Landed []int64 `json:"landed,omitempty"`
	// Accounts are those that are new or have changed; Removed are the ids of those that are gone.
	Accounts []Account `json:"accounts,omitempty"`
	Removed  []string  `json:"removed,omitempty"`
	// Ended are requests that have ended, oldest first, without what the upstream said of its usage; Missed is how many more
	// there were, before them.
	Ended  []Request `json:"ended,omitempty"`
	Missed int64     `json:"missed,omitempty"`
}

// Flight is a request in flight, as a watch tells of it.
type Flight struct {
	Live
	N      int64      `json:"n"` // stands for the request in this watch
	Sent   int64      `json:"sent_bytes"`
	LastAt *time.Time `json:"last_byte_at,omitempty"`
}

// Watch tells everything about a daemon, and then what changes, until ctx ends or the daemon goes away: then it gives one
// error and ends. An update comes every few seconds even when nothing changes.
func (c *Client) Watch(ctx context.Context, q WatchQuery) iter.Seq2[*Update, error] {
	path := "/live"
	if q.Every > 0 {
		path += "?every=" + url.QueryEscape(q.Every.String())
	}
	return follow[*Update](ctx, c, path, "watch the daemon")
}

// Scene is what a watch has told so far. The zero value is that of nothing.
type Scene struct {
	At     time.Time
	Status Status
	// StatusAt is when it was told.
	StatusAt time.Time
	Flights  map[int64]*Flight   // by number
	Accounts map[string]*Account // by id
}

// Apply takes an update in.
func (s *Scene) Apply(u *Update) {
	if u.All || s.Flights == nil {
		s.Flights, s.Accounts = map[int64]*Flight{}, map[string]*Account{}
	}
	s.At = u.At
	if u.Status != nil {
		s.Status, s.StatusAt = *u.Status, u.At
	}
	for i := range u.Flights {
		s.Flights[u.Flights[i].N] = &u.Flights[i]
	}
	for i := 0; i+1 < len(u.Sent); i += 2 {
		if f := s.Flights[u.Sent[i]]; f != nil {
			f.Sent, f.LastAt = u.Sent[i+1], &u.At
		}
	}
	for _, n := range u.Landed {
		delete(s.Flights, n)
	}
	for i := range u.Accounts {
		s.Accounts[u.Accounts[i].ID] = &u.Accounts[i]
	}
	for _, id := range u.Removed {
		delete(s.Accounts, id)
	}
}
