package redis

import (
	"strconv"
	"time"
)

// lease is something in Redis that is this node's for as long as it renews it: a request's place at a key or slot at an
// account, or a lock.
type lease struct {
	kind   leaseKind
	of     string // the id of the key or account, or the lock's name
	member string // what stands for it in Redis

	// The fields below are guarded by the node's lock.
	renewed time.Time // when it was last asked for, as far as that was answered
	there   bool      // Redis has it, or may have it
	lost    bool      // Redis did not have it any more
	over    bool
}

type leaseKind uint8

const (
	atKey leaseKind = iota
	atAccount
	aLock
)

// newMember is a name that was never used: what this node gave back stays given back, however late anything arrives.
func (n *Node) newMember(tail string) string {
	return n.id + "." + strconv.FormatInt(n.members.Add(1), 36) + tail
}

// keep has l renewed from now on. asked is when Redis was asked for it; zero when nobody has asked: then Redis hears of it
// with the next pipeline.
func (n *Node) keep(l *lease, asked time.Time) {
	n.mu.Lock()
	l.renewed, l.there = asked, !asked.IsZero()
	slot := l.slot()
	if n.leases[slot] == nil {
		n.leases[slot] = map[*lease]struct{}{}
	}
	n.leases[slot][l] = struct{}{}
	if asked.IsZero() {
		n.owe(slot)
	}
	n.mu.Unlock()
}

// slot is the hash slot that it is in.
func (l *lease) slot() string {
	if l.kind == atKey {
		return keySlot(l.of)
	}
	return accountSlot
}

// end gives l back. Only the first call counts.
func (n *Node) end(l *lease) {
	n.mu.Lock()
	n.drop(l)
	n.mu.Unlock()
}

// drop is end with the lock held.
func (n *Node) drop(l *lease) {
	if l.over {
		return
	}
	l.over = true
	slot := l.slot()
	delete(n.leases[slot], l)
	if len(n.leases[slot]) == 0 {
		delete(n.leases, slot)
	}
	if !l.there {
		return
	}
	switch l.kind {
	case atKey:
		b := n.owed.key(l.of)
		b.gone = append(b.gone, l.member)
	case atAccount:
		n.owed.freed = append(n.owed.freed, freed{l.of, l.member})
	case aLock:
		n.owed.unlock = append(n.owed.unlock, freed{l.of, l.member})
	}
	n.owe(slot)
}

// isDue reports whether Redis has to be told of it.
func (l *lease) isDue(now time.Time, every time.Duration) bool {
	return !l.there || l.lost || now.Sub(l.renewed) >= every
}

// due gives the leases of a hash slot that must be renewed, and those that Redis must be told of. It is called with the lock
// held; what it gives counts as known to Redis from then on, whatever becomes of the pipeline.
func (n *Node) due(slot string, now time.Time) (renew, tell []*lease) {
	for l := range n.leases[slot] {
		switch {
		case !l.isDue(now, n.opt.Renew):
			continue
		case !l.there || l.lost:
			tell = append(tell, l)
		default:
			renew = append(renew, l)
		}
		l.there = true
	}
	return renew, tell
}

// renewal is what came of renewing. It is called with the lock held.
func (n *Node) renewal(leases []*lease, asked time.Time, gone []string) {
	missing := make(map[string]bool, len(gone))
	for _, member := range gone {
		missing[member] = true
	}
	for _, l := range leases {
		l.renewed, l.lost = asked, missing[l.member]
		if l.lost && !l.over {
			n.owe(l.slot())
		}
	}
}
