package control

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"crs/ctl"
	"crs/internal/account"
	"crs/internal/secret"
	"crs/internal/store"
	"crs/proxyengine/provider"
	"crs/proxyengine/upstream"
)

func (h *Handler) accounts(*http.Request) (any, error) {
	all := []ctl.Account{}
	for _, a := range h.opt.Roster.List() {
		all = append(all, h.show(a))
	}
	return all, nil
}

func (h *Handler) account(r *http.Request) (any, error) {
	a, err := h.opt.Roster.Get(r.PathValue("ref"))
	if err != nil {
		return nil, err
	}
	return h.show(a), nil
}

// show tells of an account what may be told.
func (h *Handler) show(a *account.Account) ctl.Account {
	out := ctl.Account{
		ID: a.ID, Name: a.Name, Platform: a.Platform, Enabled: !a.Disabled, Version: a.Version, BaseURL: a.BaseURL, Proxy: bare(a.Proxy),
		Priority: a.Priority, MaxConcurrency: a.MaxConcurrency, Groups: h.groupNames(a.Groups), AnyClient: a.AnyClient,
		Models: list(a.Models), Map: a.Map, Options: a.Options, Note: a.Note, CreatedAt: a.CreatedAt, Credential: string(a.Credential.Kind),
		TokenExpiresAt: moment(a.Credential.ExpiresAt), EndsAt: moment(a.SubscriptionEnds), Rests: []ctl.Rest{}, Windows: []ctl.Window{},
	}
	s, ok := h.opt.Pool.Status(a.ID)
	if !ok {
		return out
	}
	out.State, out.Until, out.Why = string(s.State), moment(s.Until), s.Why
	for _, r := range s.Rests {
		out.Rests = append(out.Rests, h.showRest(r))
	}
	for _, w := range s.Windows {
		out.Windows = append(out.Windows, ctl.Window{Name: w.Name, Used: w.Used, Status: w.Status, ResetsAt: moment(w.ResetsAt)})
	}
	out.InUse, out.LastUsed, out.Failures = s.InUse, moment(s.LastUsed), s.Failures
	out.LastError, out.LastErrAt = s.LastErr, moment(s.LastErrAt)
	return out
}

