package proxyengine

import (
	"cmp"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"crs/internal/account"
	"crs/internal/usage"
	"crs/proxyengine/provider"
)

// forward has accounts asked, one after another, until one gives something for the client: an answer, or an error that is about the
// request.
func (x *exchange) forward() (*attempt, error) {
	t := tries{want: x.want()}
	for {
		err := x.choose(&t)
		if errors.Is(err, errAllTried) {
			return x.lastWord(&t)
		}
		if err != nil {
			return nil, err
		}
		got := x.try(x.lease.Account())
		if got.answer != nil {
			return got, nil
		}
		x.giveBack(got.verdict.Outcome)
		switch {
		case x.life.Err() != nil:
			return nil, x.goneOr(errGone)
		case got.fatal != nil:
			return nil, got.fatal
		case got.untranslatable != nil:
			t.notAsked(got)
			if got.untranslatable.Cause != nil { // it is about the account, and the operator should see it
				x.note(got)
			}
			continue
		case got.verdict.Next == provider.Deliver:
			return got, nil
		}
		x.note(got)
		if !t.again(got, x.settings) {
			return x.lastWord(&t)
		}
	}
}

// errAllTried means that every account that could serve the request has been asked.
var errAllTried = errors.New("every account that could serve this has been asked")

// choose has the pool lend an account. When no other is left, and the provider of some that were asked was only in trouble for the
// moment, it pauses and has them tried again.
func (x *exchange) choose(t *tries) error {
	for {
		x.setPhase(Picking)
		lease, err := x.e.opt.Pool.Pick(x.life, t.want)
		if err == nil {
			t.want.Waited += lease.Waited() // what it may wait is for all its attempts together
			x.addQueueWait(&x.ended.AccountQueue, lease.Waited())
			x.lend(lease)
			return nil
		}
		if err := x.noAccount(t, err); err != nil {
			return err
		}
	}
}

// noAccount is called when no account is left to lend. It gives no error when some may be tried again.
func (x *exchange) noAccount(t *tries, err error) error {
	var none *account.NoneReady
	switch {
	case x.life.Err() != nil:
		return x.goneOr(err)
	case !errors.As(err, &none):
		return err
	case t.last == nil && t.untranslatable != nil:
		return x.untranslatableBy(t, none)
	case t.last == nil:
		return err
	case len(t.troubled) == 0:
		x.record.Passed, t.retryAfter = x.e.passed(none), none.RetryAfter
		return errAllTried
	}
	t.want.Waited += none.Waited
	if err := x.pause(t); err != nil {
		return err
	}
	t.want.Tried = slices.DeleteFunc(t.want.Tried, func(id string) bool { return slices.Contains(t.troubled, id) })
	t.troubled = nil
	return nil
}

// want is what the request needs of an account.
func (x *exchange) want() *account.Want {
	i := &x.intent
	w := want(x.key, x.route.service, i.Model, i.Family, i.Client, i.Session)
	w.Hard, w.NoStickyUpdate = i.Hard, i.Free || i.Background
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
	x.setPhase(Waiting)
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
	last      *attempt // the last account that was asked; nil while none was
	count     int
	ambiguous int // times an upstream may have done the work for nothing
	pauses    int
	// troubled are accounts whose provider was in trouble: they may be tried again after a pause.
	troubled []string
	// untranslatable is why the request could not be put into an account's words; another one's may do.
	untranslatable *provider.Fault
	retryAfter     time.Duration // when the first account will be back, as far as that is known
}

// notAsked notes an account whose words the request cannot be put into.
func (t *tries) notAsked(got *attempt) {
	t.untranslatable = got.untranslatable
	t.want.Tried = append(t.want.Tried, got.acc.ID)
}

// again notes a failed attempt and reports whether there may be another one.
func (t *tries) again(got *attempt, s *Settings) bool {
	t.count++
	t.last = got
	t.want.Tried = append(t.want.Tried, got.acc.ID)
	if got.verdict.Next == provider.TryAgain {
		t.troubled = append(t.troubled, got.acc.ID)
	}
	if got.ambiguous {
		if t.ambiguous++; !s.Ambiguous || t.ambiguous > 1 {
			return false
		}
	}
	return t.count < s.MaxAttempts
}

// untranslatableBy is why nobody could be asked. Where that is about an account, another one may be back later that can be.
func (x *exchange) untranslatableBy(t *tries, none *account.NoneReady) error {
	switch {
	case t.untranslatable.Cause == nil:
		return t.untranslatable
	case none.RetryAfter > 0:
		return none
	}
	x.ended.Refused = refusedNoModel
	return t.untranslatable
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
	if err := x.rest(d); err != nil {
		return err
	}
	x.waited += d
	return nil
}

// note writes a failed attempt down.
func (x *exchange) note(got *attempt) {
	status := 0
	if got.reply != nil {
		status = got.reply.Status
	}
	x.record.Attempts = append(x.record.Attempts, usage.Attempt{
		Account: got.acc.ID, Name: got.acc.Name, Status: status, Error: got.evidence, After: x.elapsed(), Ambiguous: got.ambiguous,
	})
	x.log(slog.LevelWarn, "account did not serve", "account", got.acc.Name, "error", got.evidence, "attempt", len(x.record.Attempts), "ambiguous", got.ambiguous)
}

// lastWord is what the client gets when nobody could serve it: the last upstream's own error where that is about the
// request, which tells more than the relay could, else the relay's.
func (x *exchange) lastWord(t *tries) (*attempt, error) {
	got := t.last
	why := errors.New(got.evidence)
	switch {
	case got.verdict.Outcome.Result == account.Unsupported && got.verdict.Mask:
		x.ended.Refused = refusedNoModel
		return nil, provider.NoModel().Because(why)
	case got.reply != nil && !got.verdict.Mask:
		// When to come back: when the first account will be, if that is known, else when the last upstream said.
		got.status, got.retryAfter = got.verdict.Status, cmp.Or(t.retryAfter, got.verdict.RetryAfter)
		return got, nil
	case got.reply != nil:
		return nil, fault(provider.BadGateway,
			"the relay's account was refused by its provider, and no other account could serve this; the operator can see why: crs explain %s", x.id)
	case got.timeout:
		return nil, fault(provider.GatewayTimeout, "the provider did not answer in time").Because(why)
	}
	return nil, fault(provider.BadGateway, "%s", got.category).Because(why)
}
