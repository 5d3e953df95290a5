package admin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"crs/ctl"
	"crs/internal/account"
	"crs/internal/errs"
	"crs/internal/oauth"
	"crs/internal/patience"
	"crs/internal/store"
	"crs/proxyengine/provider"
)

// finish keeps the account of a login that has its credential, and ends the login.
func (o *Operations) finish(ctx context.Context, try *oauth.Try[*pending], d *deed) (ctl.LoggedIn, error) {
	d.void, d.entry.Subject.Name = false, try.Of.told.Name
	kept, err := o.keep(ctx, try.Of, d)
	if err != nil {
		return ctl.LoggedIn{}, o.unfinished(try, err)
	}
	try.Over("was used already")
	return ctl.LoggedIn{Account: o.show(kept), Renewed: try.Of.told.Renews}, nil
}

// keep asks for what the account still lacks, and adds it or renews the one that there is. Whatever goes wrong is nothing
// that another code would mend.
func (o *Operations) keep(ctx context.Context, x *pending, d *deed) (kept *account.Account, err error) {
	acc := cloned(x.got)
	if err = o.complete(ctx, acc); err == nil {
		kept, err = o.enter(ctx, x, acc, d)
	}
	if e := ErrorOf(err); err != nil && e.Code == ctl.BadRequest {
		return nil, ctl.Errorf(ctl.Failed, "%s", e.Message).WithHint("%s", e.Hint)
	}
	return kept, err
}

func (o *Operations) enter(ctx context.Context, x *pending, acc *account.Account, d *deed) (*account.Account, error) {
	var before *account.Account
	kept, err := insist(ctx, func() (*account.Account, error) {
		if !x.told.Renews {
			return o.opt.Roster.Add(ctx, *acc)
		}
		return o.opt.Roster.Relogin(ctx, acc.ID, func(now *account.Account) {
			before = cloned(now)
			graft(now, x.draft, acc)
		})
	})
	switch {
	case err != nil:
	case before != nil:
		d.did(kept.ID, kept.Name, o.changedAccount(before, kept))
	default:
		d.did(kept.ID, kept.Name, changed(nil, o.factsOfAccount(kept)))
	}
	return kept, err
}

// insist tries to write what was got for something that counts once, as long as the store takes no writes and ctx allows.
func insist(ctx context.Context, write func() (*account.Account, error)) (*account.Account, error) {
	for {
		kept, err := write()
		if err == nil || !errors.Is(err, store.ErrNotWritable) && !errors.Is(err, store.ErrUnavailable) {
			return kept, err
		}
		if !patience.Pause(ctx, insistAgain) {
			return nil, err
		}
	}
}

const insistAgain = 500 * time.Millisecond

// writable makes sure that what counts once is not used up for a store that takes no writes.
func (o *Operations) writable(ctx context.Context) error {
	if o.opt.Writable == nil {
		return nil
	}
	return errs.Wrap(o.opt.Writable(ctx), "nothing was used up")
}

// graft puts onto an account what a login has changed since it was begun.
func graft(onto, before, after *account.Account) {
	onto.Credential = after.Credential
	onto.Options = maps.Clone(onto.Options)
	for name, value := range after.Options {
		if before.Options[name] != value {
			if onto.Options == nil {
				onto.Options = map[string]string{}
			}
			onto.Options[name] = value
		}
	}
	maps.DeleteFunc(onto.Options, func(name, _ string) bool { return before.Options[name] != "" && after.Options[name] == "" })
	if !after.SubscriptionEnds.Equal(before.SubscriptionEnds) {
		onto.SubscriptionEnds = after.SubscriptionEnds
	}
}

// complete has the provider ask its upstream for what an account lacks that was logged into or imported, and checks the
// whole.
func (o *Operations) complete(ctx context.Context, a *account.Account) error {
	p := o.opt.Platforms[a.Platform]
	if f, ok := p.(provider.Finisher); ok {
		call := o.opt.Caller(a)
		if err := o.freshen(ctx, call, p, a); err != nil {
			return err
		}
		if err := f.Finish(ctx, call, a); err != nil {
			return fmt.Errorf("finish the login of account %s: %w", a.Name, err)
		}
	}
	return o.check(p, a)
}

// freshen refreshes a token that has ended: one that was imported mostly has.
func (o *Operations) freshen(ctx context.Context, call provider.Call, p provider.Provider, a *account.Account) error {
	renewer, ok := p.(provider.Renewer)
	if !ok || a.Credential.Refresh.Empty() || !a.Credential.Stale(o.opt.Now()) {
		return nil
	}
	if err := o.writable(ctx); err != nil {
		return err
	}
	out, err := renewer.RenewRequest(a)
	if err != nil {
		return err
	}
	reply, err := call(ctx, out)
	if err != nil {
		return fmt.Errorf("refresh the token of account %s: %w", a.Name, err)
	}
	fresh, err := renewer.Renewed(a, reply)
	if gone, ok := errors.AsType[*provider.NeedsLogin](err); ok {
		return ctl.Errorf(ctl.BadRequest, "the login is no longer good: %s", gone).WithHint("log in anew: crs account login %s %s", a.Platform, a.Name)
	}
	if err == nil {
		a.Credential = fresh
	}
	return err
}

// unfinished says what came of a try that failed, and what can be done now.
func (o *Operations) unfinished(try *oauth.Try[*pending], err error) error {
	if errors.Is(err, store.ErrNotWritable) || errors.Is(err, store.ErrUnavailable) {
		try.Pause() // the code was as good as before
	}
	x, left := try.Of, try.Failed()
	e := *ErrorOf(err)
	bad, isBad := errors.AsType[*provider.BadCode](err)
	if isBad {
		e.Code, e.Message = ctl.BadRequest, bad.Why
	}
	switch {
	case left == 0:
		e.Code, e.Message, e.Hint = ctl.Conflict, fmt.Sprintf("%s; that was the last of %d tries", e.Message, oauth.LoginTries), beginAgain(x)
	case isBad:
		e.Hint = fmt.Sprintf("paste it once more (%d of %d tries are left), or %s", left, oauth.LoginTries, beginAgain(x))
	case e.Hint == "":
		e.Hint = fmt.Sprintf("the login is open for %s more: %s", try.Ends.Sub(o.opt.Now()).Round(time.Second), finishAgain(x))
		if proxy := lookAtProxy(x.draft); proxy != "" {
			e.Hint = proxy + "; " + e.Hint
		}
	}
	return &worded{&e, err}
}

func finishAgain(x *pending) string {
	if x.device != nil {
		return "crs account login --finish " + x.told.ID
	}
	return "crs account login --finish " + x.told.ID + " --code CODE"
}
