package control

import (
	"net/http"
	"time"

	"crs/ctl"
)

// reads has callers that read something wait no longer than that makes sense: a disk may give no answer at all.
type reads struct {
	seats chan struct{} // one is taken by each read that goes on
	// look is after how long it is asked whether something hangs, and then again; most is how long a read may take when nothing does.
	look, most time.Duration
	hangs      func() (why string)
}

// readsAtOnce is how many reads may go on, those included whose callers were told that there is no answer.
const readsAtOnce = 64

func newReads(hangs func() string) reads {
	return reads{seats: make(chan struct{}, readsAtOnce), look: 5 * time.Second, most: 5 * time.Minute, hangs: hangs}
}

// do gives what serve gives, or says why it gives nothing. A read whose caller has gone ends when what it waits for answers.
func (r *reads) do(req *http.Request, serve func(*http.Request) (any, error)) (any, error) {
	select {
	case r.seats <- struct{}{}:
	default:
		return nil, &busy{noAnswer(r.hangs()).WithHint("%d calls wait already; do it again in a minute", readsAtOnce)}
	}
	done := make(chan result, 1)
	go func() {
		defer func() {
			<-r.seats
			if p := recover(); p != nil {
				done <- result{panics: p}
			}
		}()
		out, err := serve(req)
		done <- result{out: out, err: err}
	}()
	return r.wait(req, done)
}

// result is how a read ended.
type result struct {
	out    any
	err    error
	panics any // what it panicked with; nil when it did not
}

func (r *reads) wait(req *http.Request, done <-chan result) (any, error) {
	tick := time.NewTicker(r.look)
	defer tick.Stop()
	most := time.NewTimer(r.most)
	defer most.Stop()
	for {
		select {
		case got := <-done:
			if got.panics != nil {
				panic(got.panics) // net/http ends the call then, and nothing else
			}
			return got.out, got.err
		case <-req.Context().Done():
			return nil, req.Context().Err()
		case <-tick.C:
			if why := r.hangs(); why != "" {
				return nil, &busy{noAnswer(why)}
			}
		case <-most.C:
			return nil, &busy{noAnswer("")}
		}
	}
}

func noAnswer(why string) *ctl.Error {
	if why == "" {
		why = "reading takes too long"
	}
	return ctl.Errorf(ctl.Failed, "there is no answer yet: %s", why).WithHint("see what is wrong: crs status")
}

// hangs says what gives no answer; nothing when all do, or say at least why they do not work.
func (h *Handler) hangs() (why string) {
	if _, err := h.opt.Ledger.Health(); err == nil && h.opt.Ledger.Lag().DiskFails {
		return "the disk of the data directory hangs"
	}
	if h.opt.StoreHealth != nil {
		if err := h.opt.StoreHealth(); err != nil {
			return "the store cannot be used: " + err.Error()
		}
	}
	return ""
}
