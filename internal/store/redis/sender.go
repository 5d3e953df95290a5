package redis

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"crs/internal/patience"
	"crs/internal/store"
)

// retryAfter is how long a sender waits before it tries again to reach Redis.
const retryAfter = 250 * time.Millisecond

// run has told what there is to tell, until ctx ends.
func (n *Node) run(ctx context.Context) {
	renew := time.NewTicker(n.interval())
	defer renew.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-renew.C:
			n.renew(time.Now())
		case <-n.wake:
		}
		n.dispatch(ctx)
	}
}

func (n *Node) interval() time.Duration { return min(heartbeat, n.opt.Renew) }

// renew has the slots told of that have leases to be renewed.
func (n *Node) renew(now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for slot, leases := range n.leases {
		for l := range leases {
			if l.isDue(now, n.opt.Renew) {
				n.out.unsent[slot] = struct{}{}
				break
			}
		}
	}
}

// dispatch gives what there is to tell to the senders of the primaries that it is bound for.
func (n *Node) dispatch(ctx context.Context) {
	n.mu.Lock()
	unsent := n.out.unsent
	n.out.unsent = map[string]struct{}{}
	n.mu.Unlock()
	for slot := range unsent {
		n.hand(ctx, slot, n.primary(ctx, slot))
	}
}

func (n *Node) hand(ctx context.Context, slot, primary string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	handTo(n, n.out.senders, primary, slot, struct{}{}, func() { n.sendTo(ctx, primary) })
}

// handTo gives a slot to the worker of a primary, which begins to work if there is none. It is called with the lock held.
func handTo[T any](n *Node, workers map[string]map[string]T, primary, slot string, with T, work func()) {
	waiting, works := workers[primary]
	if !works {
		waiting = map[string]T{}
		workers[primary] = waiting
		n.work.Go(work)
	}
	waiting[slot] = with
}

// sendTo sends what is bound for one primary until there is nothing more.
func (n *Node) sendTo(ctx context.Context, primary string) {
	for ctx.Err() == nil {
		slots, parcels := n.take(primary)
		if len(slots) == 0 {
			return
		}
		n.sort(ctx, primary, slots, n.send(ctx, parcels))
	}
}

// send sends one pipeline. It gives the first error of each slot that has one. What has no error is done.
func (n *Node) send(ctx context.Context, parcels []call) map[string]error {
	ctx, stop := context.WithTimeout(ctx, n.wait)
	defer stop()
	pipe := n.rdb.Pipeline()
	cmds := make([]*redis.Cmd, len(parcels))
	for i, p := range parcels {
		keys, args := n.sign(p.slot, p.keys, p.args)
		cmds[i] = pipe.EvalSha(ctx, p.script.Hash(), keys, args...)
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	failed := map[string]error{}
	for i, c := range cmds {
		slot := parcels[i].slot
		answer, err := c.Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			failed[slot] = cmp.Or(failed[slot], err)
			continue
		}
		n.mu.Lock()
		parcels[i].done(answer)
		n.mu.Unlock()
	}
	return failed
}

// sort does with each slot of a pipeline what its outcome wants. Whatever was not answered stays, and is sent again.
func (n *Node) sort(ctx context.Context, primary string, slots []string, failed map[string]error) {
	n.mu.Lock()
	ill, unloadedOne := map[string]error{}, ""
	for _, slot := range slots {
		err := failed[slot]
		if err == nil {
			n.told(slot)
			continue
		}
		n.out.late[slot]++
		switch {
		case unloaded(err):
			unloadedOne = slot
			n.out.again(slot)
		case isClock(err) && n.out.late[slot] == 1: // it was long on its way, perhaps
			n.out.again(slot)
		case isClock(err), isLost(err):
			n.handMender(ctx, primary, slot, err)
		default:
			ill[slot] = err
		}
	}
	close(n.answered)
	n.answered = make(chan struct{})
	n.mu.Unlock()
	if unloadedOne != "" {
		_ = n.reload(ctx, unloadedOne)
	}
	n.later(ctx, ill)
	n.poke()
}

