package ctl

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

func ref(s string) string { return url.PathEscape(s) }

// Status tells how the daemon is doing.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return call[Status](ctx, c, http.MethodGet, "/status", nil)
}

// Accounts lists the accounts, by name.
func (c *Client) Accounts(ctx context.Context) ([]Account, error) {
	return call[[]Account](ctx, c, http.MethodGet, "/accounts", nil)
}

// Account finds one by name or id, as all calls do.
func (c *Client) Account(ctx context.Context, name string) (Account, error) {
	return call[Account](ctx, c, http.MethodGet, "/accounts/"+ref(name), nil)
}

// AddAccount adds an account.
func (c *Client) AddAccount(ctx context.Context, a NewAccount) (Account, error) {
	return await[Account](ctx, c, http.MethodPost, "/accounts", a)
}

// EditAccount changes an account.
func (c *Client) EditAccount(ctx context.Context, name string, e AccountEdit) (Account, error) {
	return await[Account](ctx, c, http.MethodPatch, "/accounts/"+ref(name), e)
}

// EnableAccount takes an account into use.
func (c *Client) EnableAccount(ctx context.Context, name string) (Account, error) {
	return call[Account](ctx, c, http.MethodPost, "/accounts/"+ref(name)+"/enable", nil)
}

// DisableAccount takes an account out of use; what it is serving goes on.
func (c *Client) DisableAccount(ctx context.Context, name string) (Account, error) {
	return call[Account](ctx, c, http.MethodPost, "/accounts/"+ref(name)+"/disable", nil)
}

// ThawAccount ends every cool-down of an account, and what was held against it.
func (c *Client) ThawAccount(ctx context.Context, name string) (Account, error) {
	return call[Account](ctx, c, http.MethodPost, "/accounts/"+ref(name)+"/thaw", nil)
}

// RefreshAccount renews an account's token now.
func (c *Client) RefreshAccount(ctx context.Context, name string) (Account, error) {
	return await[Account](ctx, c, http.MethodPost, "/accounts/"+ref(name)+"/refresh", nil)
}

// TestAccount asks an account for a few tokens of a model ("" for a cheap one).
func (c *Client) TestAccount(ctx context.Context, name, model string) (AccountTest, error) {
	return await[AccountTest](ctx, c, http.MethodPost, "/accounts/"+ref(name)+"/test?model="+url.QueryEscape(model), nil)
}

// RemoveAccount deletes an account and its credential.
func (c *Client) RemoveAccount(ctx context.Context, name string) error {
	return done(call[struct{}](ctx, c, http.MethodDelete, "/accounts/"+ref(name), nil))
}

func done(_ struct{}, err error) error { return err }

// BeginLogin begins a login in a browser or on another device. With the name of an account that there is, it replaces that
// account's credential.
func (c *Client) BeginLogin(ctx context.Context, l NewLogin) (Login, error) {
	return await[Login](ctx, c, http.MethodPost, "/logins", l)
}

// Login gives a login that has begun and not ended.
func (c *Client) Login(ctx context.Context, id string) (Login, error) {
	return call[Login](ctx, c, http.MethodGet, "/logins/"+ref(id), nil)
}

// FinishLogin ends a login in a browser with what was pasted: the code, or the address where the browser ended. After an
// error with the code BadRequest another one can be pasted.
func (c *Client) FinishLogin(ctx context.Context, id, code string) (LoggedIn, error) {
	return await[LoggedIn](ctx, c, http.MethodPost, "/logins/"+ref(id)+"/finish", LoginCode{code})
}

// PollLogin asks whether a login on another device is done. An error ends the login, or the account could not be kept.
func (c *Client) PollLogin(ctx context.Context, id string) (LoginPoll, error) {
	return await[LoginPoll](ctx, c, http.MethodPost, "/logins/"+ref(id)+"/poll", nil)
}

// CancelLogin gives a login up.
func (c *Client) CancelLogin(ctx context.Context, id string) error {
	return done(call[struct{}](ctx, c, http.MethodDelete, "/logins/"+ref(id), nil))
}

// Groups lists the groups, by name.
func (c *Client) Groups(ctx context.Context) ([]Group, error) {
	return call[[]Group](ctx, c, http.MethodGet, "/groups", nil)
}

