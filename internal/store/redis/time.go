package redis

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// clockCode is what scripts answer when the server's clock is not where it should be.
const clockCode = "CRSCLOCK"

// reckoning is the time that it was in Redis at some moment of this node's own clock, which nobody sets.
type reckoning struct {
	ms int64
	at time.Duration
}

// expected is the time, in ms, that it should be in Redis now; zero when nobody has asked yet.
func (n *Node) expected() int64 {
	return n.expectedAt(n.opt.Elapsed())
}

func (n *Node) expectedAt(at time.Duration) int64 {
	r := n.time.Load()
	if r == nil {
		return 0
	}
	return r.ms + (at - r.at).Milliseconds()
}

// tellTime asks for the time in Redis, and has a step of its clock taken out. It is an error when the store is not there.
func (n *Node) tellTime(ctx context.Context) error {
	its, at, err := n.steady(ctx, docSlot)
	if err != nil {
		return err
	}
	n.time.Store(&reckoning{ms: its, at: at})
	n.ahead.Store(int64(time.UnixMilli(its).Sub(n.opt.Now())))
	return nil
}

// resync puts the time right in a slot where it is not what this node expects. What to expect the store's own slot says; it is
// not asked where all was well, and only the script long on its way.
func (n *Node) resync(ctx context.Context, slot string) error {
	if !n.keys.cluster {
		return n.tellTime(ctx)
	}
	if v, err := n.present(ctx, slot, n.scripts.steady); err == nil && v[1] == 1 {
		return nil
	}
	if err := n.tellTime(ctx); err != nil {
		return err
	}
	_, _, err := n.steady(ctx, slot)
	return err
}

var (
	errUnsteady = errors.New("the clock of Redis cannot be told: it, or this node, stands still again and again")
	errNowhere  = errors.New("no server of the Cluster is known to have the hash slot")
)

// steady gives the time in a slot, in ms, and when that was. Where it is off from what this node reckons, the server's clock was
// set, and is corrected by the difference; but not by an answer that was long on its way.
func (n *Node) steady(ctx context.Context, slot string) (its int64, at time.Duration, err error) {
	for try := 1; try <= asks; try++ {
		before := n.opt.Elapsed()
		v, err := n.present(ctx, slot, n.scripts.steady)
		if err != nil {
			return 0, 0, err
		}
		at = n.opt.Elapsed()
		took := at - before
		its = v[0] + (took / 2).Milliseconds()
		switch quick := took < time.Second; {
		case v[1] == 1 && (quick || try == asks):
			return its, at, nil
		case v[1] != 1 && quick:
			if _, err := n.present(ctx, slot, n.scripts.shift, n.expectedAt(at)-its, v[2]); err != nil {
				return 0, 0, err
			}
		}
	}
	return 0, 0, errUnsteady
}

// present runs a script that is about the store's marker alone.
func (n *Node) present(ctx context.Context, slot string, s *redis.Script, args ...any) ([]int64, error) {
	answer, err := n.once(ctx, s, slot, nil, args)
	if err != nil {
		if err := n.mend(ctx, err, slot); err != nil {
			return nil, err
		}
		if answer, err = n.once(ctx, s, slot, nil, args); err != nil {
			return nil, err
		}
	}
	if count, single := answer.(int64); single {
		return []int64{count}, nil
	}
	return numbers(answer, 3)
}
