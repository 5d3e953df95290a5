// Package oauth keeps the tokens of accounts fresh: one refresh at a time for each account, the new pair durable before it
// is used, whether or not the account is in use.
package oauth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"crs/internal/account"
	"crs/internal/outage"
	"crs/internal/patience"
)

// Options are what a Keeper needs.
type Options struct {
	Roster roster
	Pool   pool
	Source Source
	Now    func() time.Time
	// Locks keep nodes that share accounts from refreshing one at the same time. Nil where there is no other node.
	Locks Locks
	// Reserve holds pairs that the store has not taken yet. Nil where there is none.
	Reserve reserve
	// Patience is how long a request waits for a refresh, from when that began: another account may serve it.
	Patience time.Duration
	// Failed is told of every refresh that fails in the background. It may be nil.
	Failed func(*account.Account, error)
	// Held is told of a pair that the store does not take, and with a nil Err when it has. It may be nil, and must not block.
	Held func(Held)
}

type reserve interface {
	Read() ([]Pair, error)
	Keep(*Pair) error
	// Ready reports why Keep would fail.
	Ready() error
	Drop(account string)
}

type roster interface {
	Get(ref string) (*account.Account, error)
	List() []*account.Account
	Renew(ctx context.Context, ref string, from int64, fresh account.Credential) (*account.Account, error)
	// Hold has an account use a credential that the store has not taken yet, and Settle writes that down.
	Hold(id string, fresh account.Credential) (*account.Account, error)
	Settle(ctx context.Context, id string) error
	// Rewrite writes an account as it is.
	Rewrite(ctx context.Context, id string) error
	// Reread gives an account as the store has it.
	Reread(ctx context.Context, id string) (*account.Account, error)
}

type pool interface {
	Park(id, evidence string) bool
}

// Source asks a provider for a fresh token pair.
type Source interface {
	// Renew gives the pair, or an error; a *Rejected when the refresh token is gone for good.
	Renew(ctx context.Context, acc *account.Account) (account.Credential, error)
}

// Rejected means that somebody must log in again, or give other credentials.
type Rejected struct {
	Kind account.Kind // of the credential
	Why  string
}

// Error implements error.
func (e *Rejected) Error() string {
	if e.Kind == account.ServiceAccount {
		return "its service account was refused: " + e.Why
	}
	return "its refresh token was refused: " + e.Why
}

// Keeper keeps tokens fresh.
type Keeper struct {
	opt Options

	home  refreshing // who refreshes while this process is not handed over: this keeper
	locks Locks      // that it takes for that

	mu         sync.Mutex // guards flights, locked, refreshing, held and settling
	flights    map[string]*flight
	locked     map[string]*lockedElsewhere
	refreshing refreshing // who does now
	held       map[string]*heldPair
	// settling ends the goroutine that has the store take what is held; nil while there is none.
	settling context.CancelFunc
	settled  sync.WaitGroup
	retry    map[string]time.Time // when the background may try a failed account again; used by its goroutine only
}

// flight is a refresh under way. done is closed when acc and err are set, and elsewhere when another node turns out to do it.
type flight struct {
	began time.Time
	by    refreshing // guarded by the keeper's lock
	done  chan struct{}

	elsewhere chan struct{}
	acc       *account.Account
	err       error
}

// NewKeeper makes a Keeper. Run keeps tokens fresh in the background.
func NewKeeper(opt Options) *Keeper {
	if opt.Held == nil {
		opt.Held = func(Held) {}
	}
	k := &Keeper{
		opt: opt, locks: noLocks{}, flights: map[string]*flight{}, locked: map[string]*lockedElsewhere{}, held: map[string]*heldPair{}, retry: map[string]time.Time{},
	}
	if k.several() {
		k.locks = opt.Locks
	}
	k.home = here{k}
	k.refreshing = k.home
	return k
}

// Fresh gives acc with a token that is good for a while: acc itself when it is, else after a refresh. A token that is good for some
// minutes more does for now when another node refreshes it, or nobody can.
func (k *Keeper) Fresh(ctx context.Context, acc *account.Account) (*account.Account, error) {
	if !acc.Credential.Stale(k.opt.Now()) || acc.Credential.Refresh.Empty() {
		return acc, nil
	}
	good := k.opt.Now().Before(acc.Credential.ExpiresAt)
	w := wait{most: k.opt.Patience}
	if good {
		w = wait{min(k.opt.Patience, goodPatience), true}
	}
	fresh, err := k.renew(ctx, acc, w)
	passes := errors.As(err, new(*outage.Error)) || errors.As(err, new(*UnderWay)) || errors.As(err, new(*NoRoom))
	if good && passes && k.opt.Now().Before(acc.Credential.ExpiresAt) {
		return acc, nil
	}
	return fresh, err
}

// goodPatience is how long a request waits for a refresh whose token is good for some minutes more: somewhat longer than one takes.
const goodPatience = 3 * time.Second

// UnderWay means that a refresh has not ended for so long that no request waits for it any more.
type UnderWay struct {
	Account string
	For     time.Duration
}

// Error implements error.
func (e *UnderWay) Error() string {
	return fmt.Sprintf("the token of account %s has been being refreshed for %s, here or on another node", e.Account, e.For.Round(time.Second))
}

// RenewSoon is Renew for a request: it waits for no longer than Patience after the refresh has begun. Then the error is an *UnderWay.
func (k *Keeper) RenewSoon(ctx context.Context, acc *account.Account) (*account.Account, error) {
	return k.renew(ctx, acc, wait{most: k.opt.Patience})
}

// wait is how long somebody waits for a refresh, and whether at all when another node does it.
type wait struct {
	most    time.Duration
	forOurs bool
}

