package key

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

// Ring holds every key. Verify costs the same however many there are.
type Ring struct {
	docs store.Documents
	now  func() time.Time

	mu     sync.RWMutex // guards the fields below; never held while the store works
	keys   index
	making map[string]bool // names whose keys are being made
	valid  int             // how many are not deleted
}

// Load reads every key from the store.
func Load(ctx context.Context, docs store.Documents, now func() time.Time) (*Ring, error) {
	all, err := docs.All(ctx, store.Key)
	if err != nil {
		return nil, err
	}
	keys, errs := decodeAll(all)
	if len(errs) > 0 {
		return nil, errs[0]
	}
	r := &Ring{docs: docs, now: now, keys: newIndex(len(keys)), making: map[string]bool{}}
	for _, k := range keys {
		r.install(k)
	}
	return r, nil
}

// install replaces the key with k's id. It is called with mu held, or before the ring is shared. Of two writes at once
// the later version stays.
func (r *Ring) install(k *Key) {
	if old := r.keys.id(k.ID); old != nil && old.Version > k.Version {
		return
	}
	r.remove(k.ID)
	r.keys.add(k)
	if !k.Deleted() {
		r.valid++
	}
}

func (r *Ring) remove(id string) {
	if old := r.keys.remove(id); old != nil && !old.Deleted() {
		r.valid--
	}
}

// NotFound means that there is no such key.
type NotFound struct{ Ref string }

// Error implements error.
func (e *NotFound) Error() string { return fmt.Sprintf("there is no key %q", e.Ref) }

// Taken means that another key has the name, perhaps a deleted one.
type Taken struct {
	Name    string
	Deleted bool
}

// Error implements error.
func (e *Taken) Error() string {
	if e.Deleted {
		return fmt.Sprintf("a deleted key is named %q; purge or restore it first", e.Name)
	}
	return fmt.Sprintf("there is a key named %q already", e.Name)
}

// Get finds a key by id or name.
func (r *Ring) Get(ref string) (*Key, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if k := r.keys.id(ref); k != nil {
		return k, nil
	}
	if k := r.keys.name(ref); k != nil {
		return k, nil
	}
	return nil, &NotFound{ref}
}

// NameOf is the name of a key, or its id when there is no such key any more.
func (r *Ring) NameOf(id string) string {
	k, err := r.Get(id)
	if err != nil {
		return id
	}
	return k.Name
}

// List gives every key, deleted ones too, by name.
func (r *Ring) List() []*Key {
	r.mu.RLock()
	defer r.mu.RUnlock()
	all := make([]*Key, 0, r.keys.len())
	for _, k := range r.keys.keys {
		if k != nil {
			all = append(all, k)
		}
	}
	slices.SortFunc(all, func(a, b *Key) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Count is the number of keys that are not deleted.
func (r *Ring) Count() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.valid
}

// Create makes a key from k's name, tags, expiry and policy. The secret is given this once.
func (r *Ring) Create(ctx context.Context, k Key) (*Key, secret.String, error) {
	presented := Generate()
	now := r.now()
	k.ID = id.New("key", now)
	k.identify(presented)
	k.CreatedAt, k.Version = now.UTC(), 0
	if err := k.Validate(); err != nil {
		return nil, secret.String{}, err
	}
	if err := r.reserve(k.Name); err != nil {
		return nil, secret.String{}, err
	}
	defer r.unreserve(k.Name)
	made, err := r.save(ctx, k)
	if err != nil {
		return nil, secret.String{}, err
	}
	return made, presented, nil
}

func (r *Ring) reserve(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old := r.keys.name(name); old != nil || r.making[name] {
		return &Taken{Name: name, Deleted: old != nil && old.Deleted()}
	}
	r.making[name] = true
	return nil
}

func (r *Ring) unreserve(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.making, name)
}

// save writes k and puts it on the ring.
func (r *Ring) save(ctx context.Context, k Key) (*Key, error) {
	body, err := json.Marshal(&k)
	if err != nil {
		return nil, fmt.Errorf("encode key %s: %w", k.Name, err)
	}
	k.Version, err = r.docs.Put(ctx, store.Doc{Kind: store.Key, ID: k.ID, Version: k.Version, Name: k.Name, Body: body})
	var taken *store.Taken
	if errors.As(err, &taken) {
		return nil, &Taken{Name: k.Name}
	}
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.install(&k)
	return &k, nil
}

// Edit changes a key. change gets a copy; what it must not change (id, hash, name) is put back. An edit that somebody
// else's overtook is a *store.Conflict.
func (r *Ring) Edit(ctx context.Context, ref string, change func(*Key) error) (*Key, error) {
	old, err := r.Get(ref)
	if err != nil {
		return nil, err
	}
	k := *old
	if err := change(&k); err != nil {
		return nil, err
	}
	k.ID, k.Name, k.Hint, k.Digest = old.ID, old.Name, old.Hint, old.Digest
	k.CreatedAt, k.Version = old.CreatedAt, old.Version
	if err := k.Validate(); err != nil {
		return nil, err
	}
	return r.save(ctx, k)
}

// Rotate gives a key a new secret; the old one is refused from then on.
func (r *Ring) Rotate(ctx context.Context, ref string) (*Key, secret.String, error) {
	old, err := r.Get(ref)
	if err != nil {
		return nil, secret.String{}, err
	}
	presented := Generate()
	k := *old
	k.identify(presented)
	made, err := r.save(ctx, k)
	if err != nil {
		return nil, secret.String{}, err
	}
	return made, presented, nil
}

// Delete marks a key as deleted: it is refused, and can be restored.
func (r *Ring) Delete(ctx context.Context, ref string) (*Key, error) {
	return r.Edit(ctx, ref, func(k *Key) error {
		if k.Deleted() {
			return fmt.Errorf("key %s is deleted already", k.Name)
		}
		k.DeletedAt = r.now().UTC()
		return nil
	})
}

// Restore takes a deletion back.
func (r *Ring) Restore(ctx context.Context, ref string) (*Key, error) {
	return r.Edit(ctx, ref, func(k *Key) error {
		if !k.Deleted() {
			return fmt.Errorf("key %s is not deleted", k.Name)
		}
		k.DeletedAt = time.Time{}
		return nil
	})
}

// Purge removes a deleted key for good. What it used stays in the roll-ups.
func (r *Ring) Purge(ctx context.Context, ref string) error {
	k, err := r.Get(ref)
	if err != nil {
		return err
	}
	if !k.Deleted() {
		return fmt.Errorf("key %s is not deleted; delete it first", k.Name)
	}
	if err := r.docs.Delete(ctx, store.Key, k.ID); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remove(k.ID)
	return nil
}
