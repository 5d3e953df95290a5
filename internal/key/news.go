package key

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"crs/internal/store"
)

// Take puts on the ring what another node has written. A key that cannot be read is left as it was, and is told in the error.
func (r *Ring) Take(news store.News) error {
	mine := news.Of(store.Key)
	docs := mine.Docs
	if !mine.Whole {
		docs = slices.DeleteFunc(slices.Clone(docs), r.has)
	}
	keys, errs := decodeAll(docs)
	r.mu.Lock()
	defer r.mu.Unlock()
	if mine.Whole && len(errs) == 0 {
		r.keys, r.valid = newIndex(len(keys)), 0
	}
	for _, d := range mine.Gone {
		r.remove(d.ID)
	}
	for _, k := range keys {
		r.install(k)
	}
	return errors.Join(errs...)
}

// has reports whether a document is no news: this node wrote it.
func (r *Ring) has(d store.Doc) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	k := r.keys.id(d.ID)
	return k != nil && k.Version >= d.Version
}

// decodeAll reads the keys that can be read, and packs them.
func decodeAll(docs []store.Doc) (keys []*Key, errs []error) {
	keys = make([]*Key, 0, len(docs))
	for some := range slices.Chunk(docs, together) {
		first := len(keys)
		for _, d := range some {
			k, err := decode(d)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			keys = append(keys, k)
		}
		pack(keys[first:])
	}
	return keys, errs
}

func decode(d store.Doc) (*Key, error) {
	k := new(Key)
	err := json.Unmarshal(d.Body, k)
	if err == nil && k.Digest == (Digest{}) {
		err = errors.New("it has no hash")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: key %s: %w", store.ErrDamaged, d.ID, err)
	}
	k.Version = d.Version
	return k, nil
}