// Renew replaces the token that acc has. If that has been replaced already, it gives the newer one. Whoever waits for a
// refresh of others may leave; the refresh goes on.
func (k *Keeper) Renew(ctx context.Context, acc *account.Account) (*account.Account, error) {
	return k.renew(ctx, acc, wait{most: 2 * refreshLimit})
}

func (k *Keeper) renew(ctx context.Context, acc *account.Account, w wait) (*account.Account, error) {
	now, err := k.opt.Roster.Get(acc.ID)
	if err != nil {
		return nil, err
	}
	if now.Credential.Generation != acc.Credential.Generation {
		return now, nil
	}
	if now.Credential.Refresh.Empty() {
		return nil, fmt.Errorf("account %s has no refresh token", acc.Name)
	}
	f := k.join(now)
	late := time.NewTimer(w.most - time.Since(f.began))
	defer late.Stop()
	var elsewhere chan struct{}
	if w.forOurs {
		elsewhere = f.elsewhere
	}
	select {
	case <-f.done:
		return f.acc, f.err
	case <-elsewhere:
		return nil, &UnderWay{now.Name, time.Since(f.began)}
	case <-late.C:
		return nil, &UnderWay{now.Name, time.Since(f.began)}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// join takes part in the refresh under way, or begins one. It runs on its own: a token pair that was handed out once must
// be kept, even if the request that asked for it has gone.
func (k *Keeper) join(acc *account.Account) *flight {
	k.mu.Lock()
	defer k.mu.Unlock()
	f := k.flights[acc.ID]
	if f == nil {
		f = &flight{began: time.Now(), by: k.refreshing, done: make(chan struct{}), elsewhere: make(chan struct{})}
		k.flights[acc.ID] = f
		go k.fly(f, acc)
	}
	return f
}

// fly has whoever refreshes now do it. Where that was another process, and is not any more, it is done anew; what this keeper itself has
// failed at has failed.
func (k *Keeper) fly(f *flight, acc *account.Account) {
	ctx, stop := context.WithTimeout(context.Background(), refreshLimit)
	defer stop()
	for again := true; again; {
		f.acc, f.err = f.by.renew(ctx, acc, f)
		k.mu.Lock()
		again = f.err != nil && ctx.Err() == nil && f.by != k.home && f.by != k.refreshing
		f.by = k.refreshing
		if !again {
			delete(k.flights, acc.ID)
		}
		k.mu.Unlock()
	}
	close(f.done)
}

const refreshLimit = time.Minute

// refresh asks for a fresh pair and keeps it. release gives back what keeps other nodes from doing so, once the store has the pair.
func (k *Keeper) refresh(ctx context.Context, acc *account.Account, release func()) (*account.Account, error) {
	if err := k.room(ctx, acc); err != nil {
		release()
		return nil, err
	}
	fresh, err := k.spend(ctx, acc)
	if errors.As(err, new(*Rejected)) {
		// Another process may have refreshed with the same token a moment ago: then its pair is the good one.
		if now, lost := k.overtaken(ctx, acc); lost {
			release()
			return now, nil
		}
		k.opt.Pool.Park(acc.ID, err.Error())
	}
	if err != nil {
		release()
		return nil, fmt.Errorf("refresh the token of account %s: %w", acc.Name, err)
	}
	fresh.Generation = acc.Credential.Generation + 1
	return k.keep(acc, fresh, release)
}

// spend uses the refresh token up.
func (k *Keeper) spend(ctx context.Context, acc *account.Account) (account.Credential, error) {
	if err := k.locks.Spend(ctx, lockOf(acc.ID)); err != nil {
		return account.Credential{}, err
	}
	return k.opt.Source.Renew(ctx, acc)
}

// overtaken reports whether another pair has taken the place of the one that was refused. Another node may have got it, and have it
// in its reserve until the store takes it.
func (k *Keeper) overtaken(ctx context.Context, acc *account.Account) (*account.Account, bool) {
	for tries := 0; ; tries++ {
		now, err := k.current(ctx, acc.ID)
		if err == nil && now.Credential.Generation != acc.Credential.Generation {
			return now, true
		}
		if !k.several() || tries == overtakenTries || !patience.Pause(ctx, lookAgain) {
			return nil, false
		}
	}
}

// overtakenTries is how often another node is waited for, lookAgain apart.
const overtakenTries = 50

// Run refreshes tokens before they end, until ctx does. An account that rests or is disabled is refreshed too: otherwise
// it would be dead when its time comes.
func (k *Keeper) Run(ctx context.Context) error {
	for range patience.Every(ctx, lookEvery) {
		k.round(ctx)
	}
	return nil
}

const (
	lookEvery  = 30 * time.Second
	retryAfter = 2 * time.Minute
)

func (k *Keeper) round(ctx context.Context) {
	now := k.opt.Now()
	for _, acc := range k.opt.Roster.List() {
		if ctx.Err() != nil || !k.refreshesHere() {
			return
		}
		if !acc.Credential.Stale(now) || acc.Credential.Refresh.Empty() || now.Before(k.retry[acc.ID]) {
			continue
		}
		if _, err := k.Renew(ctx, acc); err != nil && ctx.Err() == nil {
			k.retry[acc.ID] = now.Add(retryAfter)
			if k.opt.Failed != nil {
				k.opt.Failed(acc, err)
			}
		}
	}
}

// Wait ends when no refresh of this keeper is under way, or ctx ends.
func (k *Keeper) Wait(ctx context.Context) {
	for {
		f := k.flightHere()
		if f == nil {
			return
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return
		}
	}
}

func (k *Keeper) flightHere() *flight {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, f := range k.flights {
		if f.by == k.home {
			return f
		}
	}
	return nil
}
