package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"crs/internal/document"
	"crs/internal/id"
	"crs/internal/secret"
	"crs/internal/store"
)

// Roster keeps the accounts and groups in the store, secrets sealed. The pool hears of every change.
type Roster struct {
	accounts *document.Cache[Account]
	groups   *document.Cache[Group]
	seal     Sealer
	pool     lender
	now      func() time.Time

	mu   sync.RWMutex          // guards held
	held map[string]Credential // newer than what the store has, which has not taken them yet
}

// Sealer keeps secrets unreadable at rest.
type Sealer interface {
	Seal(id string, plain secret.String) (string, error)
	Unseal(id, sealed string) (secret.String, error)
}

type lender interface {
	Set(*Account)
	Drop(id string)
}

// LoadRoster reads every account and group from the store.
func LoadRoster(ctx context.Context, docs store.Documents, seal Sealer, pool lender, now func() time.Time) (r *Roster, err error) {
	r = &Roster{seal: seal, pool: pool, now: now, held: map[string]Credential{}}
	r.accounts, err = document.Load(ctx, docs, document.Kind[Account]{
		Name: store.Account, Encode: r.encode, Decode: r.decode, Change: r.change,
		Head: func(a *Account) document.Head { return document.Head{ID: a.ID, Name: a.Name, Version: &a.Version} },
	})
	if err != nil {
		return nil, err
	}
	r.groups, err = document.Load(ctx, docs, document.Kind[Group]{
		Name: store.Group,
		Head: func(g *Group) document.Head { return document.Head{ID: g.ID, Name: g.Name, Version: &g.Version} },
	})
	return r, err
}

// change tells the pool of an account, with the credential that is held for it.
func (r *Roster) change(old, fresh *Account) *Account {
	r.mu.Lock()
	defer r.mu.Unlock()
	if fresh == nil {
		delete(r.held, old.ID)
		r.pool.Drop(old.ID)
		return nil
	}
	if old != nil && old.Version > fresh.Version {
		r.keepPair(old, fresh)
	}
	fresh = r.withHeld(fresh)
	r.pool.Set(fresh)
	return fresh
}

// Apply puts on the roster what another node has written, and the pool hears of it. An account or group that cannot be read is
// left as it was, and is told in the error.
func (r *Roster) Apply(news store.ChangeSet) error {
	return errors.Join(r.groups.Apply(news), r.accounts.Apply(news))
}

// Get finds an account by id or name.
func (r *Roster) Get(ref string) (*Account, error) { return r.accounts.Need(ref) }

// List gives every account, by name.
func (r *Roster) List() []*Account { return r.accounts.All() }

// Add makes an account of what a says.
func (r *Roster) Add(ctx context.Context, a Account) (*Account, error) {
	a.ID, a.CreatedAt, a.Version = id.New("acc", r.now()), r.now().UTC(), 0
	a.Credential.Generation = 1
	if err := a.Validate(); err != nil {
		return nil, err
	}
	added, err := r.accounts.Create(ctx, a)
	return added, taken("account", err)
}

// taken says what has the name that something was to be made of.
func taken(what string, err error) error {
	if other, ok := errors.AsType[*store.Taken](err); ok {
		return &Taken{what, other.Name}
	}
	return err
}

// Edit changes an account. change gets a copy; what it must not change (id, name, platform) is put back. A credential
// that it changes becomes a new generation. An edit that somebody else's overtook is a *store.Conflict.
func (r *Roster) Edit(ctx context.Context, ref string, change func(*Account) error) (*Account, error) {
	return r.accounts.Edit(ctx, ref, func(old, a *Account) error {
		if err := change(a); err != nil {
			return err
		}
		a.ID, a.Name, a.Platform, a.CreatedAt, a.Version = old.ID, old.Name, old.Platform, old.CreatedAt, old.Version
		fresh := !a.Credential.Secret.Equal(old.Credential.Secret) || !a.Credential.Refresh.Equal(old.Credential.Refresh)
		if fresh {
			a.Credential.Generation = max(a.Credential.Generation, old.Credential.Generation+1)
		}
		// An account that is older than a rule can still be disabled.
		if err := a.Validate(); err != nil && (fresh || old.Validate() == nil) {
			return err
		}
		return nil
	})
}

// errOvertaken means that another token pair took the place of the one that was refreshed.
var errOvertaken = errors.New("another refresh or login came first")

