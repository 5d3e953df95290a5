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
)

// Options are what a Keeper needs.
type Options struct {
	Roster roster
	Pool   pool
	Source Source
	Now    func() time.Time
	// Locks keep nodes that share accounts from refreshing one at the same time. Nil where there is no other node.
	Locks Locks
	// Failed is told of every refresh that fails in the background. It may be nil.
	Failed func(*account.Account, error)
}

type roster interface {
	Get(ref string) (*account.Account, error)
	List() []*account.Account
	Renew(ctx context.Context, ref string, from int64, fresh account.Credential) (*account.Account, error)
	// Reread gives an account as the store has it.
	Reread(ctx context.Context, id string) (*account.Account, error)
}

type pool interface {
	Park(id, evidence string) bool
}

// Locks are held by one node at a time.
type Locks interface {
	// Lock takes a lock for as long as this node lives, or until release. held is false when another node has it.
	Lock(ctx context.Context, name string) (release func(), held bool, err error)
}

// Source asks a provider for a fresh token pair.
type Source interface {
	// Renew gives the pair, or an error; a *Refused when the refresh token is gone for good.
	Renew(ctx context.Context, acc *account.Account) (account.Credential, error)
}

// Refused means that somebody must log in again.
type Refused struct{ Why string }

// Error implements error.
func (e *Refused) Error() string { return "its refresh token was refused: " + e.Why }

// Keeper keeps tokens fresh.
type Keeper struct {
	opt Options

	mu      sync.Mutex // guards flights and heir
	flights map[string]*flight
	heir    Heir                 // who refreshes now; nil when it is this keeper
	retry   map[string]time.Time // when the background may try a failed account again; used by its goroutine only
}

// flight is a refresh under way. done is closed when acc and err are set.
type flight struct {
	done chan struct{}
	acc  *account.Account
	err  error
}

// NewKeeper makes a Keeper. Run keeps tokens fresh in the background.
func NewKeeper(opt Options) *Keeper {
	return &Keeper{opt: opt, flights: map[string]*flight{}, retry: map[string]time.Time{}}
}

// Fresh gives acc with a token that is good for a while: acc itself when it is, else after a refresh.
func (k *Keeper) Fresh(ctx context.Context, acc *account.Account) (*account.Account, error) {
	if !acc.Credential.Stale(k.opt.Now()) || acc.Credential.Refresh.Empty() {
		return acc, nil
	}
	fresh, err := k.Renew(ctx, acc)
	var away *outage.Error
	if errors.As(err, &away) && k.opt.Now().Before(acc.Credential.ExpiresAt) {
		return acc, nil // no fresh pair could be kept now, and this one is good for a while yet
	}
	return fresh, err
}

// Renew replaces the token that acc has. If that has been replaced already, it gives the newer one. Whoever waits for a
// refresh of others may leave; the refresh goes on.
func (k *Keeper) Renew(ctx context.Context, acc *account.Account) (*account.Account, error) {
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
	f, heir := k.join(now)
	if heir != nil {
		return k.renewElsewhere(ctx, heir, now)
	}
	select {
	case <-f.done:
		return f.acc, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// join takes part in the refresh under way, or begins one. It runs on its own: a token pair that was handed out once must
// be kept, even if the request that asked for it has gone.
func (k *Keeper) join(acc *account.Account) (*flight, Heir) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if f := k.flights[acc.ID]; f != nil {
		return f, nil
	}
	if k.heir != nil {
		return nil, k.heir
	}
	f := &flight{done: make(chan struct{})}
	k.flights[acc.ID] = f
	go func() {
		ctx, stop := context.WithTimeout(context.Background(), refreshLimit)
		defer stop()
		f.acc, f.err = k.alone(ctx, acc)
		k.mu.Lock()
		delete(k.flights, acc.ID)
		k.mu.Unlock()
		close(f.done)
	}()
	return f, nil
}

const refreshLimit = time.Minute

func (k *Keeper) refresh(ctx context.Context, acc *account.Account) (*account.Account, error) {
	fresh, err := k.opt.Source.Renew(ctx, acc)
	var refused *Refused
	if errors.As(err, &refused) {
		// Another process may have refreshed with the same token a moment ago: then its pair is the good one.
		if now, lost := k.overtaken(ctx, acc); lost {
			return now, nil
		}
		k.opt.Pool.Park(acc.ID, err.Error())
	}
	if err != nil {
		return nil, fmt.Errorf("refresh the token of account %s: %w", acc.Name, err)
	}
	return k.keep(acc, fresh)
}

func (k *Keeper) overtaken(ctx context.Context, acc *account.Account) (*account.Account, bool) {
	now, err := k.current(ctx, acc.ID)
	if err != nil || now.Credential.Generation == acc.Credential.Generation {
		return nil, false
	}
	return now, true
}

// Run refreshes tokens before they end, until ctx does. An account that rests or is disabled is refreshed too: otherwise
// it would be dead when its time comes.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		k.round(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

const (
	lookEvery  = 30 * time.Second
	retryAfter = 2 * time.Minute
)

func (k *Keeper) round(ctx context.Context) {
	now := k.opt.Now()
	for _, acc := range k.opt.Roster.List() {
		if ctx.Err() != nil || k.entrusted() {
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

// Wait ends when no refresh is under way, or ctx ends. A daemon that stops must not drop a pair it was just given.
func (k *Keeper) Wait(ctx context.Context) {
	for {
		k.mu.Lock()
		var f *flight
		for _, f = range k.flights {
			break
		}
		k.mu.Unlock()
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