func (h *Handler) showRest(r account.Rest) ctl.Rest {
	out := ctl.Rest{Since: r.Since.UTC(), Until: r.Until.UTC(), Evidence: r.Evidence}
	if r.Key != "" {
		r.Key = h.opt.Keys.NameOf(r.Key)
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

func (h *Handler) groupNames(ids []string) []string {
	names := []string{}
	for _, id := range ids {
		if g, err := h.opt.Roster.Group(id); err == nil {
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
	at = at.UTC()
	return &at
}

// list is never null in JSON.
func list(items []string) []string {
	if items == nil {
		return []string{}
	}
	return items
}

func (h *Handler) addAccount(r *http.Request) (any, error) {
	in, err := read[ctl.NewAccount](r)
	if err != nil {
		return nil, err
	}
	ctx, stop := exchange(r)
	defer stop()
	a, err := h.newAccount(ctx, &in)
	if err != nil {
		return nil, err
	}
	added, err := h.opt.Roster.Add(ctx, *a)
	if err != nil {
		return nil, invalid(err)
	}
	return h.show(added), nil
}

func (h *Handler) newAccount(ctx context.Context, in *ctl.NewAccount) (*account.Account, error) {
	p, err := h.provider(in.Platform)
	if err != nil {
		return nil, err
	}
	a, err := h.draft(in)
	if err != nil {
		return nil, err
	}
	if in.File != nil {
		return a, h.importInto(ctx, p, in.File, a)
	}
	a.Credential = account.Credential{Kind: account.APIKey, Secret: secret.New(strings.TrimSpace(in.APIKey))}
	return a, h.check(p, a)
}

func (h *Handler) provider(platform string) (provider.Provider, error) {
	p := h.opt.Platforms[platform]
	if p == nil {
		return nil, ctl.Errorf(ctl.BadRequest, "there is no platform %q", platform).WithHint("the platforms are: %s", strings.Join(h.platforms(), ", "))
	}
	return p, nil
}

// draft is an account without a credential.
func (h *Handler) draft(in *ctl.NewAccount) (*account.Account, error) {
	a := &account.Account{
		Name: in.Name, Platform: in.Platform, BaseURL: in.BaseURL, Proxy: secret.New(in.Proxy), Priority: account.DefaultPriority,
		MaxConcurrency: in.MaxConcurrency, AnyClient: in.AnyClient, Models: in.Models, Map: in.Map, Options: in.Options, Note: in.Note,
	}
	assign(&a.Priority, in.Priority)
	for _, ref := range in.Groups {
		g, err := h.opt.Roster.Group(ref)
		if err != nil {
			return nil, err
		}
		a.Groups = append(a.Groups, g.ID)
	}
	return a, nil
}

func (h *Handler) platforms() []string {
	return slices.Sorted(maps.Keys(h.opt.Platforms))
}

// importInto gives an account the credential that is in a file. What may refuse the account does so before a token of the
// file is used up.
func (h *Handler) importInto(ctx context.Context, p provider.Provider, file []byte, a *account.Account) error {
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
	if _, err := h.opt.Roster.Get(a.Name); err == nil {
		return &account.Taken{What: "account", Name: a.Name}
	}
	return h.complete(ctx, a)
}

// check has everybody who will work with an account look at it before it is kept.
func (h *Handler) check(p provider.Provider, a *account.Account) error {
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

func (h *Handler) editAccount(r *http.Request) (any, error) {
	in, err := read[ctl.AccountEdit](r)
	if err != nil {
		return nil, err
	}
	edited, err := h.opt.Roster.Edit(r.Context(), r.PathValue("ref"), func(a *account.Account) error {
		if in.Version != nil && *in.Version != a.Version {
			return &store.Conflict{Kind: store.Account, ID: a.ID, Want: *in.Version, Got: a.Version}
		}
		if in.APIKey != nil && a.Credential.Kind != account.APIKey {
			return ctl.Errorf(ctl.BadRequest, "account %s has %s, not an API key", a.Name, instead(a.Credential.Kind))
		}
		edit(a, &in)
		if in.File != nil {
			if err := h.newCredentials(a, []byte(*in.File)); err != nil {
				return err
			}
		}
		return h.check(h.opt.Platforms[a.Platform], a)
	})
	if err != nil {
		return nil, invalid(err)
	}
	return h.show(edited), nil
}

// newCredentials gives an account that has a file of credentials another one.
func (h *Handler) newCredentials(a *account.Account, file []byte) error {
	importer, ok := h.opt.Platforms[a.Platform].(provider.Importer)
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

func (h *Handler) removeAccount(r *http.Request) (any, error) {
	a, err := h.opt.Roster.Get(r.PathValue("ref"))
	if err != nil {
		return nil, err
	}
	for _, k := range h.opt.Keys.List() {
		if k.Policy.Account == a.ID {
			return nil, ctl.Errorf(ctl.Conflict, "key %s is bound to account %s", k.Name, a.Name).
				WithHint("bind it to another one first: crs key edit %s --account NAME", k.Name)
		}
	}
	return nil, h.opt.Roster.Remove(r.Context(), a.ID)
}

func (h *Handler) enableAccount(r *http.Request) (any, error)  { return h.setDisabled(r, false) }
func (h *Handler) disableAccount(r *http.Request) (any, error) { return h.setDisabled(r, true) }

func (h *Handler) setDisabled(r *http.Request, off bool) (any, error) {
	a, err := h.opt.Roster.Edit(r.Context(), r.PathValue("ref"), func(a *account.Account) error {
		a.Disabled = off
		return nil
	})
	if err != nil {
		return nil, err
	}
	return h.show(a), nil
}

func (h *Handler) thawAccount(r *http.Request) (any, error) {
	a, err := h.opt.Roster.Get(r.PathValue("ref"))
	if err != nil {
		return nil, err
	}
	h.opt.Pool.Thaw(a.ID)
	return h.show(a), nil
}

func (h *Handler) refreshAccount(r *http.Request) (any, error) {
	a, err := h.opt.Roster.Get(r.PathValue("ref"))
	if err != nil {
		return nil, err
	}
	if a.Credential.Refresh.Empty() {
		return nil, ctl.Errorf(ctl.BadRequest, "account %s has no token that can be refreshed", a.Name)
	}
	renewed, err := h.opt.Tokens.Renew(r.Context(), a)
	if err != nil {
		return nil, err
	}
	return h.show(renewed), nil
}

func (h *Handler) testAccount(r *http.Request) (any, error) {
	a, err := h.opt.Roster.Get(r.PathValue("ref"))
	if err != nil {
		return nil, err
	}
	t, err := h.opt.Engine.Test(r.Context(), a, r.URL.Query().Get("model"))
	if err != nil {
		return nil, ctl.Errorf(ctl.BadRequest, "%s", err)
	}
	return ctl.AccountTest{OK: t.OK, Model: t.Model, Status: t.Status, Message: t.Message, Millis: t.Took.Milliseconds()}, nil
}
