package oauth

import (
	"context"
	"fmt"
	"time"

	"crs/internal/account"
)

// lookAgain is how often a node looks whether another one has refreshed.
const lookAgain = 100 * time.Millisecond

func lockOf(account string) string { return "token:" + account }

// alone refreshes when no other node does, or takes what that one got.
func (k *Keeper) alone(ctx context.Context, acc *account.Account, f *flight) (*account.Account, error) {
	if k.opt.Locks == nil {
		return k.refresh(ctx, acc, func() {})
	}
	for {
		release, held, err := k.opt.Locks.Lock(ctx, lockOf(acc.ID))
		if err != nil {
			return nil, fmt.Errorf("refresh the token of account %s: %w", acc.Name, err)
		}
		if held {
			k.lockedHere(acc.ID)
		} else {
			k.lockedThere(acc, f)
		}
		now, err := k.opt.Roster.Reread(ctx, acc.ID)
		switch {
		case err != nil:
		case now.Credential.Generation != acc.Credential.Generation:
			acc = now
		case held:
			return k.refresh(ctx, now, release)
		}
		if held {
			release()
		}
		if err != nil || acc == now {
			return now, err
		}
		if !pause(ctx, lookAgain) {
			return nil, fmt.Errorf("refresh the token of account %s: another node has not finished doing so: %w", acc.Name, ctx.Err())
		}
	}
}

// current is an account as it is now, on all nodes.
func (k *Keeper) current(ctx context.Context, id string) (*account.Account, error) {
	if k.opt.Locks == nil {
		return k.opt.Roster.Get(id)
	}
	return k.opt.Roster.Reread(ctx, id)
}

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
