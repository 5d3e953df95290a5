package account

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"crs/internal/id"
	"crs/internal/secret"
	"crs/internal/store"
)

// Roster keeps the accounts and groups in the store, secrets sealed. The pool hears of every change.
type Roster struct {
	docs store.Documents
	seal sealer
	pool lender
	now  func() time.Time

	mu       sync.RWMutex // guards the maps; never held while the store works
	accounts map[string]*Account
	groups   map[string]*Group
	names    map[string]bool       // of accounts, also of one that is being made
	held     map[string]Credential // newer than what the store has, which has not taken them yet
}

type sealer interface {
	Seal(id string, plain secret.String) (string, error)
	Unseal(id, sealed string) (secret.String, error)
}

type lender interface {
	Set(*Account)
	Drop(id string)
}

// LoadRoster reads every account and group from the store.
func LoadRoster(ctx context.Context, docs store.Documents, seal sealer, pool lender, now func() time.Time) (*Roster, error) {
	r := &Roster{
		docs: docs, seal: seal, pool: pool, now: now,
		accounts: map[string]*Account{}, groups: map[string]*Group{}, names: map[string]bool{}, held: map[string]Credential{},
	}
	all, err := docs.All(ctx, store.Account)
	if err != nil {
		return nil, err
	}
	for _, d := range all {
		a, err := r.decode(d)
		if err != nil {
			return nil, fmt.Errorf("%w: account %s: %w", store.ErrDamaged, d.ID, err)
		}
		r.install(a)
	}
	return r, r.loadGroups(ctx)
}

// install is called with mu held, or before the roster is shared. Of two writes at once the later version stays.
func (r *Roster) install(a *Account) {
	if old := r.accounts[a.ID]; old != nil && old.Version > a.Version {
		return
	}
	a = r.withHeld(a)
	r.accounts[a.ID], r.names[a.Name] = a, true
	r.pool.Set(a)
}

// Get finds an account by id or name.
func (r *Roster) Get(ref string) (*Account, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if a := r.accounts[ref]; a != nil {
		return a, nil
	}
	for _, a := range r.accounts {
		if a.Name == ref {
			return a, nil
		}
	}
	return nil, &NotFound{"account", ref}
}

// List gives every account, by name.
func (r *Roster) List() []*Account {
	r.mu.RLock()
	defer r.mu.RUnlock()
	all := make([]*Account, 0, len(r.accounts))
	for _, a := range r.accounts {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b *Account) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Add makes an account of what a says.
func (r *Roster) Add(ctx context.Context, a Account) (*Account, error) {
	a.ID, a.CreatedAt, a.Version = id.New("acc", r.now()), r.now().UTC(), 0
	a.Credential.Generation = 1
	if err := a.Validate(); err != nil {
		return nil, err
	}
	if !r.reserve(a.Name) {
		return nil, &Taken{"account", a.Name}
	}
	added, err := r.save(ctx, a)
	if err != nil {
		r.mu.Lock()
		delete(r.names, a.Name)
		r.mu.Unlock()
	}
	return added, err
}

func (r *Roster) reserve(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.names[name] {
		return false
	}
	r.names[name] = true
	return true
}

// Edit changes an account. change gets a copy; what it must not change (id, name, platform) is put back. A credential
// that it changes becomes a new generation. An edit that somebody else's overtook is a *store.Conflict.
func (r *Roster) Edit(ctx context.Context, ref string, change func(*Account) error) (*Account, error) {
	old, err := r.Get(ref)
	if err != nil {
		return nil, err
	}
	a := *old
	if err := change(&a); err != nil {
		return nil, err
	}
	a.ID, a.Name, a.Platform, a.CreatedAt, a.Version = old.ID, old.Name, old.Platform, old.CreatedAt, old.Version
	fresh := !a.Credential.Secret.Equal(old.Credential.Secret) || !a.Credential.Refresh.Equal(old.Credential.Refresh)
	if fresh {
		a.Credential.Generation = max(a.Credential.Generation, old.Credential.Generation+1)
	}
	// An account that is older than a rule can still be disabled.
	if err := a.Validate(); err != nil && (fresh || old.Validate() == nil) {
		return nil, err
	}
	return r.save(ctx, a)
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
		var conflict *store.Conflict
		if !errors.As(err, &conflict) || ctx.Err() != nil {
			return a, err
		}
		if _, err := r.Reread(ctx, conflict.ID); err != nil {
			return nil, err
		}
	}
}

// Reread takes an account as another process has written it.
func (r *Roster) Reread(ctx context.Context, id string) (*Account, error) {
	all, err := r.docs.All(ctx, store.Account)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(d store.Doc) bool { return d.ID == id })
	if i < 0 {
		return nil, &NotFound{"account", id}
	}
	a, err := r.decode(all[i])
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.install(a)
	return r.accounts[id], nil
}

// Remove deletes an account. What it served stays in the roll-ups.
func (r *Roster) Remove(ctx context.Context, ref string) error {
	a, err := r.Get(ref)
	if err != nil {
		return err
	}
	if err := r.docs.Delete(ctx, store.Account, a.ID); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(a.ID)
	return nil
}

func (r *Roster) save(ctx context.Context, a Account) (*Account, error) {
	body, err := r.encode(&a)
	if err != nil {
		return nil, err
	}
	a.Version, err = r.docs.Put(ctx, store.Doc{Kind: store.Account, ID: a.ID, Version: a.Version, Name: a.Name, Body: body})
	var taken *store.Taken
	if errors.As(err, &taken) {
		return nil, &Taken{"account", a.Name}
	}
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.install(&a)
	return &a, nil
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
		return nil, fmt.Errorf("encode the credential of account %s: %w", a.Name, err)
	}
	sealed, err := r.seal.Seal(a.ID, secret.New(string(plain)))
	if err != nil {
		return nil, fmt.Errorf("seal the credential of account %s: %w", a.Name, err)
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
	a.Version, a.Proxy = d.Version, secret.New(parts.Proxy)
	a.Credential = Credential{
		Kind: rec.Kind, Secret: secret.New(parts.Secret), Refresh: secret.New(parts.Refresh),
		ExpiresAt: rec.ExpiresAt, Scopes: rec.Scopes, Generation: rec.Generation,
	}
	return &a, nil
}
