package oauth

import (
	"context"
	"time"

	"crs/internal/account"
)

// Locks are held by one node at a time.
type Locks interface {
	// Lock takes a lock for as long as this node lives, or until release. held is false when another node has it.
	Lock(ctx context.Context, name string) (release func(), held bool, err error)
	// Spend keeps a lock from other nodes also when they do not hear of this one any more: what it guards is about to be used up, and
	// only this node will know what became of it.
	Spend(ctx context.Context, name string) error
}

// noLocks are those of a daemon that is alone.
type noLocks struct{}

func (noLocks) Lock(context.Context, string) (func(), bool, error) { return func() {}, true, nil }

func (noLocks) Spend(context.Context, string) error { return nil }

// current is an account as it is now, on all nodes.
func (k *Keeper) current(ctx context.Context, id string) (*account.Account, error) {
	if k.several() {
		return k.opt.Roster.Reread(ctx, id)
	}
	return k.opt.Roster.Get(id)
}

// several reports whether other nodes may refresh the tokens of the same accounts.
func (k *Keeper) several() bool { return k.opt.Locks != nil }

// lookAgain is how often a node looks whether another one has refreshed.
const lookAgain = 100 * time.Millisecond

func lockOf(account string) string { return "token:" + account }
