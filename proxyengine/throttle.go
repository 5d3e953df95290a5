package proxyengine

import (
	"log/slog"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"crs/proxyengine/caller"
)

// throttle slows down keys whose requests come to nothing again and again: each such request costs the relay as much as one that
// is answered, and nobody gains by it. All who show no good key share one throttle. What is held is a few bytes for each key that
// had such a request within the last seconds.
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

// holdBack has a refusal wait while its key, or all who have none, get too many of them. The exchange has ended: nothing is held for it
// but the connection, which makes room for others.
func (x *exchange) holdBack() {
	if x.ctx.Response.StatusCode() < fasthttp.StatusBadRequest || x.gone() {
		return
	}
	id := ""
	if x.key != nil {
		id = x.key.ID
	}
	x.e.holdBack(x.ctx, id)
}

// holdBack does that for a key, or without one. Who is refused for having too many connections keeps none open for it.
func (e *Engine) holdBack(ctx *fasthttp.RequestCtx, key string) {
	conn := below(ctx.Conn())
	if caller.NoRoom(conn) || caller.TooMany(conn) {
		return
	}
	wait, tell := e.refused.count(key, time.Now())
	if wait == 0 {
		return
	}
	if tell {
		e.opt.Log.Info("too many requests are refused, and their answers are held back, up to a second each", "key", key)
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
	pause(wait, x.life.Done())
	x.stoodIn(&x.ended.KeyQueue, time.Since(began))
}

// deserted notes that the client left before the end of its answer.
func (x *exchange) deserted() {
	x.record.Error = errGone.Error()
	if x.key == nil {
		return
	}
	if _, tell := x.e.deserted.count(x.key.ID, time.Now()); tell {
		x.log(slog.LevelInfo, "clients leave too many requests before they are answered, and the key's next ones wait, up to a second each")
	}
}

// pause waits, or until done is closed.
func pause(wait time.Duration, done <-chan struct{}) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-done:
	}
}
