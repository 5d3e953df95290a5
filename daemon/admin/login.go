package admin

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"time"

	"crs/ctl"
	"crs/internal/account"
	"crs/internal/oauth"
	"crs/internal/secret"
	"crs/proxyengine/provider"
)

// pending is a login that has begun. Only whoever has its try changes it.
type pending struct {
	told  ctl.Login        // what was said of it; it stays as it is
	draft *account.Account // the account as it will be, or is; without a credential
	// Exactly one of these is set.
	login  *provider.Login
	device *provider.Device

	next time.Time        // when the provider may be asked again whether the device's owner has agreed
	got  *account.Account // draft with its new credential, once there is one
}

// exchangeLimit is how long a code may take to become an account that is kept.
const exchangeLimit = time.Minute

// exchange is the context of an exchange. It goes on when the caller leaves: a code counts once, and what it was exchanged
// for must be kept.
func exchange(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), exchangeLimit)
}

// BeginLogin begins a login in a browser or on another device. With the name of an account that there is, it replaces that
// account's credential.
func (o *Operations) BeginLogin(ctx context.Context, in ctl.NewLogin) (_ ctl.Login, err error) {
	d := o.begins(ctx, LoginBegin, in.Name)
	d.void = true
	defer d.end(&err)
	p, err := o.provider(in.Platform)
	if err != nil {
		return ctl.Login{}, err
	}
	x := new(pending)
	if err := o.draftLogin(x, &in); err != nil {
		return ctl.Login{}, err
	}
	if err := o.startLogin(ctx, x, p, &in); err != nil {
		return ctl.Login{}, err
	}
	var latest time.Time
	if x.device != nil {
		latest = x.device.Ends
	}
	if x.told.ID, x.told.ExpiresAt, err = o.logins.Begin(x, latest); err != nil {
		return ctl.Login{}, err
	}
	x.told.ExpiresAt = x.told.ExpiresAt.UTC()
	d.void = false
	d.did(x.told.ID, x.told.Name, changed(nil, facts{"platform": x.told.Platform, "renews": strconv.FormatBool(x.told.Renews)}))
	return x.told, nil
}

// draftLogin finds the account that is to be renewed, or drafts a new one. What is wrong with it is said before anybody has
// gone through a login for nothing.
func (o *Operations) draftLogin(x *pending, in *ctl.NewLogin) error {
	if in.APIKey != "" || in.File != nil {
		return ctl.Errorf(ctl.BadRequest, "a login takes neither an API key nor a file")
	}
	x.told.Platform, x.told.Name = in.Platform, in.Name
	old, err := o.opt.Roster.Get(in.Name)
	if err != nil {
		return o.draftNew(x, &in.NewAccount)
	}
	switch alone := (ctl.NewAccount{Platform: in.Platform, Name: in.Name}); {
	case old.Platform != in.Platform:
		return ctl.Errorf(ctl.Conflict, "account %s is on platform %s, not %s", old.Name, old.Platform, in.Platform).WithHint("give the new account another name")
	case !reflect.DeepEqual(in.NewAccount, alone):
		return ctl.Errorf(ctl.BadRequest, "there is an account %s already, of which a login renews the credential and nothing else", old.Name).
			WithHint("change the rest with: crs account edit")
	}
	x.draft, x.told.Name, x.told.Renews = cloned(old), old.Name, true
	x.draft.Credential = account.Credential{} // nothing of the old one may get into the new one
	return nil
}

func (o *Operations) draftNew(x *pending, in *ctl.NewAccount) (err error) {
	if x.draft, err = o.draft(in); err != nil {
		return err
	}
	if err := checkProxy(x.draft); err != nil {
		return err
	}
	probe := *x.draft
	probe.Credential = account.Credential{Kind: account.OAuth, Secret: secret.New("to-come")}
	if err := probe.Validate(); err != nil {
		return invalid(err)
	}
	return nil
}

