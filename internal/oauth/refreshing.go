package oauth

import (
	"context"
	"fmt"

	"crs/internal/account"
	"crs/internal/patience"
)

// refreshing is who refreshes tokens: this keeper, or the process that it was handed over to.
type refreshing interface {
	// renew gives an account with a fresh token, unless somebody has refreshed it already.
	renew(ctx context.Context, acc *account.Account, f *flight) (*account.Account, error)
}

// here is a keeper that refreshes itself.
type here struct{ *Keeper }

// renew refreshes when no other node does, or takes what that one got.
func (k here) renew(ctx context.Context, acc *account.Account, f *flight) (*account.Account, error) {
	for {
		release, held, err := k.locks.Lock(ctx, lockOf(acc.ID))
		if err != nil {
			return nil, fmt.Errorf("refresh the token of account %s: %w", acc.Name, err)
		}
		if held {
			k.lockedHere(acc.ID)
		} else {
			k.lockedThere(acc, f)
		}
		now, err := k.current(ctx, acc.ID)
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
		if !patience.Pause(ctx, lookAgain) {
			return nil, fmt.Errorf("refresh the token of account %s: another node has not finished doing so: %w", acc.Name, ctx.Err())
		}
	}
}

// Successor refreshes tokens in the place of a keeper that handed over.
type Successor interface {
	// Renew replaces the token of an account, unless that is not of this generation any more. The new one is in the store
	// when it returns.
	Renew(ctx context.Context, id string, generation int64) error
}

// there is a keeper that has handed over.
type there struct {
	roster roster
	to     Successor
}

// renew has the other process refresh, and reads what came of it.
func (t there) renew(ctx context.Context, acc *account.Account, _ *flight) (*account.Account, error) {
	if err := t.to.Renew(ctx, acc.ID, acc.Credential.Generation); err != nil {
		return nil, fmt.Errorf("refresh the token of account %s: %w", acc.Name, err)
	}
	return t.roster.Reread(ctx, acc.ID)
}
