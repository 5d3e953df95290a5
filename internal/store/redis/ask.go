package redis

import (
	"context"
	"errors"
	"slices"

	"github.com/redis/go-redis/v9"

	"crs/internal/outage"
	"crs/internal/patience"
	"crs/internal/store"
)

// asks is how often a question is put before Redis counts as away. Every script may be run twice: one that was run, and
// whose answer was lost, gives it again.
const asks = 3

// ask runs a script. It gives ctx's error when that ends, and an *outage.Error when Redis cannot be asked; sent tells whether that is
// so after it was asked.
func (n *Node) ask(ctx context.Context, s *redis.Script, slot string, keys []string, args ...any) (any, error) {
	for try := 1; ; try++ {
		if err := n.Away(); err != nil {
			if try == 1 {
				err = &unsent{err}
			}
			return nil, err
		}
		answer, err := n.once(ctx, s, slot, keys, args)
		switch {
		case err == nil:
			return answer, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		}
		mended := n.mend(ctx, err, slot)
		switch {
		case errors.Is(mended, store.ErrDamaged):
			return nil, n.lose(slot, mended)
		case try == asks, mended != nil && !n.answers(ctx, slot):
			return nil, n.lose(slot, err)
		}
	}
}

// unsent is why nothing was sent at all.
type unsent struct{ error }

// Unwrap gives why.
func (e *unsent) Unwrap() error { return e.error }

// sent reports whether a question that ended so may have been run.
func sent(err error) bool { return !errors.As(err, new(*unsent)) }

func (n *Node) once(ctx context.Context, s *redis.Script, slot string, keys []string, args []any) (any, error) {
	ctx, stop := context.WithTimeout(ctx, n.wait)
	defer stop()
	keys, args = n.sign(slot, keys, args)
	return n.rdb.EvalSha(ctx, s.Hash(), keys, args...).Result()
}

// sign adds what lua/guard.lua wants: which store this is for, and what time it should be.
func (n *Node) sign(slot string, keys []string, args []any) ([]string, []any) {
	return append(slices.Clip(keys), n.keys.marker(slot)), append(slices.Clip(args), n.store.id, n.expected())
}

// mend does what must be done before a script can be run on a hash slot where it was not. It gives what still stands against
// that.
func (n *Node) mend(ctx context.Context, err error, slot string) error {
	switch {
	case unloaded(err):
		return n.reload(ctx, slot)
	case isClock(err):
		return n.resync(ctx, slot)
	case isLost(err):
		ctx, stop := context.WithTimeout(ctx, n.wait)
		defer stop()
		return n.store.mark(ctx, slot)
	}
	return err
}

// lose has Redis count as away, for what was wrong where a hash slot is, until it has been told everything.
func (n *Node) lose(slot string, why error) error {
	e := &outage.Error{Why: why}
	n.suspect(slot)
	if n.away.CompareAndSwap(nil, e) {
		n.raised.Clear() // it may come back with less than it knew
		n.rolledUp.stale.Store(true)
		if n.opt.Changed != nil {
			n.opt.Changed(why)
		}
	}
	patience.Poke(n.gone)
	return e
}

func (n *Node) suspect(slot string) {
	primary := n.primary(context.Background(), slot)
	n.mu.Lock()
	n.suspects[primary] = slot
	n.mu.Unlock()
}

func (n *Node) regain() {
	if n.away.Swap(nil) != nil && n.opt.Changed != nil {
		n.opt.Changed(nil)
	}
}

var errOtherwise = errors.New("the answer of Redis is not what was asked for")

// numbers takes an answer of numbers, as integers or as text, apart.
func numbers(answer any, least int) ([]int64, error) {
	out, err := redis.NewCmdResult(answer, nil).Int64Slice()
	if err != nil || len(out) < least {
		return nil, errOtherwise
	}
	return out, nil
}