// cloned is a copy that shares nothing that a provider may fill in.
func cloned(a *account.Account) *account.Account {
	c := *a
	c.Options = maps.Clone(a.Options)
	return &c
}

// startLogin has the provider begin a login: in a browser, or on another device when that was asked for or is all there is.
func (o *Operations) startLogin(ctx context.Context, x *pending, p provider.Provider, in *ctl.NewLogin) (err error) {
	browser, pasted := p.(provider.Authorizer)
	other, onDevice := p.(provider.DeviceAuthorizer)
	switch {
	case in.Device && in.SetupToken:
		return ctl.Errorf(ctl.BadRequest, "a setup token comes from a login in a browser, not from one on another device")
	case !pasted && !onDevice:
		return ctl.Errorf(ctl.BadRequest, "platform %s has no login", in.Platform).WithHint("add an account of it with: crs account add %s NAME --api-key-file FILE", in.Platform)
	case in.Device && !onDevice:
		return ctl.Errorf(ctl.BadRequest, "platform %s has no login on another device", in.Platform).WithHint("log in in a browser: crs account login %s NAME", in.Platform)
	case in.SetupToken && !pasted:
		return ctl.Errorf(ctl.BadRequest, "platform %s has no setup tokens", in.Platform)
	case in.Device || !pasted:
		return o.startDevice(ctx, x, other)
	}
	if x.login, err = browser.Authorize(in.Platform, in.SetupToken); err != nil {
		return ctl.Errorf(ctl.BadRequest, "%s", err)
	}
	x.told.URL = x.login.URL
	return nil
}

func (o *Operations) startDevice(ctx context.Context, x *pending, p provider.DeviceAuthorizer) (err error) {
	ctx, stop := context.WithTimeout(ctx, exchangeLimit)
	defer stop()
	if x.device, err = p.BeginDevice(ctx, o.opt.Caller(x.draft), x.draft.Platform); err != nil {
		return ctl.Errorf(ctl.Failed, "%s", err).WithHint("%s", lookAtProxy(x.draft))
	}
	d := x.device
	x.told.URL = d.URL
	x.told.Device = &ctl.DeviceLogin{URL: d.URL, Code: d.Code, Direct: d.Direct, IntervalSeconds: pause(d).Seconds()}
	return nil
}

// lookAtProxy is a hint when an account has a proxy, which may be what is in the way.
func lookAtProxy(a *account.Account) string {
	if a.Proxy.Empty() {
		return ""
	}
	return "it was tried through the account's proxy " + bare(a.Proxy)
}

// pause is how long to wait between two questions.
func pause(d *provider.Device) time.Duration {
	if d.Interval <= 0 {
		return 5 * time.Second
	}
	return d.Interval
}

// Login gives a login that has begun and not ended.
func (o *Operations) Login(_ context.Context, id string) (ctl.Login, error) {
	x, err := o.logins.Look(id)
	if err != nil {
		return ctl.Login{}, err
	}
	return x.told, nil
}

// CancelLogin gives a login up.
func (o *Operations) CancelLogin(ctx context.Context, id string) (err error) {
	d := o.begins(ctx, LoginCancel, "")
	defer d.end(&err)
	name := ""
	if x, err := o.logins.Look(id); err == nil {
		name = x.told.Name
	}
	d.did(id, name, nil)
	return o.logins.Drop(id)
}

// FinishLogin ends a login in a browser with what was pasted. After an error with the code BadRequest another text can be pasted.
func (o *Operations) FinishLogin(ctx context.Context, id string, in ctl.LoginCode) (_ ctl.LoggedIn, err error) {
	d := o.begins(ctx, AccountLogin, "")
	d.void = true // until the code is exchanged
	defer d.end(&err)
	code := strings.TrimSpace(in.Code)
	if code == "" || len(code) > 16<<10 {
		return ctl.LoggedIn{}, ctl.Errorf(ctl.BadRequest, "the code is empty, or far too long to be one")
	}
	try, err := o.logins.Try(id)
	if err != nil {
		return ctl.LoggedIn{}, err
	}
	defer try.Pause()
	if try.Of.device != nil {
		return ctl.LoggedIn{}, ctl.Errorf(ctl.BadRequest, "login %s takes no code: the account's owner types one on another device", try.Of.told.ID).
			WithHint("wait for that with: crs account login --finish %s", try.Of.told.ID)
	}
	ctx, stop := exchange(ctx)
	defer stop()
	if err := o.redeem(ctx, try.Of, code); err != nil {
		return ctl.LoggedIn{}, o.unfinished(try, err)
	}
	return o.finish(ctx, try, d)
}

