package redis

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"crs/internal/patience"
	"crs/internal/store"
)

// heartbeat is how often Redis is asked for the time.
const heartbeat = time.Second

// watch asks for the time until ctx ends. The senders do not do it, and do not wait for it: in a Cluster the server that tells
// the time may be gone while those that keys are counted at are well, and are to be told at once of who has left.
func (n *Node) watch(ctx context.Context) {
	for ctx.Err() == nil {
		wait := n.interval()
		if n.Away() == nil {
			n.beat(ctx)
		} else {
			n.comeBack(ctx)
			wait = retryAfter
		}
		patience.Await(ctx, n.gone, wait)
	}
}

// beat notices when Redis goes away while nobody asks it anything.
func (n *Node) beat(ctx context.Context) {
	for try := 1; n.Away() == nil; try++ {
		err := n.tellTimeSoon(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		if try == asks || errors.Is(err, store.ErrDamaged) {
			_ = n.lose(docSlot, err)
			return
		}
	}
}

func (n *Node) tellTimeSoon(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, n.wait)
	defer stop()
	return n.tellTime(ctx)
}

// comeBack ends that Redis counts as away when it can be written wherever it could not, and has been told everything.
func (n *Node) comeBack(ctx context.Context) {
	if n.tellTimeSoon(ctx) != nil {
		return
	}
	n.mu.Lock()
	slots := slices.Collect(maps.Values(n.suspects))
	n.mu.Unlock()
	for _, slot := range slots {
		if _, err := n.present(ctx, slot, n.scripts.steady); err != nil {
			return
		}
	}
	n.mu.Lock()
	behind := len(n.out.late) > 0
	if !behind {
		clear(n.suspects)
	}
	n.mu.Unlock()
	if !behind {
		n.regain()
	}
}
