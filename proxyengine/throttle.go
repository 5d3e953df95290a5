package proxyengine

import (
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"crs/proxyengine/caller"
)

// throttle slows down keys whose requests come to nothing again and again: each such request costs the relay as much as one that
// is answered, and nobody gains by it. Who shows no good key is known by the address. What is held is some bytes for each that had
// such a request within the last seconds.
type throttle struct {
	mu   sync.Mutex // guards the fields below
	of   map[string]pressure
	most int // how many may be held before those that are over are dropped
}

// pressure is how far a key is ahead of its pace.
type pressure struct {
	due  time.Time // when its next vain request is due
	told time.Time // when the log was told
}

// A key may have vainAtOnce requests that come to nothing without a wait, and one more in each vainEvery. None waits longer than
// longestVain.
const (
	vainAtOnce  = 50
	vainEvery   = 10 * time.Millisecond
	longestVain = time.Second
	fewVain     = 256
	tellEvery   = time.Minute
)

// count counts one more of a key, and gives for how long it has to wait. A key that has to for the first time within a minute is
// worth telling of.
func (t *throttle) count(key string, now time.Time) (wait time.Duration, tell bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.of[key]
	if unused := now.Add(-vainAtOnce * vainEvery); p.due.Before(unused) {
		p.due = unused
		t.makeRoom(unused)
	}
	p.due = p.due.Add(vainEvery)
	if most := now.Add(longestVain); p.due.After(most) {
		p.due = most
	}
	if wait = max(p.due.Sub(now), 0); wait > 0 && now.Sub(p.told) >= tellEvery {
		p.told, tell = now, true
	}
	t.of[key] = p
	return wait, tell
}

// wait is how long a key has to, after what has been counted of it.
func (t *throttle) wait(key string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(t.of[key].due.Sub(now), 0)
}

// makeRoom drops what says no more than that a key had none lately.
func (t *throttle) makeRoom(unused time.Time) {
	if t.of == nil {
		t.of, t.most = map[string]pressure{}, fewVain
	}
	if len(t.of) < t.most {
		return
	}
	for key, p := range t.of {
		if p.due.Before(unused) {
			delete(t.of, key)
		}
	}
	t.most = max(2*len(t.of), fewVain)
}

// holdBack has a refusal wait while its key, or address, gets too many of them. The exchange has ended: nothing is held for it but the
// connection, which makes room for others.
func (x *exchange) holdBack() {
	if x.ctx.Response.StatusCode() < fasthttp.StatusBadRequest || x.gone() {
		return
	}
	if x.key == nil {
		x.e.holdBackFrom(x.ctx, x.origin())
		return
	}
	x.e.holdBack(x.ctx, x.key.ID, "key", x.key.Name)
}

// holdBackFrom does that for who shows no good key.
func (e *Engine) holdBackFrom(ctx *fasthttp.RequestCtx, from netip.Addr) {
	from = caller.Whole(from)
	e.holdBack(ctx, from.String(), "from", from)
}

// holdBack does that for who is known by id, and is called something in the log. Who is refused for having too many connections keeps
// none open for it.
func (e *Engine) holdBack(ctx *fasthttp.RequestCtx, id string, who ...any) {
	conn := acceptedConn(ctx.Conn())
	if caller.NoRoom(conn) || caller.TooMany(conn) {
		return
	}
	wait, tell := e.refused.count(id, time.Now())
	if wait == 0 {
		return
	}
	if tell {
		e.opt.Log.Info("more than 100 requests a second are refused; their answers are held back, up to a second each", who...)
	}
	caller.Waiting(conn)
	pause(wait, e.ending)
}

// afterOthersLeft has a request wait while clients of its key leave too many others before their answers' end.
func (x *exchange) afterOthersLeft() {
	wait := x.e.deserted.wait(x.record.Key, time.Now())
	if wait == 0 {
		return
	}
	began := time.Now()
	_ = x.rest(wait) // whoever has left is not served by the gate either
	x.addQueueWait(&x.ended.KeyQueue, time.Since(began))
}

// deserted notes that the client left before the end of its answer, and tells at which level that is worth a line of the log.
func (x *exchange) deserted() slog.Level {
	x.record.Error = errGone.Error()
	if x.key == nil {
		return slog.LevelDebug // strangers may come and leave as often as they like
	}
	wait, tell := x.e.deserted.count(x.key.ID, time.Now())
	switch {
	case tell:
		x.log(slog.LevelInfo, "more than 100 clients a second leave before the end of their answers; the key's next requests wait, up to a second each")
	case wait > 0:
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// rest waits. It gives an error when the client left or the relay stops meanwhile.
func (x *exchange) rest(d time.Duration) error {
	if pause(d, x.life.Done()) {
		return nil
	}
	return x.goneOr(errGone)
}

// pause waits, and reports false when done is closed meanwhile.
func pause(d time.Duration, done <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-done:
		return false
	}
}
