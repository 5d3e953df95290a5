package usage

import (
	"context"
	"fmt"
	"time"

	"crs/internal/bound"
	"crs/internal/unit"
)

// Sum is one row of a roll-up: what a key used of a model on an account within an hour.
type Sum struct {
	Hour    time.Time // when the hour began, UTC
	Day     string    // YYYY-MM-DD in the operator's time zone
	Key     string    // ids
	Account string
	Model   string

	Requests int64
	Tokens   Tokens
	Cost     int64 // nano-USD at the provider's price
	Charged  int64 // nano-USD after the key's multiplier: what counts against budgets

	// More is what counts against limits, as far as nothing above tells of it.
	More unit.Amounts
}

// Amounts are what counts against limits.
func (s *Sum) Amounts() unit.Amounts {
	a := s.More
	a[unit.Tokens], a[unit.Cost] = s.Tokens.Metered(), s.Charged
	return a
}

// Counts are what is added up of a sum, in an order that stores keep.
func (s *Sum) Counts() [9]*int64 {
	t := &s.Tokens
	return [...]*int64{&s.Requests, &t.Input, &t.Output, &t.CacheRead, &t.CacheWrite, &t.CacheWrite1h, &t.Reasoning, &s.Cost, &s.Charged}
}

// Add counts what more counts.
func (s *Sum) Add(more *Sum) {
	of := more.Counts()
	for i, n := range s.Counts() {
		*n = bound.Sum(*n, *of[i])
	}
	s.More = s.More.Add(more.More)
}

// Cursor is how far a ledger has been added up: everything before it is in the roll-ups.
type Cursor struct {
	Segment int64
	Offset  int64
}

// Before orders marks.
func (m Cursor) Before(o Cursor) bool {
	return m.Segment < o.Segment || m.Segment == o.Segment && m.Offset < o.Offset
}

// CursorMismatch means that a batch does not begin where the store has a node's mark: the store has lost what it had taken last (a
// fail-over, a backup). What the ledger holds behind At is to be added up anew.
type CursorMismatch struct{ At Cursor }

// Error implements error.
func (a *CursorMismatch) Error() string {
	return fmt.Sprintf("the store has counted this ledger up to segment %d, offset %d", a.At.Segment, a.At.Offset)
}

// Hour is when an hour began, in Unix seconds.
type Hour int64

// Query selects sums. Zero fields do not select.
type Query struct {
	// Since and Until select by hour; Until is exclusive. Hours are forgotten after a time.
	Since, Until time.Time
	// FirstDay and LastDay select by day (YYYY-MM-DD, both inclusive) instead. Days are kept for good.
	FirstDay, LastDay string
	Key, Account      string // ids
	Model             string
	// By are the columns to group by, in order. None gives one row, if there is anything at all.
	By []Column
}

// Column is what sums can be grouped by.
type Column string

// The columns. ByHour needs a query by hour.
const (
	ByKey     Column = "key"
	ByAccount Column = "account"
	ByModel   Column = "model"
	ByHour    Column = "hour"
	ByDay     Column = "day"
)

// Rollups keep sums.
type Rollups interface {
	// AddUp adds the sums of what node's ledger holds between two marks, and moves the node's mark to the second, both or
	// neither. When the stored mark is there already, or past it, nothing is added: the batch was counted before. When it
	// is anywhere else than at the first, nothing is added either, and the error is an *CursorMismatch.
	AddUp(ctx context.Context, node string, sums []Sum, from, to Cursor) error
	// MarkOf gives how far node's ledger has been added up.
	MarkOf(ctx context.Context, node string) (Cursor, error)
	// Correct puts other costs in the place of those that rows of hours have, and moves their days and what keys were charged in all
	// by the difference; for every row that is as it was. It tells which were.
	Correct(ctx context.Context, all []Correction) (done []bool, err error)
	// Usage gives the sums that match, one row a group, ordered by the groups.
	Usage(ctx context.Context, q Query) ([]Sum, error)
	// Spent gives what each key used from each of the given days on, up to the last one; in all for "". What they used in all
	// but costs is counted since a version that could be asked for it.
	Spent(ctx context.Context, since []string, last string) (map[string][]unit.Amounts, error)
	// Recent gives what each key used in each hour, from the one that a time is in on.
	Recent(ctx context.Context, since time.Time) (map[string]map[Hour]unit.Amounts, error)
	// Forget removes the sums of hours before the given time.
	Forget(ctx context.Context, before time.Time) error
}
