package document

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"crs/internal/store"
)

// together is how many documents that are read together may be put next to each other.
const together = 256

// Apply takes what another node has written. A document that cannot be read is left as it was, and is told in the error.
func (c *Cache[T]) Apply(all store.ChangeSet) error {
	news := all.Of(c.kind.Name)
	fresh := news.Docs
	if !news.Whole {
		fresh = slices.DeleteFunc(slices.Clone(fresh), c.has)
	}
	list, errs := c.readAll(fresh)
	c.mu.Lock()
	defer c.mu.Unlock()
	if news.Whole {
		c.dropOthers(news.Docs)
	}
	for _, d := range news.Gone {
		c.drop(d.ID)
	}
	for _, t := range list {
		if news.Whole {
			c.put(t) // a version that was later was a write that the store has lost
		} else {
			c.install(t)
		}
	}
	return errors.Join(errs...)
}

// has reports whether a document is no news: this node wrote it.
func (c *Cache[T]) has(d store.Doc) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	t := c.index.id(d.ID)
	return t != nil && *c.kind.Head(t).Version >= d.Version
}

// dropOthers is called with mu held.
func (c *Cache[T]) dropOthers(docs []store.Doc) {
	known := make(map[string]bool, len(docs))
	for _, d := range docs {
		known[d.ID] = true
	}
	for _, t := range slices.Clone(c.index.held) {
		if t != nil && !known[c.kind.Head(t).ID] {
			c.drop(c.kind.Head(t).ID)
		}
	}
}

// Reread takes a document as another process has written it; it gives nil when there is none.
func (c *Cache[T]) Reread(ctx context.Context, id string) (*T, error) {
	all, err := c.docs.All(ctx, c.kind.Name)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(d store.Doc) bool { return d.ID == id })
	if i < 0 {
		return nil, nil
	}
	t, err := c.read(all[i])
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.install(t)
	return c.index.id(id), nil
}

// readAll gives the documents that can be read.
func (c *Cache[T]) readAll(docs []store.Doc) (list []*T, errs []error) {
	list = make([]*T, 0, len(docs))
	for some := range slices.Chunk(docs, together) {
		first := len(list)
		for _, d := range some {
			t, err := c.read(d)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			list = append(list, t)
		}
		if c.kind.Pack != nil {
			c.kind.Pack(list[first:])
		}
	}
	return list, errs
}

func (c *Cache[T]) read(d store.Doc) (*T, error) {
	t, err := c.kind.Decode(d)
	if err != nil {
		return nil, fmt.Errorf("%w: %s %s: %w", store.ErrDamaged, c.kind.Name, d.ID, err)
	}
	*c.kind.Head(t).Version = d.Version
	return t, nil
}