// redeem exchanges the code, unless that was done and only what comes after it failed.
func (o *Operations) redeem(ctx context.Context, x *pending, code string) error {
	if x.got != nil {
		return nil
	}
	p, ok := o.opt.Platforms[x.draft.Platform].(provider.Authorizer)
	if !ok {
		return ctl.Errorf(ctl.Failed, "platform %s has no login", x.draft.Platform)
	}
	if err := o.writable(ctx); err != nil {
		return err
	}
	acc := cloned(x.draft)
	if err := p.Redeem(ctx, o.opt.Caller(acc), x.login, code, acc); err != nil {
		return err
	}
	x.got = acc
	return nil
}

// PollLogin asks whether a login on another device is done. An error ends the login, or the account could not be kept.
func (o *Operations) PollLogin(ctx context.Context, id string) (_ ctl.LoginPoll, err error) {
	d := o.begins(ctx, AccountLogin, "")
	d.void = true // until the account's owner has agreed
	defer d.end(&err)
	try, err := o.logins.Try(id)
	if not, ok := errors.AsType[*oauth.NotOpen](err); ok && not.Busy {
		return ctl.LoginPoll{IntervalSeconds: 1}, nil // somebody else is asking
	}
	if err != nil {
		return ctl.LoginPoll{}, err
	}
	defer try.Pause()
	x := try.Of
	if x.device == nil {
		return ctl.LoginPoll{}, ctl.Errorf(ctl.BadRequest, "login %s is finished with a code", x.told.ID).
			WithHint("give it with: crs account login --finish %s --code CODE", x.told.ID)
	}
	ctx, stop := exchange(ctx)
	defer stop()
	if agreed, trouble, err := o.agreed(ctx, x); !agreed || err != nil {
		if err != nil {
			try.Over("was not agreed to")
		}
		return ctl.LoginPoll{Trouble: trouble, IntervalSeconds: pause(x.device).Seconds()}, err
	}
	done, err := o.finish(ctx, try, d)
	if err != nil {
		return ctl.LoginPoll{}, err
	}
	return ctl.LoginPoll{Done: true, Account: &done}, nil
}

// agreed asks the provider whether the owner has agreed, but not more often than it wants. An error is the end of the login;
// trouble may pass.
func (o *Operations) agreed(ctx context.Context, x *pending) (agreed bool, trouble string, err error) {
	if x.got != nil || o.opt.Now().Before(x.next) {
		return x.got != nil, "", nil
	}
	p, ok := o.opt.Platforms[x.draft.Platform].(provider.DeviceAuthorizer)
	if !ok {
		return false, "", ctl.Errorf(ctl.Failed, "platform %s has no login on another device", x.draft.Platform)
	}
	if err := o.writable(ctx); err != nil {
		return false, err.Error(), nil
	}
	acc := cloned(x.draft)
	agreed, err = p.PollDevice(ctx, o.opt.Caller(acc), x.device, acc)
	x.next = o.opt.Now().Add(pause(x.device))
	var final *provider.BadCode
	switch {
	case errors.As(err, &final):
		return false, "", ctl.Errorf(ctl.Failed, "%s", final.Why).WithHint("%s", beginAgain(x))
	case err != nil:
		return false, err.Error(), nil
	case agreed:
		x.got = acc
	}
	return agreed, "", nil
}

func beginAgain(x *pending) string {
	return "begin again: crs account login " + x.told.Platform + " " + x.told.Name
}
