package admin

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"crs/ctl"
	"crs/internal/account"
	"crs/internal/convert"
	"crs/internal/secret"
	"crs/internal/store"
	"crs/proxyengine/provider"
	"crs/proxyengine/upstream"
)

// Accounts lists the accounts, by name.
func (o *Operations) Accounts(context.Context) ([]ctl.Account, error) {
	return convert.All(o.opt.Roster.List(), o.show), nil
}

// Account finds an account by name or id, as all operations do.
func (o *Operations) Account(_ context.Context, ref string) (ctl.Account, error) {
	a, err := o.opt.Roster.Get(ref)
	if err != nil {
		return ctl.Account{}, err
	}
	return o.show(a), nil
}

// show tells of an account what may be told.
func (o *Operations) show(a *account.Account) ctl.Account {
	out := ctl.Account{
		ID: a.ID, Name: a.Name, Platform: a.Platform, Enabled: !a.Disabled, Version: a.Version, BaseURL: a.BaseURL, Proxy: bare(a.Proxy),
		Priority: a.Priority, MaxConcurrency: a.MaxConcurrency, Groups: o.groupNames(a.Groups), AnyClient: a.AnyClient,
		Models: list(a.Models), Map: a.Map, Options: a.Options, Note: a.Note, CreatedAt: a.CreatedAt, Credential: string(a.Credential.Kind),
		TokenExpiresAt: moment(a.Credential.ExpiresAt), EndsAt: moment(a.SubscriptionEnds),
	}
	s, _ := o.opt.Pool.Status(a.ID)
	out.State, out.Until, out.Why = string(s.State), moment(s.Until), s.Why
	out.Rests = convert.All(s.Rests, o.showRest)
	out.Windows = convert.All(s.Windows, func(w account.Window) ctl.Window {
		return ctl.Window{Name: w.Name, Used: w.Used, Status: w.Status, ResetsAt: moment(w.ResetsAt)}
	})
	out.InUse, out.LastUsed, out.Failures = s.InUse, moment(s.LastUsed), s.Failures
	out.LastError, out.LastErrAt = s.LastErr, moment(s.LastErrAt)
	return out
}

func (o *Operations) showRest(r account.Cooldown) ctl.Cooldown {
	out := ctl.Cooldown{Since: r.Since.UTC(), Until: r.Until.UTC(), Evidence: r.Evidence}
	if r.Key != "" {
		r.Key = o.opt.Keys.NameOf(r.Key)
		out.Key = r.Key
	}
	out.Scope = r.About()
	return out
}

// bare is a proxy's URL without its credentials.
func bare(proxy secret.String) string {
	if proxy.Empty() {
		return ""
	}
	u, err := url.Parse(proxy.Reveal())
	if err != nil {
		return proxy.String()
	}
	u.User = nil
	return u.String()
}

func (o *Operations) groupNames(ids []string) []string {
	names := []string{}
	for _, id := range ids {
		if g, err := o.opt.Roster.Group(id); err == nil {
			names = append(names, g.Name)
		}
	}
	return names
}

// moment is nil for the zero time.
func moment(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return new(at.UTC())
}

// list is never null in JSON.
func list(items []string) []string { return append([]string{}, items...) }

// AddAccount adds an account.
func (o *Operations) AddAccount(ctx context.Context, in ctl.NewAccount) (_ ctl.Account, err error) {
	d := o.begins(ctx, AccountAdd, in.Name)
	defer d.end(&err)
	if d.void = true; in.File != nil {
		d.entry.Action = string(AccountImport)
	}
	ctx, stop := exchange(ctx)
	defer stop()
	a, err := o.newAccount(ctx, &in)
	if err != nil {
		return ctl.Account{}, err
	}
	d.void = false
	added, err := o.opt.Roster.Add(ctx, *a)
	if err != nil {
		return ctl.Account{}, invalid(err)
	}
	d.did(added.ID, added.Name, changed(nil, o.factsOfAccount(added)))
	return o.show(added), nil
}

func (o *Operations) newAccount(ctx context.Context, in *ctl.NewAccount) (*account.Account, error) {
	p, err := o.provider(in.Platform)
	if err != nil {
		return nil, err
	}
	a, err := o.draft(in)
	if err != nil {
		return nil, err
	}
	if in.File != nil {
		return a, o.importInto(ctx, p, in.File, a)
	}
	a.Credential = account.Credential{Kind: account.APIKey, Secret: secret.New(strings.TrimSpace(in.APIKey))}
	return a, o.check(p, a)
}

func (o *Operations) provider(platform string) (provider.Provider, error) {
	p := o.opt.Platforms[platform]
	if p == nil {
		return nil, ctl.Errorf(ctl.BadRequest, "there is no platform %q", platform).WithHint("the platforms are: %s", strings.Join(o.platforms(), ", "))
	}
	return p, nil
}

