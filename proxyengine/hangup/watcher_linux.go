package hangup

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Watcher watches any number of connections with one epoll descriptor and one goroutine. Only the peer's end wakes it
// (EPOLLRDHUP, edge-triggered): bytes that arrive neither wake it nor are taken.
type Watcher struct {
	registry
	epoll int
	stop  int // an eventfd; written to once, by Close
	done  chan struct{}
}

// stopID is the eventfd's; connections count from 1.
const stopID = 0

// New starts a watcher. Close ends it.
func New() (*Watcher, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create an epoll descriptor: %w", err)
	}
	stop, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(epoll)
		return nil, fmt.Errorf("create an eventfd: %w", err)
	}
	w := &Watcher{epoll: epoll, stop: stop, done: make(chan struct{})}
	if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, stop, event(unix.EPOLLIN, stopID)); err != nil {
		_, _ = unix.Close(epoll), unix.Close(stop)
		return nil, fmt.Errorf("watch an eventfd: %w", err)
	}
	go w.run()
	return w, nil
}

// Close ends the watch of every connection and waits for the goroutine.
func (w *Watcher) Close() {
	_, _ = unix.Write(w.stop, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	<-w.done
	_, _ = unix.Close(w.epoll), unix.Close(w.stop)
}

func (w *Watcher) run() {
	defer close(w.done)
	events := make([]unix.EpollEvent, 256)
	for {
		n, err := unix.EpollWait(w.epoll, events, -1)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return
		}
		for i := range events[:n] {
			id := idOf(&events[i])
			if id == stopID {
				return
			}
			if c := w.find(id); c != nil {
				c.left()
			}
		}
	}
}

// find goes by id, not by descriptor: a descriptor may by now belong to another connection.
func (w *Watcher) find(id uint64) *Conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.conns[id]
}

func (w *Watcher) add(c *Conn) error {
	w.put(c)
	var ctlErr error
	err := c.socket.Control(func(fd uintptr) {
		ctlErr = unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, int(fd), event(unix.EPOLLRDHUP|unix.EPOLLET, c.id))
	})
	if err == nil {
		err = ctlErr
	}
	if err != nil {
		w.remove(c)
		return fmt.Errorf("watch a client connection: %w", err)
	}
	return nil
}

// event packs a 64-bit id into the two words the kernel hands back.
func event(what uint32, id uint64) *unix.EpollEvent {
	return &unix.EpollEvent{Events: what, Fd: int32(uint32(id)), Pad: int32(uint32(id >> 32))}
}

func idOf(e *unix.EpollEvent) uint64 { return uint64(uint32(e.Fd)) | uint64(uint32(e.Pad))<<32 }
