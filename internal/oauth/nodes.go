package oauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crs/internal/account"
)

const (
	// lookAgain is how often a node looks whether another one has refreshed.
	lookAgain = 100 * time.Millisecond
	// keepAgain is how often a node tries to keep a pair in a store that cannot be reached, keepLimit for how long.
	keepAgain = 250 * time.Millisecond
	keepLimit = time.Hour
)

// alone refreshes when no other node does, or takes what that one got.
func (k *Keeper) alone(ctx context.Context, acc *account.Account) (*account.Account, error) {
	if k.opt.Locks == nil {
		return k.refresh(ctx, acc)
	}
	for {
		release, held, err := k.opt.Locks.Lock(ctx, "token:"+acc.ID)
		if err != nil {
			return nil, fmt.Errorf("refresh the token of account %s: %w", acc.Name, err)
		}
		now, err := k.opt.Roster.Reread(ctx, acc.ID)
		switch {
		case err != nil:
		case now.Credential.Generation != acc.Credential.Generation:
			acc = now
		case held:
			defer release()
			return k.refresh(ctx, now)
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

// keep makes a pair durable. The old one is worth nothing any more: in a store of several nodes, which may be away for a
// while, it is tried until it works. Nobody can have put another pair in its place: the generation tells.
func (k *Keeper) keep(acc *account.Account, fresh account.Credential) (*account.Account, error) {
	ctx, stop := context.WithTimeout(context.Background(), keepLimit)
	defer stop()
	for {
		renewed, err := k.opt.Roster.Renew(ctx, acc.ID, acc.Credential.Generation, fresh)
		if err == nil {
			return renewed, nil
		}
		var gone *account.NotFound
		if k.opt.Locks == nil || errors.As(err, &gone) || !pause(ctx, keepAgain) {
			return nil, fmt.Errorf("keep the fresh token of account %s: %w", acc.Name, err)
		}
	}
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
