package proxyengine

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"crs/internal/account"
	"crs/internal/bound"
	"crs/internal/id"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/usage"
	"crs/proxyengine/hangup"
	"crs/proxyengine/provider"
	"crs/proxyengine/upstream"
)

// exchange is one request in flight, from its head to the last byte of its answer. It owns everything that must be given
// back, and close gives it back, exactly once, on every path. The handler's own defers would not do: they run before a
// stream has been written.
//
// One goroutine works on it at a time. leave comes from others.
type exchange struct {
	e         *Engine
	settings  *Settings
	ctx       *fasthttp.RequestCtx // valid until the answer has been written
	id        string
	at        time.Time
	began     time.Time // the same on the real clock, for how long things take
	met       bool      // the head has been looked at
	ahead     bool      // it was sent before the last request on its connection had been answered
	route     route
	in        provider.Inbound // the request's only copy of its body is in there, as long as it may have to be sent again
	intent    provider.Intent
	key       *key.Key
	presented presented
	conn      *hangup.Conn

	// life ends when the client leaves, or the daemon stops.
	life context.Context
	stop context.CancelFunc

	spot   spot // in the slow lane
	memory reservation
	// promised is what the body may grow to, once it is large.
	promised reservation
	turn     reservation // to unpack; it has no budget when nothing is unpacked
	pace     pace
	read     bool            // it was read to its end
	hasty    bool            // what had come of it was read, and was not all
	unasked  bool            // its client waits to be asked for it, and is not; some send it all the same
	unseen   bool            // it was refused before anything said what it wants
	torn     bool            // reading it failed: what is left of it cannot be skipped
	holders  [1]limit.Holder // whose limits count
	permit   *limit.Permit
	lease    *account.Lease
	// outcome is what the lease is given back with when the answer has been delivered.
	outcome    account.Outcome
	beside     provider.Beside // its own model, where that matters for the key
	served     *attempt        // whose answer is delivered; without the request itself
	record     usage.Record
	opened     bool // the record is in the ledger
	unrecorded bool // it is nobody's business
	ended      Ended
	// waited is what the exchange has waited for others so far: the client, queues, upstreams.
	waited  time.Duration
	askedOf [2]Asked // room for ended's, which are rarely more
	closed  atomic.Bool
	sent    atomic.Int64 // bytes of the answer that the client was written
	sentAt  atomic.Int64 // when that was last, unix nanoseconds

	mu   sync.Mutex // guards the fields below
	seen Live       // what others may see of it
	left bool
	call *upstream.Call // the upstream request under way
	// drainable: the answer is read to its end even if the client leaves; drainEnd then bounds that.
	drainable bool
	drainEnd  *time.Timer
}

// open begins an exchange.
func (e *Engine) open(ctx *fasthttp.RequestCtx) *exchange {
	now := e.opt.Now()
	x := &exchange{e: e, settings: e.settings.Load(), ctx: ctx, id: id.New("req", now), at: now, began: time.Now(), memory: reservation{budget: e.memory}, spot: spot{slowLane: e.slowLane}}
	x.life, x.stop = context.WithCancel(context.Background())
	x.record = usage.Record{ID: x.id, At: now}
	x.ended.Asked = x.askedOf[:0]
	return x
}

// enter puts an exchange whose key is good among those in flight, and begins to watch its client.
func (x *exchange) enter() error {
	if err := x.joinLive(); err != nil {
		return err
	}
	conn, ok := hangup.From(x.ctx.Conn())
	if !ok {
		return nil
	}
	x.conn = conn
	if err := conn.OnLeave(x.leave); err != nil {
		x.e.opt.Log.Warn("cannot watch a client", "request", x.id, "error", err)
	}
	return nil
}

// leave is called when the client has gone. Whatever the exchange waits for ends now, a write that is stuck included.
func (x *exchange) leave() {
	x.mu.Lock()
	x.left = true
	call := x.call
	x.mu.Unlock()
	_ = x.conn.SetDeadline(time.Unix(1, 0))
	if x.drainOn() {
		return
	}
	x.stop()
	if call != nil {
		call.Cancel()
	}
}

// drainOn lets an answer whose client has left go on for a while, if its final figures are wanted, and reports whether
// they are. The key's slot is free from then on; the account's is not, for the account is at work.
func (x *exchange) drainOn() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.drainable {
		return false
	}
	if x.drainEnd == nil {
		x.drainEnd = time.AfterFunc(x.settings.Drain, x.call.Cancel)
		x.permit.Release()
	}
	return true
}

// interrupt ends the exchange from the relay's side. A client that takes nothing does not hold it up.
func (x *exchange) interrupt() {
	x.mu.Lock()
	call := x.call
	x.mu.Unlock()
	_ = x.ctx.Conn().SetWriteDeadline(time.Now().Add(time.Second))
	x.stop()
	if call != nil {
		call.Cancel()
	}
}

// gone reports whether the client has left.
func (x *exchange) gone() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.left
}

// calling makes call the one to cancel when the client leaves. It reports false when the client has left already.
func (x *exchange) calling(call *upstream.Call) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.call = call
	return x.life.Err() == nil
}

// streaming marks that the answer is on its way: from here on it may be drained.
func (x *exchange) streaming() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.drainable = x.settings.Drain > 0 && !x.left
}

// close gives everything back and writes the record. It runs once.
func (x *exchange) close() {
	if x.closed.Swap(true) {
		return
	}
	x.spot.Leave()
	if x.conn != nil {
		x.conn.Yield(nil)
		_ = x.conn.OnLeave(nil)
	}
	x.stop()
	x.mu.Lock()
	if x.drainable = false; x.drainEnd != nil {
		x.drainEnd.Stop()
	}
	x.mu.Unlock()
	if x.served != nil {
		x.served.answer.close()
	}
	x.promised.close()
	x.memory.close()
	x.settle()
	if x.permit != nil {
		x.permit.Release() // not before it is settled: what was reserved is free then
	}
	if x.lease != nil {
		x.lease.Release(x.outcome)
	}
	x.leaveLive()
}

// joinLive puts it in flight, where there is room.
func (x *exchange) joinLive() error {
	x.e.mu.Lock()
	defer x.e.mu.Unlock()
	switch {
	case x.e.closed:
		return fault(provider.Unavailable, "the relay is shutting down")
	case !x.e.counts.enter(x.record.Key):
		return x.tooMany()
	}
	x.e.live[x] = struct{}{}
	return nil
}

func (x *exchange) leaveLive() {
	x.e.mu.Lock()
	defer x.e.mu.Unlock()
	if _, in := x.e.live[x]; in {
		delete(x.e.live, x)
		x.e.counts.leave(x.record.Key)
	}
}

// log is one line about the exchange.
func (x *exchange) log(level slog.Level, message string, args ...any) {
	if !x.e.opt.Log.Enabled(context.Background(), level) {
		return
	}
	args = append([]any{"request", x.id, "key", x.record.KeyName, "model", x.record.Model}, args...)
	for i := range args {
		args[i] = x.presented.masked(args[i])
		if text, ok := args[i].(string); ok {
			args[i] = bound.Cut(text, bound.Log)
		}
	}
	x.e.opt.Log.Log(context.Background(), level, x.presented.without(message), args...)
}

// elapsed is the time since the request's head arrived.
func (x *exchange) elapsed() time.Duration { return time.Since(x.began) }