// Group finds one.
func (c *Client) Group(ctx context.Context, name string) (Group, error) {
	return call[Group](ctx, c, http.MethodGet, "/groups/"+ref(name), nil)
}

// CreateGroup makes a group.
func (c *Client) CreateGroup(ctx context.Context, g NewGroup) (Group, error) {
	return call[Group](ctx, c, http.MethodPost, "/groups", g)
}

// DeleteGroup removes a group that has no accounts and that no key is bound to.
func (c *Client) DeleteGroup(ctx context.Context, name string) error {
	return done(call[struct{}](ctx, c, http.MethodDelete, "/groups/"+ref(name), nil))
}

// JoinGroup puts an account into a group.
func (c *Client) JoinGroup(ctx context.Context, group, account string) (Group, error) {
	return call[Group](ctx, c, http.MethodPut, "/groups/"+ref(group)+"/accounts/"+ref(account), nil)
}

// LeaveGroup takes an account out of a group.
func (c *Client) LeaveGroup(ctx context.Context, group, account string) (Group, error) {
	return call[Group](ctx, c, http.MethodDelete, "/groups/"+ref(group)+"/accounts/"+ref(account), nil)
}

// Keys lists the keys, by name, deleted ones included.
func (c *Client) Keys(ctx context.Context) ([]Key, error) {
	return call[[]Key](ctx, c, http.MethodGet, "/keys", nil)
}

// Key finds one.
func (c *Client) Key(ctx context.Context, name string) (Key, error) {
	return call[Key](ctx, c, http.MethodGet, "/keys/"+ref(name), nil)
}

// CreateKey makes a key and gives its secret, this once.
func (c *Client) CreateKey(ctx context.Context, k NewKey) (IssuedKey, error) {
	return call[IssuedKey](ctx, c, http.MethodPost, "/keys", k)
}

// EditKey changes a key.
func (c *Client) EditKey(ctx context.Context, name string, e KeyEdit) (Key, error) {
	return call[Key](ctx, c, http.MethodPatch, "/keys/"+ref(name), e)
}

// RotateKey gives a key a new secret; the old one is refused from then on.
func (c *Client) RotateKey(ctx context.Context, name string) (IssuedKey, error) {
	return call[IssuedKey](ctx, c, http.MethodPost, "/keys/"+ref(name)+"/rotate", nil)
}

// EnableKey lets a key be used again.
func (c *Client) EnableKey(ctx context.Context, name string) (Key, error) {
	return call[Key](ctx, c, http.MethodPost, "/keys/"+ref(name)+"/enable", nil)
}

// DisableKey has a key refused.
func (c *Client) DisableKey(ctx context.Context, name string) (Key, error) {
	return call[Key](ctx, c, http.MethodPost, "/keys/"+ref(name)+"/disable", nil)
}

// DeleteKey deletes a key; it can be restored.
func (c *Client) DeleteKey(ctx context.Context, name string) (Key, error) {
	return call[Key](ctx, c, http.MethodDelete, "/keys/"+ref(name), nil)
}

// RestoreKey takes a deletion back.
func (c *Client) RestoreKey(ctx context.Context, name string) (Key, error) {
	return call[Key](ctx, c, http.MethodPost, "/keys/"+ref(name)+"/restore", nil)
}

// PurgeKey removes a deleted key for good.
func (c *Client) PurgeKey(ctx context.Context, name string) error {
	return done(call[struct{}](ctx, c, http.MethodPost, "/keys/"+ref(name)+"/purge", nil))
}

// Usage adds up what was used.
func (c *Client) Usage(ctx context.Context, q UsageQuery) (Usage, error) {
	v := url.Values{}
	set(v, "by", strings.Join(q.By, ","))
	set(v, "since", q.Since)
	set(v, "until", q.Until)
	set(v, "key", q.Key)
	set(v, "account", q.Account)
	set(v, "model", q.Model)
	return await[Usage](ctx, c, http.MethodGet, "/usage?"+v.Encode(), nil)
}

func set(v url.Values, name, value string) {
	if value != "" {
		v.Set(name, value)
	}
}

func (q RequestQuery) values() string {
	v := url.Values{}
	set(v, "key", q.Key)
	set(v, "account", q.Account)
	set(v, "status", q.Status)
	set(v, "since", q.Since)
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return v.Encode()
}