// draft is an account without a credential.
func (o *Operations) draft(in *ctl.NewAccount) (*account.Account, error) {
	a := &account.Account{
		Name: in.Name, Platform: in.Platform, BaseURL: in.BaseURL, Proxy: secret.New(in.Proxy), Priority: account.DefaultPriority,
		MaxConcurrency: in.MaxConcurrency, AnyClient: in.AnyClient, Models: in.Models, Map: in.Map, Options: in.Options, Note: in.Note,
	}
	assign(&a.Priority, in.Priority)
	for _, ref := range in.Groups {
		g, err := o.opt.Roster.Group(ref)
		if err != nil {
			return nil, err
		}
		a.Groups = append(a.Groups, g.ID)
	}
	return a, nil
}

func (o *Operations) platforms() []string {
	return slices.Sorted(maps.Keys(o.opt.Platforms))
}

// importInto gives an account the credential that is in a file. What may refuse the account does so before a token of the
// file is used up.
func (o *Operations) importInto(ctx context.Context, p provider.Provider, file []byte, a *account.Account) error {
	importer, ok := p.(provider.Importer)
	if !ok {
		return ctl.Errorf(ctl.BadRequest, "platform %s has no file to import", a.Platform)
	}
	if err := importer.Import(a.Platform, file, a); err != nil {
		return ctl.Errorf(ctl.BadRequest, "%s", err)
	}
	if err := a.Validate(); err != nil {
		return invalid(err)
	}
	if err := checkProxy(a); err != nil {
		return err
	}
	if _, err := o.opt.Roster.Get(a.Name); err == nil {
		return &account.Taken{What: "account", Name: a.Name}
	}
	return o.complete(ctx, a)
}

// check has everybody who will work with an account look at it before it is kept.
func (o *Operations) check(p provider.Provider, a *account.Account) error {
	if err := checkProxy(a); err != nil {
		return err
	}
	if c, ok := p.(provider.Canonicalizer); ok && !a.Credential.Secret.Empty() {
		word, err := c.Canonical(a)
		if err != nil {
			return ctl.Errorf(ctl.BadRequest, "%s", err)
		}
		a.Credential.Secret = word
	}
	if checker, ok := p.(provider.Checker); ok && !a.Credential.Secret.Empty() {
		if err := checker.Check(a); err != nil {
			return ctl.Errorf(ctl.BadRequest, "%s", err)
		}
	}
	return nil
}

func checkProxy(a *account.Account) error {
	if a.Proxy.Empty() {
		return nil
	}
	if _, err := upstream.ParseProxy(a.Proxy); err != nil {
		return ctl.Errorf(ctl.BadRequest, "%s", err)
	}
	return nil
}

// EditAccount changes the fields of an account that are given.
func (o *Operations) EditAccount(ctx context.Context, ref string, in ctl.AccountEdit) (ctl.Account, error) {
	return o.editAccount(ctx, AccountEdit, ref, func(a *account.Account) error {
		if in.Version != nil && *in.Version != a.Version {
			return &store.Conflict{Kind: store.Account, ID: a.ID, Want: *in.Version, Got: a.Version}
		}
		if in.APIKey != nil && a.Credential.Kind != account.APIKey {
			return ctl.Errorf(ctl.BadRequest, "account %s has %s, not an API key", a.Name, instead(a.Credential.Kind))
		}
		edit(a, &in)
		if in.File != nil {
			if err := o.newCredentials(a, []byte(*in.File)); err != nil {
				return err
			}
		}
		return o.check(o.opt.Platforms[a.Platform], a)
	})
}

// EnableAccount takes an account into use.
func (o *Operations) EnableAccount(ctx context.Context, ref string) (ctl.Account, error) {
	return o.editAccount(ctx, AccountEnable, ref, func(a *account.Account) error { a.Disabled = false; return nil })
}

// DisableAccount takes an account out of use; what it is serving goes on.
func (o *Operations) DisableAccount(ctx context.Context, ref string) (ctl.Account, error) {
	return o.editAccount(ctx, AccountDisable, ref, func(a *account.Account) error { a.Disabled = true; return nil })
}

// editAccount changes an account, and says what differs.
func (o *Operations) editAccount(ctx context.Context, action Action, ref string, change func(*account.Account) error) (_ ctl.Account, err error) {
	d := o.begins(ctx, action, ref)
	defer d.end(&err)
	var before account.Account
	edited, err := o.opt.Roster.Edit(ctx, ref, func(a *account.Account) error {
		before = *a
		return change(a)
	})
	if err != nil {
		return ctl.Account{}, invalid(err)
	}
	d.did(edited.ID, edited.Name, o.changedAccount(&before, edited))
	return o.show(edited), nil
}

