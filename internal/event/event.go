// Package event tells whoever watches what happens in the daemon.
package event

import (
	"sync"
	"sync/atomic"

	"crs/internal/patience"
)

// Bus passes events of one type on to any number of watchers. Publishing never waits and needs no memory: an event is copied
// to where a watcher keeps it, and a watcher that does not keep up loses the oldest it has not taken, and learns how many.
// With nobody watching it costs one atomic read.
type Bus[T any] struct {
	watched atomic.Int64

	mu       sync.Mutex // guards watchers, and what is in them
	watchers map[*Watcher[T]]struct{}
}

// Watcher receives events until it is closed.
type Watcher[T any] struct {
	bus  *Bus[T]
	more chan struct{}

	ring   []T // as long as there were ever events in it, up to room
	room   int
	first  int // where the oldest is
	count  int
	missed int64
}

// Watch begins to watch, with room for so many events that have not been taken yet.
func (b *Bus[T]) Watch(room int) *Watcher[T] {
	w := &Watcher[T]{bus: b, more: make(chan struct{}, 1), room: max(room, 1)}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.watchers == nil {
		b.watchers = map[*Watcher[T]]struct{}{}
	}
	b.watchers[w] = struct{}{}
	b.watched.Add(1)
	return w
}

// Publish passes a copy of e on.
func (b *Bus[T]) Publish(e *T) {
	if b.watched.Load() == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for w := range b.watchers {
		w.put(e)
	}
}

// put is called with the bus' lock held.
func (w *Watcher[T]) put(e *T) {
	switch {
	case w.count == w.room:
		w.ring[w.first] = *e
		w.first = (w.first + 1) % w.room
		w.missed++
		return // it has been told that there is more
	case w.count == len(w.ring):
		w.ring = append(w.ring, *e)
	default:
		w.ring[(w.first+w.count)%len(w.ring)] = *e
	}
	w.count++
	patience.Poke(w.more)
}

// More receives when there may be something to take.
func (w *Watcher[T]) More() <-chan struct{} { return w.more }

// Take appends the events that wait to list, the oldest first, and tells how many were lost since the last call.
func (w *Watcher[T]) Take(list []T) (all []T, missed int64) {
	w.bus.mu.Lock()
	defer w.bus.mu.Unlock()
	older := w.ring[w.first:min(w.first+w.count, len(w.ring))]
	newer := w.ring[:w.count-len(older)]
	list = append(append(list, older...), newer...)
	clear(older) // what an event refers to may go
	clear(newer)
	missed, w.first, w.count, w.missed = w.missed, 0, 0, 0
	return list, missed
}

// Close ends the watch.
func (w *Watcher[T]) Close() {
	w.bus.mu.Lock()
	defer w.bus.mu.Unlock()
	if _, ok := w.bus.watchers[w]; ok {
		delete(w.bus.watchers, w)
		w.bus.watched.Add(-1)
	}
}