// Renew puts a fresh token pair in the place of the generation that it was made from, durably, and touches nothing else:
// an operator's edit at the same moment is kept. If another pair has come first, it gives the account as it is now.
func (r *Roster) Renew(ctx context.Context, ref string, from int64, fresh Credential) (*Account, error) {
	a, err := r.insist(ctx, ref, func(a *Account) error {
		if a.Credential.Generation != from {
			return errOvertaken
		}
		a.Credential = fresh
		return nil
	})
	if errors.Is(err, errOvertaken) {
		return r.Get(ref)
	}
	return a, err
}

// Rewrite writes an account as it is: it tells whether the store takes writes.
func (r *Roster) Rewrite(ctx context.Context, id string) error {
	_, err := r.insist(ctx, id, func(*Account) error { return nil })
	return err
}

// loginStep is how many generations a login has: more than it is ever refreshed.
const loginStep = 1 << 32

// Relogin has change put what a new login gave in the place of the old credential, durably. It is a new generation, so that
// what was held against the old one is forgotten, and a refresh of that under way comes too late; one that is newer than all
// refreshes of the login before, also those that a store has lost and another node still has. Whatever else somebody changes
// at the same moment is kept.
func (r *Roster) Relogin(ctx context.Context, ref string, change func(*Account)) (*Account, error) {
	return r.insist(ctx, ref, func(a *Account) error {
		generation := a.Credential.Generation
		change(a)
		a.Credential.Generation = (generation/loginStep + 1) * loginStep
		return nil
	})
}

// insist edits until nobody else's edit overtakes it.
func (r *Roster) insist(ctx context.Context, ref string, change func(*Account) error) (*Account, error) {
	for {
		a, err := r.Edit(ctx, ref, change)
		conflict, ok := errors.AsType[*store.Conflict](err)
		if !ok || ctx.Err() != nil {
			return a, err
		}
		if _, err := r.Reread(ctx, conflict.ID); err != nil {
			return nil, err
		}
	}
}

// Reread takes an account as another process has written it.
func (r *Roster) Reread(ctx context.Context, id string) (*Account, error) {
	a, err := r.accounts.Reread(ctx, id)
	if a == nil && err == nil {
		err = &NotFound{What: "account", Ref: id}
	}
	return a, err
}

// Remove deletes an account. What it served stays in the roll-ups.
func (r *Roster) Remove(ctx context.Context, ref string) error {
	a, err := r.Get(ref)
	if err != nil {
		return err
	}
	return r.accounts.Delete(ctx, a.ID)
}

// record is an account as it is stored.
type record struct {
	Account
	Kind       Kind      `json:"credential_kind"`
	Scopes     []string  `json:"scopes,omitempty"`
	ExpiresAt  time.Time `json:"token_expires_at,omitzero"`
	Generation int64     `json:"generation"`
	// Sealed holds sealedParts.
	Sealed string `json:"sealed"`
}

type sealedParts struct{ Secret, Refresh, Proxy string }

func (r *Roster) encode(a *Account) ([]byte, error) {
	c := &a.Credential
	plain, err := json.Marshal(sealedParts{c.Secret.Reveal(), c.Refresh.Reveal(), a.Proxy.Reveal()})
	if err != nil {
		return nil, err
	}
	sealed, err := r.seal.Seal(a.ID, secret.New(string(plain)))
	if err != nil {
		return nil, fmt.Errorf("seal its credential: %w", err)
	}
	return json.Marshal(&record{
		Account: *a, Kind: c.Kind, Scopes: c.Scopes, ExpiresAt: c.ExpiresAt, Generation: c.Generation, Sealed: sealed,
	})
}

func (r *Roster) decode(d store.Doc) (*Account, error) {
	var rec record
	if err := json.Unmarshal(d.Body, &rec); err != nil {
		return nil, err
	}
	plain, err := r.seal.Unseal(d.ID, rec.Sealed)
	if err != nil {
		return nil, err
	}
	var parts sealedParts
	if err := json.Unmarshal([]byte(plain.Reveal()), &parts); err != nil {
		return nil, errors.New("its credential is not readable") // the decoder's words may quote it
	}
	a := rec.Account
	a.Proxy = secret.New(parts.Proxy)
	a.Credential = Credential{
		Kind: rec.Kind, Secret: secret.New(parts.Secret), Refresh: secret.New(parts.Refresh),
		ExpiresAt: rec.ExpiresAt, Scopes: rec.Scopes, Generation: rec.Generation,
	}
	return &a, nil
}
