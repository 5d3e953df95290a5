package proxyengine

import (
	"cmp"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/valyala/fasthttp"

	"crs/internal/account"
	"crs/internal/usage"
	"crs/proxyengine/provider"
)

// forward lends accounts until one gives an answer that is worth delivering. It gives nil and no error when it has
// answered already, with an upstream's own error.
func (x *exchange) forward() (*held, error) {
	t := tries{want: x.want()}
	for {
		x.reached(Picking)
		lease, err := x.e.opt.Pool.Pick(x.life, t.want)
		t.waited(lease, err)
		if err != nil {
			if done, err := x.noAccount(&t, err); done {
				return nil, err
			}
			continue
		}
		x.stoodIn(&x.ended.AccountQueue, lease.Waited())
		x.lend(lease)
		got := x.try(lease.Account())
		if got.held != nil {
			return got.held, nil
		}
		x.giveBack(got.verdict.Outcome)
		if x.life.Err() != nil {
			return nil, x.goneOr(errGone)
		}
		if got.lack != nil {
			return nil, got.lack
		}
		if got.unsaid != nil {
			t.unsayable(got)
			if got.unsaid.Cause != nil { // it is about the account, and the operator should see it
				x.note(lease.Account(), got)
			}
			continue
		}
		if got.verdict.Next == provider.Deliver {
			x.pass(&got, got.reply.Status, 0)
			return nil, nil
		}
		x.note(lease.Account(), got)
		if !t.again(got, x.settings) {
			return nil, x.lastWord(&t)
		}
	}
}

// want is what the request needs of an account.
func (x *exchange) want() *account.Want {
	i := &x.intent
	w := want(x.key, x.route.service, i.Model, i.Family, i.Client, i.Session)
	w.Hard, w.Aside = i.Hard, i.Free || i.Background
	return w
}

// lend takes a lease over.
func (x *exchange) lend(lease *account.Lease) {
	acc := lease.Account()
	x.lease = lease
	r := &x.record
	r.Account, r.AccountName, r.Platform, r.Why = acc.ID, acc.Name, acc.Platform, lease.Why()
	r.Upstream = ""
	if name := acc.Upstream(x.intent.Model); name != x.intent.Model {
		r.Upstream = name
	}
	x.reached(Waiting)
}

// giveBack ends a lease that did not serve.
func (x *exchange) giveBack(o account.Outcome) {
	x.asked(o.Result)
	x.lease.Release(o)
	x.lease = nil
}

// tries is what has come of a request so far.
type tries struct {
	want      *account.Want
	count     int
	ambiguous int // times an upstream may have done the work for nothing
	pauses    int
	// troubled are accounts whose provider was in trouble: they may be tried again after a pause.
	troubled []string
	last     attempt
	// unsaid is why the request could not be put into an account's words; another one's may do.
	unsaid     *provider.Fault
	retryAfter time.Duration // when the first account will be back, as far as that is known
}

// waited notes how long the request stood in the queue for an account. What it may wait is for all its attempts together.
func (t *tries) waited(lease *account.Lease, err error) {
	var none *account.NoneReady
	switch {
	case lease != nil:
		t.want.Waited += lease.Waited()
	case errors.As(err, &none):
		t.want.Waited += none.Waited
	}
}

// unsayable notes an account that was not asked.
func (t *tries) unsayable(got attempt) {
	t.unsaid = got.unsaid
	t.want.Tried = append(t.want.Tried, got.account)
}

// again notes a failed attempt and reports whether there may be another one.
func (t *tries) again(got attempt, s *Settings) bool {
	t.count++
	t.last = got
	t.want.Tried = append(t.want.Tried, got.account)
	if got.verdict.Next == provider.TryAgain {
		t.troubled = append(t.troubled, got.account)
	}
	if got.ambiguous {
		if t.ambiguous++; !s.Ambiguous || t.ambiguous > 1 {
			return false
		}
	}
	return t.count < s.MaxAttempts
}

// noAccount is called when no account is left to lend. When the provider of some was only in trouble for the moment, it
// pauses and has them tried again; otherwise the request is done.
func (x *exchange) noAccount(t *tries, err error) (done bool, _ error) {
	var none *account.NoneReady
	if x.life.Err() != nil {
		return true, x.goneOr(err)
	}
	switch errors.As(err, &none); {
	case none != nil && t.count == 0 && t.unsaid != nil:
		return true, x.unsayableBy(t, none)
	case none == nil || t.count == 0:
		return true, err
	case len(t.troubled) == 0:
		x.record.Passed, t.retryAfter = x.e.passed(none), none.RetryAfter
		return true, x.lastWord(t)
	}
	if err := x.pause(t); err != nil {
		return true, err
	}
	t.want.Tried = slices.DeleteFunc(t.want.Tried, func(id string) bool { return slices.Contains(t.troubled, id) })
	t.troubled = nil
	return false, nil
}

// unsayableBy is why nobody could be asked. Where that is about an account, another one may be back later that can be.
func (x *exchange) unsayableBy(t *tries, none *account.NoneReady) error {
	switch {
	case t.unsaid.Cause == nil:
		return t.unsaid
	case none.RetryAfter > 0:
		return none
	}
	x.ended.Refused = refusedNoModel
	return t.unsaid
}

// longestPause bounds an upstream's own wish for a pause within a request.
const longestPause = 5 * time.Second

// pause grows with each one, with jitter: everybody else was refused at the same moment.
func (x *exchange) pause(t *tries) error {
	d := x.settings.Backoff << min(t.pauses, 6)
	t.pauses++
	d = d/2 + rand.N(d/2+1)
	if wish := t.last.verdict.RetryAfter; wish > 0 {
		d = wish
	}
	d = min(d, longestPause)
	if !x.rest(d) {
		return x.goneOr(errGone)
	}
	x.waited += d
	return nil
}

// note writes a failed attempt down.
func (x *exchange) note(acc *account.Account, got attempt) {
	x.record.Attempts = append(x.record.Attempts, usage.Attempt{
		Account: acc.ID, Name: acc.Name, Status: got.status(), Error: got.evidence, After: x.elapsed(), Ambiguous: got.ambiguous,
	})
	x.log(slog.LevelWarn, "account did not serve", "account", acc.Name, "error", got.evidence, "attempt", len(x.record.Attempts), "ambiguous", got.ambiguous)
}

// lastWord is what the client gets when nobody could serve it: the last upstream's own error where that is about the
// request, which tells more than the relay could, else the relay's.
func (x *exchange) lastWord(t *tries) error {
	got := t.last
	switch {
	case got.verdict.Outcome.Result == account.Unsupported && got.verdict.Mask:
		x.ended.Refused = refusedNoModel
		return provider.NoModel().Because(errors.New(got.evidence))
	case got.reply != nil && !got.verdict.Mask:
		// When to come back: when the first account will be, if that is known, else when the last upstream said.
		x.pass(&got, got.verdict.Status, cmp.Or(t.retryAfter, got.verdict.RetryAfter))
		return nil
	case got.reply != nil:
		return fault(fasthttp.StatusBadGateway, provider.BadGateway,
			"the relay's account was refused by its provider, and no other account could serve this; the operator can see why: crs explain %s", x.id)
	case got.timeout:
		return fault(fasthttp.StatusGatewayTimeout, provider.GatewayTimeout, "the provider did not answer in time").Because(errors.New(got.evidence))
	}
	return fault(fasthttp.StatusBadGateway, provider.BadGateway, "%s", got.category).Because(errors.New(got.evidence))
}
