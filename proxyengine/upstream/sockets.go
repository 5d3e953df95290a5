package upstream

import (
	"context"
	"sync"
	"time"

	"crs/internal/descriptor"
	"crs/proxyengine/provider"
)

// sockets bounds how many connections to upstreams are open at once, whosever they are.
type sockets struct {
	most int // 0 is any number

	mu    sync.Mutex // guards the fields below
	open  int
	given chan struct{} // closed when a connection goes, if somebody waits for that
}

// take waits for a place until ctx ends. spare closes connections that nobody uses, and reports whether there were any.
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
	if s.most == 0 || s.open < s.most {
		s.open++
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
	return s.open
}

func (s *sockets) give() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
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

// dialFault is what an error of dialing means: that of an upstream, or that this machine has run out of something.
func dialFault(ctx context.Context, err error) error {
	if descriptor.Exhausted(err) {
		return noSocket().Because(err)
	}
	return dialError(ctx, err)
}
