package control

import (
	"cmp"
	"net/http"
	"time"

	"crs/ctl"
)

// calls has callers wait no longer than that makes sense: a disk may give no answer at all.
type calls struct {
	seats chan struct{} // one is taken by each call that goes on
	// look is after how long it is asked whether something hangs, and then again; most is how long a call that only reads may take when
	// nothing does. One that changes something may also wait for a provider.
	look, most time.Duration
	hangs      func() (why string)
}

// atOnce is how many calls may go on, those included whose callers were told that there is no answer.
const atOnce = 64

func newCalls(hangs func() string) calls {
	return calls{seats: make(chan struct{}, atOnce), look: 5 * time.Second, most: 50 * time.Second, hangs: hangs}
}

// do gives what serve gives, or says why it gives nothing. A call whose caller has gone ends when what it waits for answers.
func (r *calls) do(req *http.Request, serve func(*http.Request) (any, error)) (any, error) {
	select {
	case r.seats <- struct{}{}:
	default:
		return nil, &busy{noAnswer(r.hangs()).WithHint("%d calls wait already, so this one was not begun; do it again in a minute", atOnce)}
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

// result is how a call ended.
type result struct {
	out    any
	err    error
	panics any // what it panicked with; nil when it did not
}

func (r *calls) wait(req *http.Request, done <-chan result) (any, error) {
	tick := time.NewTicker(r.look)
	defer tick.Stop()
	var late <-chan time.Time
	if req.Method == http.MethodGet {
		most := time.NewTimer(r.most)
		defer most.Stop()
		late = most.C
	}
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
				return nil, &busy{unanswered(req, why)}
			}
		case <-late:
			return nil, &busy{unanswered(req, "it takes too long")}
		}
	}
}

// unanswered says that a call goes on, and nobody waits for it.
func unanswered(req *http.Request, why string) *ctl.Error {
	if req.Method == http.MethodGet {
		return noAnswer(why)
	}
	return noAnswer(why).WithHint("it may be done yet, or not: when crs status says that all is well, look whether it was, before you do it again")
}

func noAnswer(why string) *ctl.Error {
	return ctl.Errorf(ctl.Failed, "there is no answer yet: %s", cmp.Or(why, "too much is waited for")).WithHint("see what is wrong: crs status")
}
