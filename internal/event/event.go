// Package event tells whoever watches what happens in the daemon.
package event

import (
	"sync"
	"sync/atomic"
)

// Bus passes events of one type on to any number of watchers. Publishing never waits: a watcher that does not keep up
// loses the oldest it has not taken, and learns how many. With nobody watching it costs one atomic read.
type Bus[T any] struct {
	watched atomic.Int64

	mu       sync.Mutex // guards watchers
	watchers map[*Watcher[T]]struct{}
}

// Watcher receives events until it is closed.
type Watcher[T any] struct {
	bus    *Bus[T]
	events chan T
	missed atomic.Int64
}

// Watch begins to watch, with room for so many events that have not been taken yet.
func (b *Bus[T]) Watch(room int) *Watcher[T] {
	w := &Watcher[T]{bus: b, events: make(chan T, max(room, 1))}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.watchers == nil {
		b.watchers = map[*Watcher[T]]struct{}{}
	}
	b.watchers[w] = struct{}{}
	b.watched.Add(1)
	return w
}

// Watched reports whether anybody watches: making an event nobody sees can be saved.
func (b *Bus[T]) Watched() bool { return b.watched.Load() > 0 }

// Publish passes e on.
func (b *Bus[T]) Publish(e T) {
	if !b.Watched() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for w := range b.watchers {
		w.offer(e)
	}
}

// offer is called with the bus' lock held, so that nobody else puts anything in.
func (w *Watcher[T]) offer(e T) {
	for {
		select {
		case w.events <- e:
			return
		default:
		}
		select {
		case <-w.events:
			w.missed.Add(1)
		default:
		}
	}
}

// Events gives them in order. It is never closed.
func (w *Watcher[T]) Events() <-chan T { return w.events }

// Missed is how many events were lost since the last call.
func (w *Watcher[T]) Missed() int64 { return w.missed.Swap(0) }

// Close ends the watch.
func (w *Watcher[T]) Close() {
	w.bus.mu.Lock()
	defer w.bus.mu.Unlock()
	if _, ok := w.bus.watchers[w]; ok {
		delete(w.bus.watchers, w)
		w.bus.watched.Add(-1)
	}
}
