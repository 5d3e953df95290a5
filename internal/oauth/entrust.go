package oauth

import (
	"context"
	"errors"
	"fmt"

	"crs/internal/account"
	"crs/internal/patience"
)

// Heir refreshes tokens in the place of a keeper that handed over.
type Heir interface {
	// Renew replaces the token of an account, unless that is not of this generation any more. The new one is in the store
	// when it returns.
	Renew(ctx context.Context, id string, generation int64) error
}

// ErrElsewhere means that tokens are not refreshed where they were asked for any more: ask again.
var ErrElsewhere = errors.New("tokens are refreshed elsewhere now")

// Entrust leaves refreshing to another process, once no refresh is under way, and gives the pairs that the store has not taken yet.
// On an error everything stays as it was.
func (k *Keeper) Entrust(ctx context.Context, to Heir) ([]Pair, error) {
	k.mu.Lock()
	k.heir = to
	k.mu.Unlock()
	k.Wait(ctx)
	if err := ctx.Err(); err != nil {
		k.Reclaim()
		return nil, fmt.Errorf("wait for the refresh of a token that is under way: %w", err)
	}
	k.stopSettling()
	return k.pairs(), nil
}

// Reclaim refreshes here again, and takes on what the other process has left in the reserve.
func (k *Keeper) Reclaim() {
	k.mu.Lock()
	k.heir = nil
	k.settleLater()
	k.mu.Unlock()
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

func (k *Keeper) entrusted() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.heir != nil
}

// renewElsewhere has the other process refresh, and reads what came of it.
func (k *Keeper) renewElsewhere(ctx context.Context, heir Heir, acc *account.Account, w wait) (*account.Account, error) {
	asking, stop := context.WithTimeout(ctx, w.most)
	defer stop()
	err := heir.Renew(asking, acc.ID, acc.Credential.Generation)
	switch {
	case errors.Is(err, ErrElsewhere):
		return k.renew(ctx, acc, w)
	case err != nil && asking.Err() != nil && ctx.Err() == nil:
		return nil, &UnderWay{acc.Name, w.most}
	case err != nil:
		return nil, fmt.Errorf("refresh the token of account %s: %w", acc.Name, err)
	}
	return k.opt.Roster.Reread(ctx, acc.ID)
}
