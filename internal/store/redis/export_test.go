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
	n.owed = newPost()
}

// Calls has pool hear of slots that are free, and of nothing else.
func (n *Node) Calls(pool Pool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.freed = pool.Freed
}

// Settled waits until Redis has been told everything, and every lease has been renewed since it was called.
func (n *Node) Settled() {
	since := time.Now()
	for {
		n.mu.Lock()
		done := n.owed.empty()
		for l := range n.leases {
			done = done && l.renewed.After(since)
		}
		n.mu.Unlock()
		if done {
			return
		}
		n.poke()
		time.Sleep(200 * time.Microsecond)
	}
}

// Empty removes what keys and accounts have left behind.
func Empty(s *Store) {
	ctx := context.Background()
	for _, slot := range []string{"key key_k", accountSlot} {
		names, _ := s.rdb.Keys(ctx, s.keys.in(slot, "*")).Result()
		for _, name := range names {
			s.rdb.Del(ctx, name)
		}
	}
}
