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
	n.leases[l] = struct{}{}
	n.mu.Unlock()
	if asked.IsZero() {
		n.poke()
	}
}

// end gives l back. Only the first call counts.
func (n *Node) end(l *lease) {
	n.mu.Lock()
	n.drop(l)
	n.mu.Unlock()
	n.poke()
}

// drop is end with the lock held.
func (n *Node) drop(l *lease) {
	if l.over {
		return
	}
	l.over = true
	delete(n.leases, l)
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
}

// due gives the leases that must be renewed, by what they are of, and those that Redis must be told of. It is called with
// the lock held; what it gives counts as known to Redis from then on, whatever becomes of the pipeline.
func (n *Node) due(now time.Time) (renew, tell map[leaseKind]map[string][]*lease) {
	renew, tell = map[leaseKind]map[string][]*lease{}, map[leaseKind]map[string][]*lease{}
	for l := range n.leases {
		to := renew
		switch {
		case !l.there || l.lost:
			to = tell
		case now.Sub(l.renewed) < n.opt.Renew:
			continue
		}
		l.there = true
		if to[l.kind] == nil {
			to[l.kind] = map[string][]*lease{}
		}
		to[l.kind][l.of] = append(to[l.kind][l.of], l)
	}
	return renew, tell
}

// renewal is what came of renewing.
func (n *Node) renewal(leases []*lease, asked time.Time, gone []string) {
	missing := make(map[string]bool, len(gone))
	for _, member := range gone {
		missing[member] = true
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, l := range leases {
		l.renewed, l.lost = asked, missing[l.member]
	}
}
