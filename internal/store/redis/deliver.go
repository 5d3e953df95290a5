package redis

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"crs/internal/limit"
	"crs/internal/unit"
)

// parcel is one command of a pipeline, and what is to be done when it was answered.
type call struct {
	script *redis.Script
	slot   string
	keys   []string
	args   []any
	done   func(answer any) // called with the lock held
}

// pack makes parcels of what there is to tell of a hash slot. It is called with the lock held.
func (n *Node) pack(slot string) []call {
	now := time.Now()
	renew, tell := n.due(slot, now)
	if id, ok := keyOf(slot); ok {
		return n.packKey(id, now, renew, tell)
	}
	list := append(n.packFreed(), n.packUnlock()...)
	list = append(list, n.packHeld(renew, now, "0")...)
	list = append(list, n.packHeld(tell, now, "1")...)
	return append(list, n.packNews()...)
}

func (n *Node) packKey(id string, now time.Time, renew, tell []*lease) (list []call) {
	if b := n.owed.keys[id]; b != nil {
		list = append(list, n.packPending(id, b, now))
	}
	if len(renew) > 0 {
		list = append(list, n.packSeats(id, renew, now, "0"))
	}
	if len(tell) > 0 {
		list = append(list, n.packSeats(id, tell, now, "1"))
	}
	return list
}

func (n *Node) packUnlock() (list []call) {
	for _, u := range n.owed.unlock {
		list = append(list, call{n.scripts.lock, accountSlot, []string{n.keys.lock(u.of)}, []any{u.member, "drop"}, func(any) {}})
	}
	if unlocked := len(list); unlocked > 0 {
		list[unlocked-1].done = func(any) { n.owed.unlock = n.owed.unlock[unlocked:] }
	}
	return list
}

func (n *Node) packPending(id string, b *keyPending, now time.Time) call {
	if b.sequence == 0 {
		n.owed.sequence++
		b.sequence = n.owed.sequence
	}
	args := []any{n.id, b.sequence, n.keys.turn("")}
	var slid []limit.Rule
	if b.limits != nil {
		slid = b.limits.Rules
	}
	args = append(append(args, rules(slid)...), n.spans()...)
	spent := amounts(b.spent)
	args = append(append(args, len(spent)/2), spent...)
	args = append(args, figuresBy(b.figures, now)...)
	for _, member := range b.gone {
		args = append(args, member)
	}
	return call{n.scripts.settle, keySlot(id), n.keys.ofKey(id), args, func(any) { n.settled(id, b) }}
}

// figuresBy are figures as scripts read them: how many, and of each its age in seconds, the letter of its unit and how much.
func figuresBy(figures []figure, now time.Time) []any {
	args := []any{0}
	for _, f := range figures {
		age := max(0, int64(now.Sub(f.at)/time.Second))
		for u, n := range f.used {
			if n != 0 {
				args = append(args, age, unit.Unit(u).Letter(), n)
			}
		}
	}
	args[0] = (len(args) - 1) / 3
	return args
}

// settled is called with the lock held.
func (n *Node) settled(id string, b *keyPending) {
	b.told = true
	if b.next == nil {
		delete(n.owed.keys, id)
		return
	}
	n.owed.keys[id] = b.next
}

const (
	// accountsAtOnce is how many accounts one script is told of.
	accountsAtOnce = 500
	// mostFreed is how many slots one pipeline gives back: however many there are, it must be answered in time.
	mostFreed = 10 * accountsAtOnce
)

func (n *Node) packFreed() (list []call) {
	for left := n.owed.freed[:min(len(n.owed.freed), mostFreed)]; len(left) > 0; {
		some := left[:min(len(left), accountsAtOnce)]
		left = left[len(some):]
		slots, wanted, args := []string{}, []string{}, []any{n.keys.freed()}
		for _, f := range some {
			slots, wanted = append(slots, n.keys.slots(f.of)), append(wanted, n.keys.wanted(f.of))
			args = append(args, f.of, f.member)
		}
		list = append(list, call{n.scripts.free, accountSlot, append(slots, wanted...), args, func(any) { n.forgetFreed(some) }})
	}
	return list
}

// forgetFreed takes out what was told; more may have come behind it. It is called with the lock held.
func (n *Node) forgetFreed(told []freed) {
	known := make(map[freed]bool, len(told))
	for _, f := range told {
		known[f] = true
	}
	n.owed.freed = slices.DeleteFunc(slices.Clone(n.owed.freed), func(f freed) bool { return known[f] }) // other parcels have parts of the old one
}

// packSeats renews places at a key. back says whether those that are gone come back.
func (n *Node) packSeats(id string, leases []*lease, now time.Time, back string) call {
	args := []any{n.opt.Lease.Milliseconds(), back}
	for _, l := range leases {
		args = append(args, l.member)
	}
	return call{n.scripts.renew, keySlot(id), n.keys.ofKey(id), args, func(answer any) { n.renewal(leases, now, words(answer)) }}
}

// packHeld renews what is held in the slot of accounts.
func (n *Node) packHeld(leases []*lease, now time.Time, back string) (list []call) {
	var slots []*lease
	for _, l := range leases {
		if l.kind == aLock {
			list = append(list, n.packLock(l, now))
		} else {
			slots = append(slots, l)
		}
	}
	for some := range slices.Chunk(slots, accountsAtOnce) {
		keys, args := []string{}, []any{n.opt.Lease.Milliseconds(), back}
		for _, l := range some {
			keys, args = append(keys, n.keys.slots(l.of)), append(args, l.member)
		}
		list = append(list, call{n.scripts.hold, accountSlot, keys, args, func(answer any) { n.renewal(some, now, words(answer)) }})
	}
	return list
}

func (n *Node) packLock(l *lease, now time.Time) call {
	args := []any{l.member, "keep", n.opt.Lease.Milliseconds()}
	return call{n.scripts.lock, accountSlot, []string{n.keys.lock(l.of)}, args, func(any) { n.renewal([]*lease{l}, now, nil) }}
}

func words(answer any) []string {
	out, _ := redis.NewCmdResult(answer, nil).StringSlice()
	return out
}

// mostNews is how much is told with one entry of the stream.
const mostNews = 1000

// packNews adds to the stream that every node reads.
func (n *Node) packNews() []call {
	news, end := n.owed.someNews()
	if len(news) == 0 {
		return nil
	}
	body, err := json.Marshal(news)
	if err != nil { // a gauge that is no number, such as an upstream's NaN
		body = []byte("[]")
	}
	add := command{"XADD", n.keys.news(), "MAXLEN", "~", newsKept, "*", "node", n.id, "ahead", n.ahead.Load(), "news", body}
	return []call{{n.scripts.write, accountSlot, []string{n.keys.news()}, add.words(), func(any) { n.owed.forgetNews(end) }}}
}
