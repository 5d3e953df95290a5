package oauth

import (
	"context"
	"errors"
	"fmt"

	"crs/internal/account"
)

// Heir refreshes tokens in the place of a keeper that handed over.
type Heir interface {
	// Renew replaces the token of an account, unless that is not of this generation any more. The new one is in the store
	// when it returns.
	Renew(ctx context.Context, id string, generation int64) error
}

// ErrElsewhere means that tokens are not refreshed where they were asked for any more: ask again.
var ErrElsewhere = errors.New("tokens are refreshed elsewhere now")

// Entrust leaves refreshing to another process, once no refresh is under way. On an error everything stays as it was.
func (k *Keeper) Entrust(ctx context.Context, to Heir) error {
	k.mu.Lock()
	k.heir = to
	k.mu.Unlock()
	k.Wait(ctx)
	if err := ctx.Err(); err != nil {
		k.Reclaim()
		return fmt.Errorf("wait for the refresh of a token that is under way: %w", err)
	}
	return nil
}

// Reclaim refreshes here again.
func (k *Keeper) Reclaim() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.heir = nil
}

func (k *Keeper) entrusted() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.heir != nil
}

// renewElsewhere has the other process refresh, and reads what came of it.
func (k *Keeper) renewElsewhere(ctx context.Context, heir Heir, acc *account.Account) (*account.Account, error) {
	err := heir.Renew(ctx, acc.ID, acc.Credential.Generation)
	if errors.Is(err, ErrElsewhere) {
		return k.Renew(ctx, acc)
	}
	if err != nil {
		return nil, fmt.Errorf("refresh the token of account %s: %w", acc.Name, err)
	}
	return k.opt.Roster.Reread(ctx, acc.ID)
}
