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

// nodes are the daemons that refresh the tokens of the same accounts.
type nodes interface {
	Locks
	// current is an account as it is now, on all nodes.
	current(ctx context.Context, id string) (*account.Account, error)
	// several reports whether there may be others than this one.
	several() bool
}

// oneNode is alone: it needs no locks, and what it knows of accounts is what there is.
type oneNode struct{ roster roster }

func (oneNode) Lock(context.Context, string) (func(), bool, error) { return func() {}, true, nil }

func (oneNode) Spend(context.Context, string) error { return nil }

func (n oneNode) current(_ context.Context, id string) (*account.Account, error) {
	return n.roster.Get(id)
}

func (oneNode) several() bool { return false }

// manyNodes share a store.
type manyNodes struct {
	Locks
	roster roster
}

func (n manyNodes) current(ctx context.Context, id string) (*account.Account, error) {
	return n.roster.Reread(ctx, id)
}

func (manyNodes) several() bool { return true }

// lookAgain is how often a node looks whether another one has refreshed.
const lookAgain = 100 * time.Millisecond

func lockOf(account string) string { return "token:" + account }

// pause reports whether ctx has not ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