// newCredentials gives an account that has a file of credentials another one.
func (o *Operations) newCredentials(a *account.Account, file []byte) error {
	importer, ok := o.opt.Platforms[a.Platform].(provider.Importer)
	if !ok || a.Credential.Kind != account.ServiceAccount {
		return ctl.Errorf(ctl.BadRequest, "account %s has no file of credentials", a.Name)
	}
	generation := a.Credential.Generation
	if err := importer.Import(a.Platform, file, a); err != nil {
		return ctl.Errorf(ctl.BadRequest, "%s", err)
	}
	a.Credential.Generation = generation + 1 // also where the same was given again: what was held against it is forgotten
	return nil
}

// instead is what an account has in the place of an API key.
func instead(of account.Kind) string {
	if of == account.ServiceAccount {
		return "a file of credentials"
	}
	return "a login"
}

func edit(a *account.Account, in *ctl.AccountEdit) {
	if in.APIKey != nil {
		a.Credential.Secret = secret.New(strings.TrimSpace(*in.APIKey))
	}
	if in.Proxy != nil {
		a.Proxy = secret.New(*in.Proxy)
	}
	assign(&a.BaseURL, in.BaseURL)
	assign(&a.Priority, in.Priority)
	assign(&a.MaxConcurrency, in.MaxConcurrency)
	assign(&a.AnyClient, in.AnyClient)
	assign(&a.Models, in.Models)
	assign(&a.Map, in.Map)
	assign(&a.Options, in.Options)
	assign(&a.Note, in.Note)
	assign(&a.SubscriptionEnds, in.EndsAt)
}

// assign sets what was given.
func assign[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// RemoveAccount deletes an account that no key is bound to, and its credential.
func (o *Operations) RemoveAccount(ctx context.Context, ref string) (err error) {
	d := o.begins(ctx, AccountRemove, ref)
	defer d.end(&err)
	a, err := o.opt.Roster.Get(ref)
	if err != nil {
		return err
	}
	for _, k := range o.opt.Keys.List() {
		if k.Policy.Account == a.ID {
			return ctl.Errorf(ctl.Conflict, "key %s is bound to account %s", k.Name, a.Name).
				WithHint("bind it to another one first: crs key edit %s --account NAME", k.Name)
		}
	}
	d.did(a.ID, a.Name, changed(o.factsOfAccount(a), nil))
	return o.opt.Roster.Remove(ctx, a.ID)
}

// ThawAccount ends every cool-down of an account, and what was held against it.
func (o *Operations) ThawAccount(ctx context.Context, ref string) (_ ctl.Account, err error) {
	d := o.begins(ctx, AccountThaw, ref)
	defer d.end(&err)
	a, err := o.opt.Roster.Get(ref)
	if err != nil {
		return ctl.Account{}, err
	}
	before := o.show(a)
	o.opt.Pool.Thaw(a.ID)
	after := o.show(a)
	d.did(a.ID, a.Name, changed(
		facts{"state": before.State, "why": before.Why, "rests": strconv.Itoa(len(before.Rests))},
		facts{"state": after.State, "why": after.Why, "rests": strconv.Itoa(len(after.Rests))}))
	return after, nil
}

// RefreshAccount renews an account's token now.
func (o *Operations) RefreshAccount(ctx context.Context, ref string) (_ ctl.Account, err error) {
	d := o.begins(ctx, AccountRefresh, ref)
	defer d.end(&err)
	a, err := o.opt.Roster.Get(ref)
	if err != nil {
		return ctl.Account{}, err
	}
	if a.Credential.Refresh.Empty() {
		return ctl.Account{}, ctl.Errorf(ctl.BadRequest, "account %s has no token that can be refreshed", a.Name)
	}
	renewed, err := o.opt.Tokens.Renew(ctx, a)
	if err != nil {
		return ctl.Account{}, err
	}
	d.did(a.ID, a.Name, o.changedAccount(a, renewed))
	return o.show(renewed), nil
}

// TestAccount asks an account for a few tokens of a model ("" for a cheap one).
func (o *Operations) TestAccount(ctx context.Context, ref, model string) (ctl.AccountTest, error) {
	a, err := o.opt.Roster.Get(ref)
	if err != nil {
		return ctl.AccountTest{}, err
	}
	t, err := o.opt.Engine.Test(ctx, a, model)
	if err != nil {
		return ctl.AccountTest{}, ctl.Errorf(ctl.BadRequest, "%s", err)
	}
	return ctl.AccountTest{OK: t.OK, Model: t.Model, Status: t.Status, Message: t.Message, Millis: t.Took.Milliseconds()}, nil
}
