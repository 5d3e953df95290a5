//go:build !linux

package hangup

import (
	"sync"
	"sync/atomic"
	"time"
)

// Watcher looks at each watched connection twice a second.
type Watcher struct {
	stop, done chan struct{}
	nextID     atomic.Uint64

	mu    sync.Mutex // guards conns; taken after Conn.mu, never before
	conns map[uint64]*Conn
}

const interval = 500 * time.Millisecond

// New starts a watcher. Close ends it.
func New() (*Watcher, error) {
	w := &Watcher{stop: make(chan struct{}), done: make(chan struct{}), conns: map[uint64]*Conn{}}
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
	all := make([]*Conn, 0, len(w.conns))
	for _, c := range w.conns {
		all = append(all, c)
	}
	return all
}

func (w *Watcher) add(c *Conn) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns[c.id] = c
	return nil
}

func (w *Watcher) remove(c *Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.conns, c.id)
}
