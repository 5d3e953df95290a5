package account

import (
	"context"
	"maps"

	"crs/internal/errs"
)

// Hold has an account use a credential that the store has not taken yet, and keeps it in front of what the store has until that is
// as new. It gives the account as it is then: unchanged when it has one that is as new already.
func (r *Roster) Hold(id string, fresh Credential) (*Account, error) {
	a := r.accounts.Again(id, func(a *Account) bool { return r.hold(a, fresh) })
	if a == nil {
		return nil, &NotFound{What: "account", Ref: id}
	}
	return a, nil
}

func (r *Roster) hold(a *Account, fresh Credential) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.Credential.Generation >= fresh.Generation {
		return false
	}
	r.held[a.ID] = fresh
	return true
}

// Held gives the credentials that are in front of what the store has, by account.
func (r *Roster) Held() map[string]Credential {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return maps.Clone(r.held)
}

// Settle writes down the credential that is held for an account. Once it is nil, the store has that or a newer one.
func (r *Roster) Settle(ctx context.Context, id string) error {
	_, err := r.insist(ctx, id, func(*Account) error {
		if !r.holds(id) {
			return errOvertaken
		}
		return nil
	})
	return errs.Ignore(err, errOvertaken)
}

func (r *Roster) holds(id string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	_, held := r.held[id]
	return held
}

// withHeld gives an account of the store with the credential that is held for it. It is called with mu held.
func (r *Roster) withHeld(a *Account) *Account {
	fresh, held := r.held[a.ID]
	if !held {
		return a
	}
	if a.Credential.Generation >= fresh.Generation {
		delete(r.held, a.ID)
		return a
	}
	with := *a
	with.Credential = fresh
	return &with
}

// keepPair holds on to a token pair that the store took and has lost: the one that it has instead was used up for it. It is called
// with mu held.
func (r *Roster) keepPair(old, a *Account) {
	if old.Credential.Kind == OAuth && old.Credential.Generation > a.Credential.Generation {
		r.held[a.ID] = old.Credential
	}
}
