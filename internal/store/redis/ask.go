package redis

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"crs/internal/outage"
	"crs/internal/store"
)

// asks is how often a question is put before Redis counts as away. Every script may be run twice: one that was run, and
// whose answer was lost, gives it again.
const asks = 3

// ask runs a script. It gives ctx's error when that ends, and an *outage.Error when Redis cannot be asked.
func (n *Node) ask(ctx context.Context, s script, keys []string, args ...any) (any, error) {
	for try := 1; ; try++ {
		if err := n.Away(); err != nil {
			return nil, err
		}
		answer, err := n.once(ctx, s, keys, args)
		switch {
		case err == nil:
			return answer, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case unloaded(err) && n.reload(ctx) == nil:
		case try == asks || !n.answers(ctx):
			return nil, n.lose(err)
		}
	}
}

func (n *Node) once(ctx context.Context, s script, keys []string, args []any) (any, error) {
	ctx, stop := context.WithTimeout(ctx, n.wait)
	defer stop()
	return n.rdb.EvalSha(ctx, s.sha, keys, args...).Result()
}

func (n *Node) reload(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, n.wait)
	defer stop()
	return n.scripts.load(ctx, n.rdb)
}

// answers asks Redis for a sign of life. A process that stood still for a while finds that all its questions have timed
// out, and Redis is well.
func (n *Node) answers(ctx context.Context) bool {
	ctx, stop := context.WithTimeout(ctx, n.wait)
	defer stop()
	if c, ok := n.rdb.(*redis.ClusterClient); ok {
		return c.ForEachMaster(ctx, func(ctx context.Context, one *redis.Client) error { return one.Ping(ctx).Err() }) == nil
	}
	return n.rdb.Ping(ctx).Err() == nil
}

// lost is an error when Redis is there without the store: what it would count begins at nothing.
func (n *Node) lost(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, n.wait)
	defer stop()
	if err := n.present(ctx); errors.Is(err, store.ErrDamaged) {
		return err
	}
	return nil
}

// lose has Redis count as away until the sender has told it everything.
func (n *Node) lose(why error) error {
	e := &outage.Error{Why: why}
	if n.away.CompareAndSwap(nil, e) {
		n.raised.Clear() // it may come back with less than it knew
		n.charges.stale.Store(true)
		if n.opt.Changed != nil {
			n.opt.Changed(why)
		}
	}
	n.poke()
	return e
}

func (n *Node) regain() {
	if n.away.Swap(nil) != nil && n.opt.Changed != nil {
		n.opt.Changed(nil)
	}
}

// tellTime compares the clocks.
func (n *Node) tellTime(ctx context.Context) error {
	before := time.Now()
	its, err := n.rdb.Time(ctx).Result()
	if err != nil {
		return err
	}
	took := time.Since(before)
	n.ahead.Store(int64(its.Sub(n.opt.Now()) + took/2))
	return nil
}

var errOtherwise = errors.New("the answer of Redis is not what was asked for")

// numbers takes an answer of numbers, as integers or as text, apart.
func numbers(answer any, least int) ([]int64, error) {
	list, ok := answer.([]any)
	if !ok || len(list) < least {
		return nil, errOtherwise
	}
	out := make([]int64, len(list))
	for i, v := range list {
		n, err := redis.NewCmdResult(v, nil).Int64()
		if err != nil {
			return nil, errOtherwise
		}
		out[i] = n
	}
	return out, nil
}
