package handover

import "sync"

// registry is what this process has for the old one, by a ticket or an id. It is safe for concurrent use.
type registry[K comparable, V any] struct {
	mu  sync.Mutex // guards all
	all map[K]V
}

func (r *registry[K, V]) put(k K, v V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = map[K]V{}
	}
	r.all[k] = v
}

// get gives the zero value where there is nothing, as take does.
func (r *registry[K, V]) get(k K) V {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all[k]
}

func (r *registry[K, V]) take(k K) V {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.all[k]
	delete(r.all, k)
	return v
}

func (r *registry[K, V]) takeAll() map[K]V {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.all
	r.all = nil
	return all
}

func (r *registry[K, V]) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.all)
}
