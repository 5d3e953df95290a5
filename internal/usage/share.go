package usage

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

// Log keeps the records of every node, where several share a store. It may hold fewer than the nodes' ledgers do.
type Log interface {
	// Append adds closed records of node's ledger, as JSON, that stand between two marks, and moves the node's mark as
	// Rollups.AddUp does.
	Append(ctx context.Context, node string, records [][]byte, from, to Cursor) error
	// LoggedTo gives how far node's ledger has been copied.
	LoggedTo(ctx context.Context, node string) (Cursor, error)
	// Search gives the newest records that match, oldest first.
	Search(ctx context.Context, f Filter) ([]*Record, error)
	// Records gives the records that were taken within a time, in no order.
	Records(ctx context.Context, since, until time.Time, yield func(*Record)) error
	// Find gives the record with this id, nil when there is none.
	Find(ctx context.Context, ref string) (*Record, error)
}

// What is copied at once: much at a time costs less, and too much would hold the store up.
const (
	shareLines = 500
	shareBytes = 512 << 10
)

// share copies what has been closed since it was last called to the log that all nodes see.
func (l *Ledger) share(ctx context.Context) error {
	if l.opt.Log == nil {
		return nil
	}
	l.sharing.Lock()
	defer l.sharing.Unlock()
	for end := l.committed(); ; {
		if l.shared == nil {
			at, err := l.opt.Log.LoggedTo(ctx, l.opt.Node)
			if err != nil {
				return err
			}
			l.shared = &at
		}
		if !l.shared.Before(end) {
			return nil
		}
		if err := l.shareSome(ctx, end); err != nil {
			return err
		}
	}
}

// shareSome is called with sharing held. After any failure the store is asked anew where it is.
func (l *Ledger) shareSome(ctx context.Context, end Cursor) error {
	var records [][]byte
	size, to := 0, end
	err := linesOf(l.opt.Dir, *l.shared, end, func(at Cursor, s line) bool {
		if s.good && s.what == closed {
			records = append(records, slices.Clone(s.body))
			size += len(s.body)
		}
		if len(records) < shareLines && size < shareBytes {
			return true
		}
		to = at
		return false
	})
	if err != nil {
		return err
	}
	err = l.opt.Log.Append(ctx, l.opt.Node, records, *l.shared, to)
	if err == nil {
		l.shared = &to
		return nil
	}
	l.shared = nil
	var astray *CursorMismatch
	if errors.As(err, &astray) {
		return nil // it has lost what it had, and gets it again
	}
	return err
}

// merged puts what two searches have found together, each record once: the newest so many, oldest first.
func merged(own, all []*Record, most int) []*Record {
	seen := make(map[string]bool, len(own))
	for _, r := range own {
		seen[r.ID] = true
	}
	for _, r := range all {
		if !seen[r.ID] {
			own = append(own, r)
		}
	}
	slices.SortStableFunc(own, func(a, b *Record) int { return cmp.Or(a.End().Compare(b.End()), cmp.Compare(a.ID, b.ID)) })
	return own[max(0, len(own)-most):]
}
