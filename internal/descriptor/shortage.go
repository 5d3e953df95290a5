package descriptor

import (
	"log/slog"
	"sync"
	"time"
)

// remembered is for how long after the last connection that could not be accepted there counts as being a shortage.
const remembered = 10 * time.Second

// Shortage is that connections cannot be accepted because the process, or the system, has run out of something. It is told by the
// listeners that meet it; nil is told of none. It is safe for concurrent use.
type Shortage struct {
	log *slog.Logger
	now func() time.Time

	mu   sync.Mutex // guards the fields below
	last error
	at   time.Time
}

// NewShortage is none yet. It is logged when it begins.
func NewShortage(log *slog.Logger, now func() time.Time) *Shortage {
	return &Shortage{log: log, now: now}
}

// Err is why the last connection could not be accepted; nil when none was kept waiting of late.
func (s *Shortage) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if past := s.now().Sub(s.at); past < 0 || past >= remembered {
		return nil
	}
	return s.last
}

// met is called by a listener for every connection that it could not accept.
func (s *Shortage) met(listener string, err error) {
	if s == nil {
		return
	}
	if s.Err() == nil {
		s.log.Warn("cannot accept a connection; it waits until there is room", "listener", listener, "error", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last, s.at = err, s.now()
}
