package oauth

import (
	"context"
	"fmt"

	"crs/internal/patience"
)

// Delegate leaves refreshing to another process, once no refresh is under way here, and gives the pairs that the store has not taken
// yet. On an error everything stays as it was.
func (k *Keeper) Delegate(ctx context.Context, to Successor) ([]Pair, error) {
	k.turnTo(there{k.opt.Roster, to})
	k.Wait(ctx)
	if err := ctx.Err(); err != nil {
		k.TakeBack()
		return nil, fmt.Errorf("wait for the refresh of a token that is under way: %w", err)
	}
	k.stopSettling()
	return k.pairs(), nil
}

// TakeBack refreshes here again, and takes on what the other process has left in the reserve.
func (k *Keeper) TakeBack() {
	k.turnTo(k.home)
	if k.opt.Reserve == nil {
		return
	}
	_ = patience.Within(diskPatience, func() error {
		pairs, err := k.opt.Reserve.Read()
		if err == nil {
			k.Adopt(pairs, true, ErrLeft)
		}
		return err // Read tells it again when it is looked at
	})
}

// turnTo has tokens refreshed otherwise from now on.
func (k *Keeper) turnTo(by refreshing) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refreshing = by
	k.settleLater()
}

func (k *Keeper) refreshesHere() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.refreshing == k.home
}
