// Package document keeps documents of a store at hand.
package document

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"crs/internal/store"
)

// Cache holds every document of a kind as it is in the store, to which other nodes may write too. To find one costs the same
// however many there are. What it gives must not be changed.
type Cache[T any] struct {
	docs store.Documents
	kind Kind[T]

	mu     sync.RWMutex // guards the fields below; never held while the store works
	index  index[T]
	making map[string]bool // names whose documents are being made
}

// Kind is how documents of a kind are read, written and held.
type Kind[T any] struct {
	Name store.Kind
	Head func(*T) Head
	// Encode and Decode are nil for documents that are as encoding/json has them.
	Encode func(*T) ([]byte, error)
	Decode func(store.Doc) (*T, error)
	// Pack, if not nil, may put documents that were read together next to each other in memory.
	Pack func([]*T)
	// Change, if not nil, is told of every change, and gives what is held instead of fresh. old is nil for one that was not there,
	// fresh for one that is there no more. One whose old version is the later one is as it was before a write that the store has
	// lost. The cache is locked.
	Change func(old, fresh *T) *T
}

// Head is what a document is stored and found under.
type Head struct {
	ID, Name string
	Version  *int64 // in the document
	Sum      Sum    // for Find; zero for one that is found by none
}

// Load reads every document of the kind.
func Load[T any](ctx context.Context, docs store.Documents, kind Kind[T]) (*Cache[T], error) {
	all, err := docs.All(ctx, kind.Name)
	if err != nil {
		return nil, err
	}
	if kind.Encode == nil {
		kind.Encode = func(t *T) ([]byte, error) { return json.Marshal(t) }
	}
	if kind.Decode == nil {
		kind.Decode = func(d store.Doc) (*T, error) { t := new(T); return t, json.Unmarshal(d.Body, t) }
	}
	if kind.Change == nil {
		kind.Change = func(_, fresh *T) *T { return fresh }
	}
	c := &Cache[T]{docs: docs, kind: kind, index: newIndex[T](len(all)), making: map[string]bool{}}
	list, errs := c.readAll(all)
	if len(errs) > 0 {
		return nil, errs[0]
	}
	for _, t := range list {
		c.put(t)
	}
	return c, nil
}

// Get finds a document by id or name; nil when there is none.
func (c *Cache[T]) Get(ref string) *T {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.index.ref(ref)
}

// NotFound means that there is no document of that name or id.
type NotFound struct{ What, Ref string }

// Error implements error.
func (e *NotFound) Error() string { return fmt.Sprintf("there is no %s %q", e.What, e.Ref) }

// Need is Get for a document that there must be; otherwise it gives a *NotFound.
func (c *Cache[T]) Need(ref string) (*T, error) {
	if t := c.Get(ref); t != nil {
		return t, nil
	}
	return nil, &NotFound{string(c.kind.Name), ref}
}

// Find finds a document by its sum; nil when there is none.
func (c *Cache[T]) Find(s Sum) *T {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.index.sum(s)
}

// All gives every document, by name.
func (c *Cache[T]) All() []*T {
	c.mu.RLock()
	all := slices.DeleteFunc(slices.Clone(c.index.held), func(t *T) bool { return t == nil })
	c.mu.RUnlock()
	slices.SortFunc(all, func(a, b *T) int { return cmp.Compare(c.kind.Head(a).Name, c.kind.Head(b).Name) })
	return all
}

// Create writes a new document. It is a *store.Taken when there is one of its name, or one is being made.
func (c *Cache[T]) Create(ctx context.Context, t T) (*T, error) {
	name := c.kind.Head(&t).Name
	if err := c.reserve(name); err != nil {
		return nil, err
	}
	defer c.unreserve(name)
	return c.Save(ctx, t)
}

func (c *Cache[T]) reserve(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.index.name(name); old != nil {
		return &store.Taken{Kind: c.kind.Name, Name: name, ID: c.kind.Head(old).ID}
	}
	if c.making[name] {
		return &store.Taken{Kind: c.kind.Name, Name: name}
	}
	c.making[name] = true
	return nil
}

func (c *Cache[T]) unreserve(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.making, name)
}

// Save writes t in the place of the version that it says, and gives it as it is written. It is a *store.Conflict when somebody
// else's write has come first.
func (c *Cache[T]) Save(ctx context.Context, t T) (*T, error) {
	h := c.kind.Head(&t)
	body, err := c.kind.Encode(&t)
	if err != nil {
		return nil, fmt.Errorf("encode %s %s: %w", c.kind.Name, h.Name, err)
	}
	*h.Version, err = c.docs.Put(ctx, store.Doc{Kind: c.kind.Name, ID: h.ID, Version: *h.Version, Name: h.Name, Body: body})
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.install(&t)
	return &t, nil
}

// Edit saves what change makes of a copy of a document.
func (c *Cache[T]) Edit(ctx context.Context, ref string, change func(old, t *T) error) (*T, error) {
	old, err := c.Need(ref)
	if err != nil {
		return nil, err
	}
	t := *old
	if err := change(old, &t); err != nil {
		return nil, err
	}
	return c.Save(ctx, t)
}

// Delete removes a document.
func (c *Cache[T]) Delete(ctx context.Context, id string) error {
	if err := c.docs.Delete(ctx, c.kind.Name, id); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(id)
	return nil
}

// Again holds a document anew, through Kind.Change, if when reports that it is to be. It gives what is held then; nil when there is
// no such document.
func (c *Cache[T]) Again(id string, when func(*T) bool) *T {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.index.id(id); t != nil && when(t) {
		c.put(t)
	}
	return c.index.id(id)
}

// install holds t. Of two writes at once the later version stays. It is called with mu held.
func (c *Cache[T]) install(t *T) {
	h := c.kind.Head(t)
	if old := c.index.id(h.ID); old == nil || *c.kind.Head(old).Version <= *h.Version {
		c.put(t)
	}
}

// put holds t, whatever version there is. It is called with mu held, or before the cache is shared.
func (c *Cache[T]) put(t *T) {
	old := c.index.id(c.kind.Head(t).ID)
	if old != nil {
		c.index.remove(c.kind.Head(old))
	}
	t = c.kind.Change(old, t)
	c.index.add(t, c.kind.Head(t))
}

// drop is called with mu held.
func (c *Cache[T]) drop(id string) {
	if old := c.index.id(id); old != nil {
		c.index.remove(c.kind.Head(old))
		c.kind.Change(old, nil)
	}
}
