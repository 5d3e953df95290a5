package control

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"crs/ctl"
)

// connections bounds how many connections to the socket are open, so that a process that opens them without end takes neither
// the daemon's descriptors nor the socket from others: beyond most, the connection that has waited longest for a request is
// closed. Where every one is being answered, the next few are only told that there is no room.
type connections struct {
	most int
	log  *slog.Logger

	mu      sync.Mutex // guards the fields below
	open    map[net.Conn]*seat
	turn    uint64 // counts what connections do: the lower a seat's turn, the longer it waits
	streams int
	crowded bool // an episode that the log tells of already
}

// seat is one connection.
type seat struct {
	of     *connections
	beyond bool // there was no room for it when it came
	waits  bool // for a request, or for the rest of one's head
	turn   uint64
}

type seatKey struct{}

// beyond is for how many connections more there is room, which are only told that there is none.
const beyond = 4

func newConnections(most int, log *slog.Logger) *connections {
	return &connections{most: most, log: log, open: map[net.Conn]*seat{}}
}

// enter gives a new connection its seat, and closes another one for it, or itself, when there are too many.
func (c *connections) enter(ctx context.Context, conn net.Conn) context.Context {
	s, surplus := c.take(conn)
	if surplus != nil {
		_ = surplus.Close()
	}
	return context.WithValue(ctx, seatKey{}, s)
}

func (c *connections) take(conn net.Conn) (s *seat, surplus net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn++
	s = &seat{of: c, waits: true, turn: c.turn}
	if len(c.open) >= c.most {
		c.tell(conn)
		surplus = c.idlest()
		delete(c.open, surplus)
		s.beyond = len(c.open) >= c.most
	}
	if len(c.open) >= c.most+beyond {
		return s, conn
	}
	c.open[conn] = s
	return s, surplus
}

// idlest is the connection that has waited longest for a request; nil when none does. It is called with mu held.
func (c *connections) idlest() (longest net.Conn) {
	for conn, s := range c.open {
		if s.waits && (longest == nil || s.turn < c.open[longest].turn) {
			longest = conn
		}
	}
	return longest
}

// tell says once an episode that there are too many. It is called with mu held.
func (c *connections) tell(conn net.Conn) {
	if c.crowded {
		return
	}
	c.crowded = true
	c.log.Warn("too many connections to the control socket; those that have waited longest are closed", "most", c.most, "uid_of_the_newest", peerOf(conn).uid)
}

// follow is told by the server what each connection does.
func (c *connections) follow(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.open[conn]
	if s == nil { // it was closed for another one
		return
	}
	switch state {
	case http.StateActive:
		s.waits = false
	case http.StateIdle:
		c.turn++
		s.waits, s.turn = true, c.turn
	case http.StateClosed, http.StateHijacked:
		delete(c.open, conn)
		c.crowded = c.crowded && len(c.open) > c.most/2
	}
}

// admit has h answer where there is room.
func (c *connections) admit(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s := seatOf(r.Context()); s != nil && !s.admitted() {
			w.Header().Set("Connection", "close")
			respondError(w, &busy{ctl.Errorf(ctl.Failed, "all %d connections that the control socket has room for are in use", c.most).
				WithHint("try again in a moment; who has them: ss -xp")})
			return
		}
		h.ServeHTTP(w, r)
	})
}

func seatOf(ctx context.Context) *seat {
	s, _ := ctx.Value(seatKey{}).(*seat)
	return s
}

// admitted reports whether there is room by now, if there was none before.
func (s *seat) admitted() bool {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.beyond = s.beyond && len(s.of.open) > s.of.most
	return !s.beyond
}

// stream counts an answer without an end until over is called. At most half of the connections have one; over is nil when they do.
func (s *seat) stream() (over func()) {
	if s == nil { // not served by a Server
		return func() {}
	}
	c := s.of
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streams >= c.most/2 {
		return nil
	}
	c.streams++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.streams--
	}
}
