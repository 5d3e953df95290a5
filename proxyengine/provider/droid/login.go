package droid

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/proxyengine/provider"
)

// BeginDevice implements provider.DeviceAuthorizer.
func (p *Provider) BeginDevice(ctx context.Context, call provider.Call, platform string) (*provider.Device, error) {
	r, err := call(ctx, p.form("/user_management/authorize/device", url.Values{"client_id": {p.clientID}}))
	if err != nil {
		return nil, fmt.Errorf("begin a login at Factory: %w", err)
	}
	var d struct {
		DeviceCode string `json:"device_code"`
		UserCode   string `json:"user_code"`
		URI        string `json:"verification_uri"`
		Complete   string `json:"verification_uri_complete"`
		ExpiresIn  int64  `json:"expires_in"`
		Interval   int64  `json:"interval"`
	}
	if r.Status != http.StatusOK {
		return nil, fmt.Errorf("begin a login at Factory: it answered %d %s", r.Status, provider.TokenRefusal(r))
	}
	if json.Unmarshal(r.Body, &d) != nil || d.DeviceCode == "" || d.UserCode == "" || d.URI == "" {
		return nil, errors.New("begin a login at Factory: the answer holds no code")
	}
	return &provider.Device{
		Platform: platform, URL: d.URI, Direct: d.Complete, Code: d.UserCode, Handle: secret.New(d.DeviceCode),
		Interval: time.Duration(min(max(cmp.Or(d.Interval, 5), 1), 60)) * time.Second,
		Ends:     r.At.Add(time.Duration(min(max(cmp.Or(d.ExpiresIn, 300), 1), 3600)) * time.Second),
	}, nil
}

// slower is what "slow down" adds to the interval (RFC 8628, 3.5).
const slower = 5 * time.Second

// PollDevice implements provider.DeviceAuthorizer.
func (p *Provider) PollDevice(ctx context.Context, call provider.Call, d *provider.Device, acc *account.Account) (done bool, err error) {
	r, err := call(ctx, p.form(tokenPath, url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {d.Handle.Reveal()}, "client_id": {p.clientID},
	}))
	if err != nil {
		return false, fmt.Errorf("ask Factory for the login: %w", err)
	}
	if r.Status != http.StatusOK {
		return false, waiting(r, d)
	}
	c, err := p.Renewed(&account.Account{Credential: account.Credential{Kind: account.OAuth}}, r)
	if err != nil {
		return false, err
	}
	acc.Credential = c
	if acc.Options[organization] == "" {
		keep(acc, cmp.Or(gjson.GetBytes(r.Body, organization).String(), p.firstOrganization(ctx, call, acc)))
	}
	return true, nil
}

// waiting reads an answer without a token: nil while the owner has not decided.
func waiting(r *provider.Reply, d *provider.Device) error {
	switch code := provider.TokenRefusal(r); {
	case code == "access_denied":
		return &provider.BadCode{Why: "the login was refused in the browser"}
	case code == "expired_token", !r.At.Before(d.Ends):
		return &provider.BadCode{Why: "nobody confirmed the login in time; begin it anew"}
	case code == "authorization_pending":
		return nil
	case code == "slow_down" || r.Status == http.StatusTooManyRequests:
		d.Interval += slower
		return nil
	case r.Status < http.StatusInternalServerError && code != "":
		return &provider.BadCode{Why: "Factory ended the login: " + code}
	default:
		return provider.TokenTrouble(r)
	}
}

// firstOrganization asks which organizations a login belongs to. Without an answer the login is still good, as far as
// anybody knows; it is not worth losing.
func (p *Provider) firstOrganization(ctx context.Context, call provider.Call, acc *account.Account) string {
	r, err := call(ctx, p.organizations(acc))
	if err != nil || r.Status != http.StatusOK {
		return ""
	}
	return gjson.GetBytes(r.Body, "workosOrgIds.0").String()
}

// organizations asks for the list that Factory's client asks for.
func (p *Provider) organizations(acc *account.Account) *provider.Outbound {
	return &provider.Outbound{
		Endpoint: p.app, Method: http.MethodGet, Target: p.app.Path + "/api/cli/org",
		Header: provider.Header{
			{Name: "accept", Value: "application/json"}, provider.Identity(), {Name: "user-agent", Value: "crs"},
			{Name: "x-factory-client", Value: "cli"}, provider.Bearer(acc.Credential.Secret.Reveal()),
		},
	}
}

// keep notes the organization.
func keep(acc *account.Account, org string) {
	if org != "" {
		provider.SetOptions(acc, map[string]string{organization: org})
	}
}
