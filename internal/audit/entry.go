// Package audit keeps who changed what: entries, and the log that they are written to.
package audit

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"crs/internal/bound"
)

// Actor is who did something.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   string    `json:"id,omitempty"`   // of a user the uid; "" where the system does not tell
	Name string    `json:"name,omitempty"` // where it is known
}

// ActorKind says what kind of somebody an actor is.
type ActorKind string

// The kinds of actors.
const (
	User   ActorKind = "user"   // of the machine, at the control socket
	System ActorKind = "system" // the machine itself, such as by a signal
)

// Outcome is what came of what somebody did.
type Outcome string

// The outcomes.
const (
	Done    Outcome = "done"
	Refused Outcome = "refused" // the actor may not do it
	Unknown Outcome = "unknown" // the store gave no answer: it may have been done
)

// Subject is what something was done to.
type Subject struct {
	Kind string `json:"kind"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Change is a field that has another value. Neither value is ever a secret.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Entry says that somebody did something, or was kept from it.
type Entry struct {
	ID      string    `json:"id"`
	Time    time.Time `json:"time"`
	Node    string    `json:"node,omitempty"` // which of the nodes that share a store wrote it
	Actor   Actor     `json:"actor"`
	Action  string    `json:"action"`
	Outcome Outcome   `json:"outcome"`
	Subject Subject   `json:"subject"`
	Changes []Change  `json:"changes,omitempty"`
}

// The most that an entry holds.
const (
	mostField   = 128     // bytes of a field's name
	mostValue   = 500     // bytes of a value
	mostChanges = 8 << 10 // bytes of all changes
)

// Bounded gives the entry with nothing in it that is too long.
func (e Entry) Bounded() Entry {
	e.Actor.ID, e.Actor.Name = bound.Cut(e.Actor.ID, bound.ID), bound.Cut(e.Actor.Name, bound.Name)
	e.Subject.ID, e.Subject.Name = bound.Cut(e.Subject.ID, bound.ID), bound.Cut(e.Subject.Name, bound.Name)
	all, size := e.Changes, 0
	e.Changes = nil
	for i, c := range all {
		c = Change{Field: bound.Cut(c.Field, mostField), Before: bound.Cut(c.Before, mostValue), After: bound.Cut(c.After, mostValue)}
		if size += len(c.Field) + len(c.Before) + len(c.After); size > mostChanges {
			e.Changes = append(e.Changes, Change{Field: "…", After: strconv.Itoa(len(all)-i) + " more fields"})
			break
		}
		e.Changes = append(e.Changes, c)
	}
	return e
}

// Row is an entry in a store, with its place among the others. Places only grow.
type Row struct {
	Place int64
	Entry
}

// Query selects entries. Zero fields do not select.
type Query struct {
	Since time.Time
	After int64 // places behind this one
	// Limit is how many are given: the newest; with After, the first behind that. 0: 100.
	Limit int
}

// Most is how many are given at most.
func (q *Query) Most() int { return cmp.Or(q.Limit, 100) }

// EarliestMilli is since when, in milliseconds of Unix time; 0 for ever.
func (q *Query) EarliestMilli() int64 {
	return max(0, q.Since.UnixMilli())
}

// Limits say how much is kept: what is older than Since, and the oldest beyond Bytes, is forgotten.
type Limits struct {
	Since time.Time
	Bytes int64
}

// Rows are entries in a store.
type Rows interface {
	// AppendAudit adds entries behind those that there are, durably, and then forgets what the limits say. One whose ID is there already
	// is left as it is: whoever got no answer gives it again.
	AppendAudit(ctx context.Context, entries []Entry, keep Limits) error
	// Audit gives entries in the order of their places.
	Audit(ctx context.Context, q Query) ([]Row, error)
}
