package claude

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/internal/oauth"
	"crs/internal/secret"
	"crs/proxyengine/provider"
)

const (
	// redirect is the page that shows the code.
	redirect   = "https://platform.claude.com/oauth/code/callback"
	loginScope = "org:create_api_key user:profile user:inference user:sessions:claude_code user:mcp_servers user:file_upload"
	setupScope = "user:inference"
	// setupLife is how long a setup token is asked to be good for.
	setupLife = 365 * 24 * time.Hour
	// plan is the option that says what the account's owner subscribes to.
	plan = "plan"
)

// Authorize implements provider.Authorizer (protocols.md, A.2).
func (p *Provider) Authorize(platform string, setupToken bool) (*provider.Login, error) {
	if platform != Subscription {
		return nil, fmt.Errorf("platform %s has no login; add it with: crs account add %s NAME --api-key-file FILE", platform, platform)
	}
	l := &provider.Login{Platform: platform, State: oauth.NewState(), Verifier: oauth.NewVerifier(), Redirect: redirect, SetupToken: setupToken}
	scope := loginScope
	if setupToken {
		scope = setupScope
	}
	l.URL = oauth.AuthorizeURL(p.authorize, url.Values{
		"code": {"true"}, "client_id": {p.clientID}, "response_type": {"code"}, "redirect_uri": {l.Redirect}, "scope": {scope},
		"code_challenge": {oauth.Challenge(l.Verifier)}, "code_challenge_method": {"S256"}, "state": {l.State},
	})
	return l, nil
}

// Redeem implements provider.Authorizer (protocols.md, A.3 and A.4).
func (p *Provider) Redeem(ctx context.Context, call provider.Call, l *provider.Login, pasted string, acc *account.Account) error {
	code, err := oauth.Pasted(pasted, l.State)
	if err != nil {
		return &provider.BadCode{Why: err.Error()}
	}
	out, err := p.exchange(l, code)
	if err != nil {
		return err
	}
	r, err := call(ctx, out)
	if err != nil {
		return fmt.Errorf("exchange the code: %w", err)
	}
	if r.Status != http.StatusOK {
		return codeError(r)
	}
	fresh, err := p.Renewed(&account.Account{Credential: account.Credential{Kind: account.OAuth}}, r)
	if err != nil {
		return err
	}
	if l.SetupToken {
		fresh.Refresh = secret.String{}
	}
	if fresh.Refresh.Empty() {
		fresh.Kind = account.SetupToken
	}
	acc.Credential = fresh
	p.keepPlan(ctx, call, acc)
	return nil
}

func (p *Provider) exchange(l *provider.Login, code string) (*provider.Outbound, error) {
	fields := map[string]any{
		"grant_type": "authorization_code", "code": code, "redirect_uri": l.Redirect, "client_id": p.clientID,
		"code_verifier": l.Verifier.Reveal(), "state": l.State,
	}
	if l.SetupToken {
		fields["expires_in"] = int64(setupLife / time.Second)
	}
	body, err := json.Marshal(fields)
	if err != nil {
		return nil, errors.New("encode the exchange of the code")
	}
	return p.tokenRequest(body), nil
}

// codeError tells a code that is no good from trouble on the way. A page in HTML comes from what stands before the endpoint.
func codeError(r *provider.Reply) error {
	var refused *provider.NeedsLogin
	err := tokenError(r)
	switch {
	case errors.As(err, &refused):
		return &provider.BadCode{Why: "the provider refused the code (" + refused.Why + "): it has been used, or is too old; begin the login anew"}
	case r.Status == http.StatusForbidden:
		return errors.New("something before the token endpoint refused the request with a page (403): the network or the account's proxy is in the way, not the code")
	}
	return err
}

// keepPlan notes the plan of a login that may be asked for it (protocols.md, A.6). A login is not lost for want of that.
func (p *Provider) keepPlan(ctx context.Context, call provider.Call, acc *account.Account) {
	if !slices.Contains(acc.Credential.Scopes, "user:profile") {
		return
	}
	endpoint, err := p.endpoint(acc)
	if err != nil {
		return
	}
	r, err := call(ctx, &provider.Outbound{
		Endpoint: endpoint, Method: http.MethodGet, Target: endpoint.Path + "/api/oauth/profile",
		Header: append(provider.Header{
			{Name: "accept", Value: "application/json"}, {Name: "accept-encoding", Value: "identity"}, {Name: "user-agent", Value: "crs"},
		}, credential(acc)...),
	})
	if err != nil || r.Status != http.StatusOK {
		return
	}
	name := planOf(gjson.ParseBytes(r.Body))
	if name == "" {
		return
	}
	options := maps.Clone(acc.Options)
	if options == nil {
		options = map[string]string{}
	}
	options[plan] = name
	acc.Options = options
}

func planOf(profile gjson.Result) string {
	switch {
	case profile.Get("account.has_claude_max").Bool(), profile.Get("organization.organization_type").String() == "claude_enterprise":
		return "max"
	case profile.Get("account.has_claude_pro").Bool():
		return "pro"
	}
	return ""
}