// Requests gives the newest requests that match, oldest of them first.
func (c *Client) Requests(ctx context.Context, q RequestQuery) ([]Request, error) {
	return await[[]Request](ctx, c, http.MethodGet, "/requests?"+q.values(), nil)
}

// FollowRequests gives the newest q.Limit requests that match, and then every one as it ends, until ctx does or the daemon
// goes away: then it gives one error and ends. A watcher that is too slow misses some. It goes on with a process that takes over.
func (c *Client) FollowRequests(ctx context.Context, q RequestQuery) iter.Seq2[Request, error] {
	return followOn(ctx, c, "follow requests", func(last *Request) string {
		if last != nil {
			ended := last.At.Add(time.Duration(last.TotalMS) * time.Millisecond)
			q.Since, q.Limit = ended.Format(time.RFC3339Nano), caughtUp
		}
		return "/requests/follow?" + q.values()
	}, func(r *Request) string { return r.ID })
}

// Explain tells why a request went where it went.
func (c *Client) Explain(ctx context.Context, id string) (Explanation, error) {
	return await[Explanation](ctx, c, http.MethodGet, "/explain/"+ref(id), nil)
}

// ExplainWant tells where a request would go now.
func (c *Client) ExplainWant(ctx context.Context, q ExplainQuery) (Explanation, error) {
	return call[Explanation](ctx, c, http.MethodPost, "/explain", q)
}

// SeenModels gives the models that were asked for lately, with their prices.
func (c *Client) SeenModels(ctx context.Context) (SeenModels, error) {
	return await[SeenModels](ctx, c, http.MethodGet, "/seen-models", nil)
}

// Prices gives the price table.
func (c *Client) Prices(ctx context.Context) (Prices, error) {
	return call[Prices](ctx, c, http.MethodGet, "/prices", nil)
}

// Price gives what a model costs.
func (c *Client) Price(ctx context.Context, model string) (Price, error) {
	return call[Price](ctx, c, http.MethodGet, "/prices/"+ref(model), nil)
}

// SetPrice overrides what a model costs, from now on.
func (c *Client) SetPrice(ctx context.Context, model string, p PriceEdit) (Price, error) {
	return call[Price](ctx, c, http.MethodPut, "/prices/"+ref(model), p)
}

// UpdatePrices has the daemon take another price table. The operator's own prices stay over it.
func (c *Client) UpdatePrices(ctx context.Context, u PriceUpdate) (PriceChanges, error) {
	return await[PriceChanges](ctx, c, http.MethodPost, "/prices/update", u)
}

// Config gives the configuration the daemon runs with.
func (c *Client) Config(ctx context.Context) ([]Setting, error) {
	return call[[]Setting](ctx, c, http.MethodGet, "/config", nil)
}

// Catalogue gives a daemon's.
func (c *Client) Catalogue(ctx context.Context) (Catalogue, error) {
	return call[Catalogue](ctx, c, http.MethodGet, "/catalogue", nil)
}

// Checkup has the daemon look at what it depends on: the ways to its providers, its clock, its disk, its files.
func (c *Client) Checkup(ctx context.Context) ([]Check, error) {
	return await[[]Check](ctx, c, http.MethodPost, "/checkup", nil)
}

// NewCanary has the daemon expect canaries.
func (c *Client) NewCanary(ctx context.Context) (Canary, error) {
	return await[Canary](ctx, c, http.MethodPost, "/canaries", nil)
}

// TestAlert has the daemon send an alert that says that it is a test. An error says why it could not be sent.
func (c *Client) TestAlert(ctx context.Context) error {
	return done(await[struct{}](ctx, c, http.MethodPost, "/alert/test", nil))
}

// Restart has the daemon hand over to a new process. When that does not become healthy, the daemon runs on as if nothing
// had been, and the error says why.
func (c *Client) Restart(ctx context.Context, r Restart) (Restarted, error) {
	return await[Restarted](ctx, c, http.MethodPost, "/restart", r)
}

// Disconnect ends a request that is in flight. Its client gets an error, or an answer that breaks off.
func (c *Client) Disconnect(ctx context.Context, id string) error {
	return done(call[struct{}](ctx, c, http.MethodDelete, "/live/"+ref(id), nil))
}
