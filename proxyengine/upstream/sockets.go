package upstream

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"crs/internal/descriptor"
	"crs/proxyengine/provider"
)

// sockets bounds how many connections to upstreams are open at once, whosever they are.
type sockets struct {
	most int // 0 is any number

	mu    sync.Mutex // guards the fields below
	taken int
	given chan struct{} // closed when a connection goes, if somebody waits for that
}

// open opens a connection, once there is a place for it. spare closes connections that nobody uses, and reports whether there were any.
func (s *sockets) open(ctx context.Context, spare func() bool, dial func() (net.Conn, error)) (net.Conn, error) {
	if err := s.take(ctx, spare); err != nil {
		return nil, err
	}
	conn, err := dial()
	if err == nil {
		return conn, nil
	}
	s.give()
	if descriptor.Exhausted(err) {
		return nil, noSocket().Because(err)
	}
	// A socket's deadline is a timeout too: it runs out a moment before the context it came from.
	return nil, &Error{Phase: Dial, Timeout: isTimeout(err) || errors.Is(ctx.Err(), context.DeadlineExceeded), Err: err}
}

// take waits for a place until ctx ends.
func (s *sockets) take(ctx context.Context, spare func() bool) error {
	for {
		given := s.tryTake()
		if given == nil {
			return nil
		}
		if spare() {
			continue
		}
		select {
		case <-given:
		case <-ctx.Done():
			return noSocket()
		}
	}
}

// tryTake gives nil when a place was taken, and else what is closed when there may be one.
func (s *sockets) tryTake() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.most == 0 || s.taken < s.most {
		s.taken++
		return nil
	}
	if s.given == nil {
		s.given = make(chan struct{})
	}
	return s.given
}

func (s *sockets) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

func (s *sockets) give() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken--
	if s.given != nil {
		close(s.given)
		s.given = nil
	}
}

// noSocket is a request that the relay has no descriptor for. That is nothing that an account has done, and passes.
func noSocket() *provider.Fault {
	return &provider.Fault{
		Status: 503, Kind: provider.Unavailable, RetryAfter: time.Second,
		Message: "the relay has as many connections to providers open as it can",
	}
}
