package redis

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"crs/internal/account"
)

// parcel is one command of a pipeline, and what is to be done when it was answered.
type parcel struct {
	script script
	keys   []string
	args   []any
	done   func(answer any)
}

// deliver sends one pipeline with everything there is to tell. Whatever is not answered stays, and is sent again. A Redis that
// has come back without the store is told nothing.
func (n *Node) deliver(ctx context.Context) error {
	if n.Away() != nil {
		if err := n.lost(ctx); err != nil {
			return err
		}
	}
	n.mu.Lock()
	parcels, news := n.pack()
	sent := n.sent
	n.mu.Unlock()
	if len(parcels) == 0 && len(news) == 0 {
		return nil
	}
	err := n.send(ctx, parcels, news)
	if unloaded(err) {
		if err = n.reload(ctx); err == nil {
			err = n.deliver(ctx)
		}
		return err
	}
	if err != nil {
		return err
	}
	n.mu.Lock()
	if n.sent == sent {
		n.sent = make(chan struct{})
		close(sent)
	}
	more := !n.owed.empty()
	n.mu.Unlock()
	if more {
		n.poke()
	}
	return nil
}

// send gives the first error there was.
func (n *Node) send(ctx context.Context, parcels []parcel, news []account.News) error {
	ctx, stop := context.WithTimeout(ctx, n.wait)
	defer stop()
	pipe := n.rdb.Pipeline()
	cmds := make([]*redis.Cmd, len(parcels))
	for i, p := range parcels {
		cmds[i] = pipe.EvalSha(ctx, p.script.sha, p.keys, p.args...)
	}
	var told *redis.StringCmd
	if len(news) > 0 {
		told = n.publish(ctx, pipe, news)
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	var first error
	for i, c := range cmds {
		answer, err := c.Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			first = cmpErr(first, err)
			continue
		}
		parcels[i].done(answer)
	}
	if told != nil {
		if err := told.Err(); err != nil {
			return cmpErr(first, err)
		}
		n.told(len(news))
	}
	return first
}

func cmpErr(first, err error) error {
	if first != nil {
		return first
	}
	return err
}

// pack makes parcels of what is owed. It is called with the lock held.
func (n *Node) pack() ([]parcel, []account.News) {
	now := time.Now()
	var list []parcel
	for id, b := range n.owed.keys {
		list = append(list, n.packKey(id, b, now))
	}
	list = append(list, n.packFreed()...)
	for _, u := range n.owed.unlock {
		list = append(list, parcel{n.scripts.lock, []string{n.keys.lock(u.of)}, []any{u.member, "drop"}, func(any) {}})
	}
	if unlocked := len(n.owed.unlock); unlocked > 0 {
		list[len(list)-1].done = func(any) { n.forgetUnlocked(unlocked) }
	}
	renew, tell := n.due(now)
	list = append(list, n.packLeases(renew, now, "0")...)
	list = append(list, n.packLeases(tell, now, "1")...)
	return list, n.owed.news[:min(len(n.owed.news), mostNews)]
}

func (n *Node) forgetUnlocked(count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.owed.unlock = n.owed.unlock[count:]
}

func (n *Node) packKey(id string, b *keyPost, now time.Time) parcel {
	if b.sequence == 0 {
		n.owed.sequence++
		b.sequence = n.owed.sequence
	}
	args := append([]any{n.id, b.sequence, b.charged}, n.bounds()...)
	args = append(args, n.keys.turn(""), len(b.figures))
	for _, f := range b.figures {
		args = append(args, max(0, int64(now.Sub(f.at)/time.Second)), f.requests, f.tokens)
	}
	for _, member := range b.gone {
		args = append(args, member)
	}
	return parcel{n.scripts.settle, n.keys.ofKey(id), args, func(any) { n.settled(id, b) }}
}

func (n *Node) settled(id string, b *keyPost) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if b.next == nil {
		delete(n.owed.keys, id)
		return
	}
	n.owed.keys[id] = b.next
}

// accountsAtOnce is how many accounts one script is told of.
const accountsAtOnce = 500

func (n *Node) packFreed() (list []parcel) {
	for left := n.owed.freed; len(left) > 0; {
		some := left[:min(len(left), accountsAtOnce)]
		left = left[len(some):]
		slots, wanted, args := []string{}, []string{}, []any{n.keys.freed()}
		for _, f := range some {
			slots, wanted = append(slots, n.keys.slots(f.of)), append(wanted, n.keys.wanted(f.of))
			args = append(args, f.of, f.member)
		}
		list = append(list, parcel{n.scripts.free, append(slots, wanted...), args, func(any) { n.forgetFreed(some) }})
	}
	return list
}

// forgetFreed takes out what was told; more may have come behind it.
func (n *Node) forgetFreed(told []freed) {
	known := make(map[freed]bool, len(told))
	for _, f := range told {
		known[f] = true
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	var left []freed
	for _, f := range n.owed.freed {
		if !known[f] {
			left = append(left, f)
		}
	}
	n.owed.freed = left
}

func (n *Node) packLeases(of map[leaseKind]map[string][]*lease, now time.Time, back string) (list []parcel) {
	for id, leases := range of[atKey] {
		args := []any{n.opt.Lease.Milliseconds(), back}
		for _, l := range leases {
			args = append(args, l.member)
		}
		list = append(list, parcel{n.scripts.renew, n.keys.ofKey(id), args, func(answer any) { n.renewal(leases, now, words(answer)) }})
	}
	var held []*lease
	for _, leases := range of[atAccount] {
		held = append(held, leases...)
	}
	for len(held) > 0 {
		some := held[:min(len(held), accountsAtOnce)]
		held = held[len(some):]
		keys, args := []string{}, []any{n.opt.Lease.Milliseconds(), back}
		for _, l := range some {
			keys, args = append(keys, n.keys.slots(l.of)), append(args, l.member)
		}
		list = append(list, parcel{n.scripts.hold, keys, args, func(answer any) { n.renewal(some, now, words(answer)) }})
	}
	for name, leases := range of[aLock] {
		args := []any{leases[0].member, "keep", n.opt.Lease.Milliseconds()}
		list = append(list, parcel{n.scripts.lock, []string{n.keys.lock(name)}, args, func(any) { n.renewal(leases, now, nil) }})
	}
	return list
}

func words(answer any) []string {
	list, _ := answer.([]any)
	out := make([]string, 0, len(list))
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// mostNews is how much is told with one entry of the stream.
const mostNews = 1000

// publish adds the news to the stream that every node reads.
func (n *Node) publish(ctx context.Context, pipe redis.Pipeliner, news []account.News) *redis.StringCmd {
	body, err := json.Marshal(news)
	if err != nil { // a gauge that is no number, such as an upstream's NaN
		body = []byte("[]")
	}
	return pipe.XAdd(ctx, &redis.XAddArgs{
		Stream: n.keys.news(), MaxLen: newsKept, Approx: true, Values: []any{"node", n.id, "ahead", n.ahead.Load(), "news", body},
	})
}

// told takes out the news that were told.
func (n *Node) told(count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.owed.news = n.owed.news[count:]; len(n.owed.news) == 0 {
		n.owed.news = nil
	}
}
