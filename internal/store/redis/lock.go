package redis

import (
	"context"
	"fmt"
	"time"
)

// spendFor is for how long a lock is kept from other nodes once what it guards is being used up, whatever becomes of this node: it may
// be alive and out of their reach, or come back with what it got.
const spendFor = time.Hour

// Lock takes the lock with this name for as long as this node lives, or until release. held is false when another node has
// it. It implements what oauth.Keeper needs.
func (n *Node) Lock(ctx context.Context, name string) (release func(), held bool, err error) {
	l := &lease{kind: aLock, of: name, member: n.owner() + n.newMember("")}
	asked := time.Now()
	answer, err := n.ask(ctx, n.scripts.lock, accountSlot, []string{n.keys.lock(name)}, l.member, "take", n.opt.Lease.Milliseconds(), n.predecessors())
	if err != nil {
		return nil, false, err
	}
	if answer != int64(1) {
		return nil, false, nil
	}
	n.keep(l, asked)
	return func() { n.end(l) }, true, nil
}

// Spend keeps a lock that this node has from other nodes for an hour, also when they do not hear of this one any more. It is called
// before what the lock guards is used up.
func (n *Node) Spend(ctx context.Context, name string) error {
	l := n.lockNamed(name)
	if l == nil {
		return fmt.Errorf("keep the lock %s: this node does not have it", name)
	}
	answer, err := n.ask(ctx, n.scripts.lock, accountSlot, []string{n.keys.lock(name)}, l.member, "keep", spendFor.Milliseconds())
	if err == nil && answer != int64(1) {
		err = fmt.Errorf("keep the lock %s: another node has it", name)
	}
	return err
}

func (n *Node) lockNamed(name string) *lease {
	n.mu.Lock()
	defer n.mu.Unlock()
	for l := range n.leases[accountSlot] {
		if l.kind == aLock && l.of == name {
			return l
		}
	}
	return nil
}

// owner is how the names of the locks begin that any process of this machine's node has.
func (n *Node) owner() string { return n.opt.Name + "/" }

// predecessors is how the names of the locks begin that earlier processes have left; empty where one of them may live.
func (n *Node) predecessors() string {
	if n.opt.Name == "" || !n.opt.First {
		return ""
	}
	return n.owner()
}