// later has slots sent again in a while. Redis counts as away when they were tried often enough, or it gives no sign of life: a
// process that stood still for a while finds that all its questions have timed out, and Redis is well.
func (n *Node) later(ctx context.Context, ill map[string]error) {
	if len(ill) == 0 {
		return
	}
	slots := slices.Collect(maps.Keys(ill))
	n.mu.Lock()
	tries := 0
	for _, slot := range slots {
		tries = max(tries, n.out.late[slot])
	}
	n.mu.Unlock()
	if ctx.Err() == nil && (tries >= asks || errors.Is(ill[slots[0]], store.ErrDamaged) || !n.answers(ctx, slots[0])) {
		_ = n.lose(slots[0], ill[slots[0]])
	}
	n.outlast(ctx, slots[0])
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, slot := range slots {
		n.out.again(slot)
	}
}

// outlast waits until a slot can be written again, if Redis counts as away. What is sent in vain must be given back as if it had
// arrived: if it were tried meanwhile, there would be more to tell the longer it lasts.
func (n *Node) outlast(ctx context.Context, slot string) {
	for n.Away() != nil && ctx.Err() == nil {
		patience.Pause(ctx, retryAfter)
		if _, err := n.present(ctx, slot, n.scripts.steady); err == nil {
			return
		}
	}
}

// handMender gives a slot to the mender of its primary. It is called with the lock held.
//
// What the time is, and whether the store is there, the store's own slot says, and that may be on a primary that stands still.
// So the sender goes on without the slots that wait for its word.
func (n *Node) handMender(ctx context.Context, primary, slot string, why error) {
	handTo(n, n.out.menders, primary, slot, why, func() { n.mendAt(ctx, primary) })
}

func (n *Node) mendAt(ctx context.Context, primary string) {
	for ctx.Err() == nil {
		n.mu.Lock()
		waiting := n.out.menders[primary]
		if len(waiting) == 0 {
			delete(n.out.menders, primary)
			n.mu.Unlock()
			return
		}
		n.out.menders[primary] = map[string]error{}
		n.mu.Unlock()
		n.later(ctx, n.mendAll(ctx, waiting))
		n.poke()
	}
}

// mendAll gives the slots that could not be mended.
func (n *Node) mendAll(ctx context.Context, waiting map[string]error) map[string]error {
	var failed error
	ill := map[string]error{}
	for slot, why := range waiting {
		if failed == nil {
			failed = n.mend(ctx, why, slot)
		}
		if failed != nil { // it would be in vain for the others
			ill[slot] = failed
			continue
		}
		n.mu.Lock()
		n.out.again(slot)
		n.mu.Unlock()
	}
	return ill
}

// flush tells everything, when the senders have ended. It gives the first error there was.
func (n *Node) flush(ctx context.Context) error {
	n.mu.Lock()
	n.out.begin()
	unsent := n.out.unsent
	n.out.unsent = map[string]struct{}{}
	n.mu.Unlock()
	bound := map[string][]string{}
	for slot := range unsent {
		primary := n.primary(ctx, slot)
		bound[primary] = append(bound[primary], slot)
	}
	var all errgroup.Group
	for _, slots := range bound {
		all.Go(func() error { return n.flushTo(ctx, slots) })
	}
	return all.Wait()
}

func (n *Node) flushTo(ctx context.Context, slots []string) error {
	for some := range slices.Chunk(slots, slotsAtOnce) {
		for try := 1; len(some) > 0; try++ {
			failed := n.send(ctx, n.packAll(some))
			for slot, err := range failed {
				if err := n.mend(ctx, err, slot); err != nil || try == asks {
					return cmp.Or(err, failed[slot])
				}
			}
			some = slices.DeleteFunc(some, func(slot string) bool { return failed[slot] == nil && !n.owes(slot) })
			if len(failed) == 0 {
				try = 0
			}
		}
	}
	return nil
}

func (n *Node) packAll(slots []string) (parcels []call) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, slot := range slots {
		parcels = append(parcels, n.pack(slot)...)
	}
	return parcels
}

func (n *Node) owes(slot string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.owed.has(slot)
}

// isClock reports whether a script was not run because the server's clock is not where it should be.
func isClock(err error) bool { return strings.Contains(err.Error(), clockCode) }
