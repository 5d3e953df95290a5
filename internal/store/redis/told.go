package redis

import (
	"context"
	"errors"
	"fmt"

	"crs/internal/outage"
	"crs/internal/unit"
	"crs/internal/usage"
)

// Rollups gives the store's roll-ups for this node's own ledger. They are never ahead of what Redis was told that keys were charged:
// otherwise another node, which raises what a key has spent to what the roll-ups know, would have it counted twice.
func (n *Node) Rollups() usage.Rollups { return toldFirst{n.store, n} }

type toldFirst struct {
	*Store
	node *Node
}

// AddUp implements usage.Rollups.
func (t toldFirst) AddUp(ctx context.Context, node string, sums []usage.Sum, from, to usage.Cursor) error {
	if err := t.node.tell(ctx); err != nil {
		return fmt.Errorf("add up usage: %w", err)
	}
	return t.Store.AddUp(ctx, node, sums, from, to)
}

// tell waits until what keys have been charged so far was told, for as long as a question may take.
func (n *Node) tell(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, n.wait)
	defer stop()
	for _, b := range n.charging() {
		for {
			answered, told := n.isTold(b)
			if told {
				break
			}
			select {
			case <-answered:
			case <-ctx.Done():
				return &outage.Error{Why: errUntold}
			}
		}
	}
	return nil
}

var errUntold = errors.New("what keys were charged has not been told to Redis yet")

// charging are the posts with what keys were charged that have not been told. A node that has left tells nothing more: then whoever
// reads the roll-ups is right.
func (n *Node) charging() (all []*keyPending) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.left {
		return nil
	}
	for _, b := range n.owed.keys {
		for ; b != nil; b = b.next {
			if b.spent != (unit.Amounts{}) {
				all = append(all, b)
			}
		}
	}
	return all
}
