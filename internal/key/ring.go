package key

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"crs/internal/document"
	"crs/internal/id"
	"crs/internal/secret"
	"crs/internal/store"
)

// Ring holds every key. Verify costs the same however many there are.
type Ring struct {
	keys  *document.Cache[Key]
	now   func() time.Time
	valid atomic.Int64 // how many are not deleted
}

// Load reads every key from the store.
func Load(ctx context.Context, docs store.Documents, now func() time.Time) (r *Ring, err error) {
	r = &Ring{now: now}
	r.keys, err = document.Load(ctx, docs, document.Kind[Key]{
		Name: store.Key, Decode: decode, Pack: pack, Change: r.count,
		Head: func(k *Key) document.Head {
			return document.Head{ID: k.ID, Name: k.Name, Version: &k.Version, Sum: document.Sum(k.Digest)}
		},
	})
	return r, err
}

// count counts the keys that are not deleted.
func (r *Ring) count(old, fresh *Key) *Key {
	if old != nil && !old.Deleted() {
		r.valid.Add(-1)
	}
	if fresh != nil && !fresh.Deleted() {
		r.valid.Add(1)
	}
	return fresh
}

func decode(d store.Doc) (*Key, error) {
	k := new(Key)
	err := json.Unmarshal(d.Body, k)
	if err == nil && k.Digest == (Digest{}) {
		err = errors.New("it has no hash")
	}
	return k, err
}

// Apply puts on the ring what another node has written. A key that cannot be read is left as it was, and is told in the error.
func (r *Ring) Apply(news store.ChangeSet) error { return r.keys.Apply(news) }

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
func (r *Ring) Get(ref string) (*Key, error) { return r.keys.Need(ref) }

// NameOf is the name of a key, or its id when there is no such key any more.
func (r *Ring) NameOf(id string) string {
	if k := r.keys.Get(id); k != nil {
		return k.Name
	}
	return id
}

// List gives every key, deleted ones too, by name.
func (r *Ring) List() []*Key { return r.keys.All() }

// Count is the number of keys that are not deleted.
func (r *Ring) Count() int { return int(r.valid.Load()) }

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
	made, err := r.keys.Create(ctx, k)
	if err != nil {
		return nil, secret.String{}, r.taken(err)
	}
	return made, presented, nil
}

// taken says what a name is taken by.
func (r *Ring) taken(err error) error {
	taken, ok := errors.AsType[*store.Taken](err)
	if !ok {
		return err
	}
	old := r.keys.Get(taken.ID)
	return &Taken{Name: taken.Name, Deleted: old != nil && old.Deleted()}
}

// Edit changes a key. change gets a copy; what it must not change (id, hash, name) is put back. An edit that somebody
// else's overtook is a *store.Conflict.
func (r *Ring) Edit(ctx context.Context, ref string, change func(*Key) error) (*Key, error) {
	return r.keys.Edit(ctx, ref, func(old, k *Key) error {
		if err := change(k); err != nil {
			return err
		}
		k.ID, k.Name, k.Hint, k.Digest = old.ID, old.Name, old.Hint, old.Digest
		k.CreatedAt, k.Version = old.CreatedAt, old.Version
		return k.Validate()
	})
}

// Rotate gives a key a new secret; the old one is refused from then on.
func (r *Ring) Rotate(ctx context.Context, ref string) (*Key, secret.String, error) {
	presented := Generate()
	made, err := r.keys.Edit(ctx, ref, func(_, k *Key) error { k.identify(presented); return nil })
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
	return r.keys.Delete(ctx, k.ID)
}
