package redis

import (
	"context"
	"time"
)

// Kill ends a node as kill -9 would: nothing is told, nothing given back.
func (n *Node) Kill() {
	n.stop()
	n.work.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.leases)
	n.owed, n.out = newPending(), newOutbox()
}

// Calls has pool hear of slots that are free, and of nothing else.
func (n *Node) Calls(pool Pool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.freed = pool.Freed
}

// Owed is how much has yet to be given back.
func (n *Node) Owed() (owed int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	owed = len(n.owed.freed) + len(n.owed.unlock)
	for _, b := range n.owed.keys {
		for ; b != nil; b = b.next {
			owed += len(b.gone)
		}
	}
	return owed
}

// Settled waits until Redis has been told everything, and every lease has been renewed since it was called.
func (n *Node) Settled() {
	since := time.Now()
	for {
		n.mu.Lock()
		done := len(n.owed.keys) == 0 && !n.owed.has(accountSlot)
		for slot, leases := range n.leases {
			for l := range leases {
				if !l.renewed.After(since) {
					done = false
					n.owe(slot)
				}
			}
		}
		n.mu.Unlock()
		if done {
			return
		}
		time.Sleep(200 * time.Microsecond)
	}
}

// TellTime has the node look at the clock.
func (n *Node) TellTime(ctx context.Context) error { return n.tellTime(ctx) }

// Empty removes what keys and accounts have left behind, and what was known of the clock.
func Empty(s *Store) {
	ctx := context.Background()
	s.rdb.HDel(ctx, s.keys.store(docSlot), "shift", "calendar", "since", "beat")
	for _, slot := range []string{"key key_k", accountSlot} {
		names, _ := s.rdb.Keys(ctx, s.keys.in(slot, "*")).Result()
		for _, name := range names {
			s.rdb.Del(ctx, name)
		}
	}
}
