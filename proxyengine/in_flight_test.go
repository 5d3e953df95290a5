package proxyengine

import (
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// TestNoKeyTakesAllThatMayBeInFlight: there is room for a key that has none, until there is none at all.
func TestNoKeyTakesAllThatMayBeInFlight(t *testing.T) {
	t.Parallel()
	c := inFlightCounts{most: 100}
	fill := func(key string) (n int) {
		for c.enter(key) {
			n++
		}
		return n
	}
	a, b := fill("a"), fill("b")
	if a < 45 || a > 50 || b < 20 || b > 25 || !c.enter("c") {
		t.Errorf("%d, %d, %+v", a, b, c)
	}
	c.leave("c")
	for range b {
		c.leave("b")
	}
	if n := fill("b"); n != b {
		t.Errorf("%d again, %+v", n, c)
	}
	for range a {
		c.leave("a")
	}
	for range b {
		c.leave("b")
	}
	if c.all != 0 || len(c.of) != 0 {
		t.Errorf("left behind: %+v", c)
	}
}

// TestTheRoomIsWhatTheDocumentsSay: limits.connections tells how many there are with the defaults.
func TestTheRoomIsWhatTheDocumentsSay(t *testing.T) {
	t.Parallel()
	if n := mostInFlight(&Settings{BodyBudget: 512 << 20, HeaderMax: 8 << 10}); n != 11_117 {
		t.Errorf("there is room for %d", n)
	}
}

// TestWhatIsNotWrittenDownIsInFlightNoLonger: a key that asks for models again and again would else have no room one day.
func TestWhatIsNotWrittenDownIsInFlightNoLonger(t *testing.T) {
	t.Parallel()
	e := &Engine{opt: Options{Log: slog.New(slog.DiscardHandler), Now: time.Now}, live: map[*exchange]struct{}{}, counts: inFlightCounts{most: 100}}
	e.settings.Store(&Settings{})
	conn, client := net.Pipe()
	defer func() { _, _ = conn.Close(), client.Close() }()
	ctx := new(fasthttp.RequestCtx)
	ctx.Init2(conn, quiet{}, true)
	x := e.open(ctx)
	x.record.Key = "key_a"
	if err := x.joinLive(); err != nil {
		t.Fatal(err)
	}
	x.unrecorded = true
	x.finish(&response{status: 200}, nil)
	if e.counts.all != 0 || len(e.counts.of) != 0 || len(e.live) != 0 {
		t.Errorf("left behind: %+v", e.counts)
	}
}
