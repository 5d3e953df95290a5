package oauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"crs/internal/account"
	"crs/internal/errs"
	"crs/internal/patience"
)

// Held is a fresh pair that the store has not taken yet.
type Held struct {
	Account *account.Account
	// Durable: it is in the reserve, and is put into the store by whoever serves next.
	Durable bool
	Err     error // why the store does not take it; nil once it has
}

// heldPair is guarded by the keeper's lock.
type heldPair struct {
	pair    Pair
	durable bool
	err     error
	release func() // what keeps other nodes from refreshing
	left    bool   // not got from the provider: an earlier process left it, and maybe its lock, or the store has lost it
}

const (
	// storeLimit is how long the store may take for a pair, and diskPatience how long the disk may, and the store where the pair is in
	// the reserve already.
	storeLimit   = 10 * time.Second
	diskPatience = 2 * time.Second
	// settleAgain is how often the store is asked again.
	settleAgain = 500 * time.Millisecond
)

// keep makes a pair durable: in the reserve, and then in the store. The old one is worth nothing any more, so whatever fails is tried
// until it works, and the pair is used meanwhile.
func (k *Keeper) keep(acc *account.Account, fresh account.Credential, release func()) (*account.Account, error) {
	h := &heldPair{pair: Pair{acc.ID, fresh}, release: release}
	if h.err = k.putBy(h); errors.Is(h.err, patience.ErrHangs) {
		return k.hold(h, nil) // the store may be on the same disk, and is asked while the pair is used
	}
	limit := storeLimit
	if h.durable {
		limit = diskPatience
	}
	renewed, err := k.toStore(limit, acc, fresh)
	if err == nil || errors.As(err, new(*account.NotFound)) {
		k.forget(acc.ID, release)
		return renewed, errs.Wrap(err, "keep the fresh token of account %s", acc.Name)
	}
	return k.hold(h, err)
}

// toStore puts a pair into the store. It goes on with that when it gives up on a disk that hangs.
func (k *Keeper) toStore(limit time.Duration, acc *account.Account, fresh account.Credential) (*account.Account, error) {
	ctx, stop := context.WithTimeout(context.Background(), limit)
	defer stop()
	return patience.Get(limit+diskPatience, func() (*account.Account, error) {
		return k.opt.Roster.Renew(ctx, acc.ID, acc.Credential.Generation, fresh)
	})
}

// putBy writes a pair into the reserve.
func (k *Keeper) putBy(h *heldPair) error {
	if k.opt.Reserve == nil {
		return nil
	}
	err := patience.Within(diskPatience, func() error { return k.opt.Reserve.Keep(&h.pair) })
	h.durable = err == nil
	return err
}

func (k *Keeper) forget(id string, release func()) {
	if k.opt.Reserve != nil {
		_ = patience.Within(diskPatience, func() error { k.opt.Reserve.Drop(id); return nil }) // what stays there is older than what the store has
	}
	release()
}

// hold has a pair used that the store did not take, and goes on trying.
func (k *Keeper) hold(h *heldPair, err error) (*account.Account, error) {
	h.err = errors.Join(err, h.err)
	acc, err := k.opt.Roster.Hold(h.pair.Account, h.pair.Fresh)
	if err != nil || acc.Credential.Generation != h.pair.Fresh.Generation {
		k.forget(h.pair.Account, h.release)
		return acc, err
	}
	k.mu.Lock()
	if old := k.held[h.pair.Account]; old != nil {
		old.release()
	}
	k.held[h.pair.Account] = h
	told := Held{acc, h.durable, h.err}
	k.settleLater()
	k.mu.Unlock()
	k.opt.Held(told)
	return acc, nil
}

