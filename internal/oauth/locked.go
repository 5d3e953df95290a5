package oauth

import (
	"slices"
	"time"

	"crs/internal/account"
	"crs/internal/patience"
)

// lockedElsewhere is a token that another node has the lock of. It is guarded by the keeper's lock.
type lockedElsewhere struct {
	since, last time.Time // seen first and last
	generation  int64     // of the token
}

// A refresh takes a second or two. A node that died in the midst of one keeps the lock, for an hour at most: it may have used the
// refresh token up, and what it got for it, if anything, is in its reserve.
const (
	lockedLong = 10 * time.Second
	// lockedSeen is for how long nothing has to be seen of a lock: longer than from one try in the background to the next.
	lockedSeen = retryAfter + lookEvery + refreshLimit
)

// lockedThere notes that another node has the lock of a token, and tells whoever need not wait for that.
func (k *Keeper) lockedThere(acc *account.Account, f *flight) {
	now := k.opt.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	at := k.locked[acc.ID]
	if at == nil || at.generation != acc.Credential.Generation {
		at = &lockedElsewhere{since: now, generation: acc.Credential.Generation}
		k.locked[acc.ID] = at
	}
	at.last = now
	if !patience.Over(f.elsewhere) {
		close(f.elsewhere)
	}
}

func (k *Keeper) lockedHere(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.locked, id)
}

// LockedElsewhere names the accounts whose token cannot be refreshed because another node has been doing so for longer than that
// takes, and since when the first of them.
func (k *Keeper) LockedElsewhere() (names []string, since time.Time) {
	now := k.opt.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, at := range k.locked {
		acc, err := k.opt.Roster.Get(id)
		if err != nil || acc.Credential.Generation != at.generation || now.Sub(at.last) > lockedSeen {
			delete(k.locked, id)
			continue
		}
		if now.Sub(at.since) < lockedLong {
			continue
		}
		names = append(names, acc.Name)
		if since.IsZero() || at.since.Before(since) {
			since = at.since
		}
	}
	slices.Sort(names)
	return names, since
}
