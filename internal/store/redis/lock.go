package redis

import (
	"context"
	"time"
)

// Lock takes the lock with this name for as long as this node lives, or until release. held is false when another node has
// it. It implements what oauth.Keeper needs.
func (n *Node) Lock(ctx context.Context, name string) (release func(), held bool, err error) {
	l := &lease{kind: aLock, of: name, member: n.newMember("")}
	asked := time.Now()
	answer, err := n.ask(ctx, n.scripts.lock, []string{n.keys.lock(name)}, l.member, "take", n.opt.Lease.Milliseconds())
	if err != nil {
		return nil, false, err
	}
	if answer != int64(1) {
		return nil, false, nil
	}
	n.keep(l, asked)
	return func() { n.end(l) }, true, nil
}