// settleLater starts what has the store take what is held, unless that runs. It is called with mu held.
func (k *Keeper) settleLater() {
	if k.settling != nil || k.refreshing != k.home || len(k.held) == 0 {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	k.settling = stop
	k.settled.Go(func() {
		for patience.Pause(ctx, settleAgain) && k.settleAll(ctx) {
		}
	})
}

// settleAll tries each pair once, and reports whether something is left.
func (k *Keeper) settleAll(ctx context.Context) bool {
	k.mu.Lock()
	all := slices.Collect(maps.Values(k.held))
	k.mu.Unlock()
	for _, h := range all {
		if ctx.Err() == nil {
			k.settle(ctx, h)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.held) == 0 && k.settling != nil {
		k.settling()
		k.settling = nil
	}
	return len(k.held) > 0
}

// settle tries one pair.
func (k *Keeper) settle(ctx context.Context, h *heldPair) {
	within, stop := context.WithTimeout(ctx, storeLimit)
	defer stop()
	err := k.opt.Roster.Settle(within, h.pair.Account)
	if err != nil && !errors.As(err, new(*account.NotFound)) {
		k.stillHeld(ctx, h, err)
		return
	}
	k.mu.Lock()
	mine := k.held[h.pair.Account] == h
	if mine {
		delete(k.held, h.pair.Account)
	}
	k.mu.Unlock()
	if !mine {
		return
	}
	k.forget(h.pair.Account, h.release)
	if h.left {
		k.unlock(within, h.pair.Account)
	}
	if acc, err := k.opt.Roster.Get(h.pair.Account); err == nil {
		k.opt.Held(Held{Account: acc})
	}
}

// unlock takes a lock that an earlier process has left, and gives it back. Where that fails, it ends by itself.
func (k *Keeper) unlock(ctx context.Context, id string) {
	if release, held, err := k.locks.Lock(ctx, lockOf(id)); err == nil && held {
		release()
	}
}

// stillHeld remembers why, and tries the reserve again if that had failed.
func (k *Keeper) stillHeld(ctx context.Context, h *heldPair, err error) {
	if ctx.Err() != nil {
		return
	}
	k.mu.Lock()
	durable := h.durable
	k.mu.Unlock()
	again := &heldPair{pair: h.pair, durable: durable}
	if !durable {
		err = errors.Join(err, k.putBy(again))
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	h.durable, h.err = again.durable, err
}

// Held gives the pairs that the store has not taken yet, by the names of their accounts.
func (k *Keeper) Held() []Held {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []Held
	for id, h := range k.held {
		if acc, err := k.opt.Roster.Get(id); err == nil {
			all = append(all, Held{acc, h.durable, h.err})
		}
	}
	slices.SortFunc(all, func(a, b Held) int { return cmp.Compare(a.Account.Name, b.Account.Name) })
	return all
}

// Why a pair is held that this keeper has not got from a provider itself.
var (
	ErrLeft = errors.New("it was left by an earlier process, and is being put into the store")
	ErrGone = errors.New("the store has lost it, and is given it again")
)

// Adopt takes on pairs, as far as they are newer than what the store has.
func (k *Keeper) Adopt(pairs []Pair, durable bool, why error) {
	for _, p := range pairs {
		if acc, err := k.opt.Roster.Get(p.Account); err == nil && acc.Credential.Generation == p.Fresh.Generation && k.holding(p.Account) {
			continue // it came twice
		}
		_, _ = k.hold(&heldPair{pair: p, durable: durable, release: func() {}, left: true}, why) // of an account that is gone: it is dropped
	}
}

func (k *Keeper) holding(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.held[id] != nil
}

// pairs are those that are held.
func (k *Keeper) pairs() []Pair {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []Pair
	for _, h := range k.held {
		all = append(all, h.pair)
	}
	return all
}

// Stop waits for refreshes under way, and then for the store to take what is in no reserve either, for as long as ctx allows. It is
// an error when something is lost.
func (k *Keeper) Stop(ctx context.Context) error {
	k.Wait(ctx)
	k.stopSettling()
	if !k.refreshesHere() {
		return nil
	}
	for k.settleAll(ctx) && len(k.lacking()) > 0 && patience.Pause(ctx, settleAgain) {
	}
	lost := k.lacking()
	if len(lost) == 0 {
		return nil
	}
	return fmt.Errorf("neither the store nor the reserve took the fresh token of %s: it is lost; log in again: crs account login", strings.Join(lost, ", "))
}

// lacking are the names of accounts whose pair is nowhere but here.
func (k *Keeper) lacking() (names []string) {
	for _, h := range k.Held() {
		if !h.Durable {
			names = append(names, h.Account.Name)
		}
	}
	return names
}

func (k *Keeper) stopSettling() {
	k.mu.Lock()
	if k.settling != nil {
		k.settling()
		k.settling = nil
	}
	k.mu.Unlock()
	k.settled.Wait()
}
