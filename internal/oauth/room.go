package oauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crs/internal/account"
	"crs/internal/patience"
)

// NoRoom means that a fresh pair could be kept nowhere, and that the present token is good for a while: it was not refreshed.
type NoRoom struct {
	Account string
	Until   time.Time // the present token is good
	Why     error
}

// Error implements error.
func (e *NoRoom) Error() string {
	return fmt.Sprintf("the token of account %s was not refreshed, because neither the store nor the reserve would take the fresh one: %v; the present one is good until %s",
		e.Account, e.Why, e.Until.UTC().Format(time.RFC3339))
}

// Unwrap gives the reason.
func (e *NoRoom) Unwrap() error { return e.Why }

// room is a *NoRoom when refreshing now could lose the login, and can wait. The reserve has its space beforehand; the store tells by
// being written to.
func (k *Keeper) room(ctx context.Context, acc *account.Account) error {
	if k.opt.Reserve == nil || !k.opt.Now().Before(acc.Credential.ExpiresAt) {
		return nil
	}
	err := patience.Within(diskPatience, k.opt.Reserve.Ready)
	if err == nil {
		return nil
	}
	within, stop := context.WithTimeout(ctx, diskPatience)
	defer stop()
	if other := patience.Within(diskPatience, func() error { return k.opt.Roster.Rewrite(within, acc.ID) }); other != nil {
		return &NoRoom{acc.Name, acc.Credential.ExpiresAt, errors.Join(other, err)}
	}
	return nil
}
