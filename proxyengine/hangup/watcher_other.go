//go:build !linux

package hangup

import (
	"maps"
	"slices"
	"time"
)

// Watcher looks at each watched connection twice a second.
type Watcher struct {
	registry
	stop, done chan struct{}
}

const interval = 500 * time.Millisecond

// New starts a watcher. Close ends it.
func New() (*Watcher, error) {
	w := &Watcher{stop: make(chan struct{}), done: make(chan struct{})}
	go w.run()
	return w, nil
}

// Close ends the watch of every connection and waits for the goroutine.
func (w *Watcher) Close() {
	close(w.stop)
	<-w.done
}

func (w *Watcher) run() {
	defer close(w.done)
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			for _, c := range w.all() {
				if ended(c.socket) {
					w.remove(c)
					c.left()
				}
			}
		case <-w.stop:
			return
		}
	}
}

func (w *Watcher) all() []*Conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Values(w.conns))
}

func (w *Watcher) add(c *Conn) error {
	w.put(c)
	return nil
}
