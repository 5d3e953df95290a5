package claude

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"crs/internal/account"
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
		return nil, provider.NoLogin(platform, "login")
	}
	scope := loginScope
	if setupToken {
		scope = setupScope
	}
	l := provider.BeginLogin(platform, p.authorize, redirect, url.Values{"code": {"true"}, "client_id": {p.clientID}, "scope": {scope}})
	l.SetupToken = setupToken
	return l, nil
}

// Redeem implements provider.Authorizer (protocols.md, A.3 and A.4).
func (p *Provider) Redeem(ctx context.Context, call provider.Call, l *provider.Login, pasted string, acc *account.Account) error {
	code, err := l.Code(pasted)
	if err != nil {
		return err
	}
	fields := map[string]any{
		"grant_type": "authorization_code", "code": code, "redirect_uri": l.Redirect, "client_id": p.clientID,
		"code_verifier": l.Verifier.Reveal(), "state": l.State,
	}
	if l.SetupToken {
		fields["expires_in"] = int64(setupLife / time.Second)
	}
	r, err := call(ctx, provider.JSON(p.token, "", fields))
	if err != nil {
		return fmt.Errorf("exchange the code: %w", err)
	}
	fresh, err := provider.Issued(account.Credential{Kind: account.OAuth}, r, codeError)
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

// codeError tells a code that is no good from trouble on the way. A page in HTML comes from what stands before the endpoint.
func codeError(r *provider.Reply) error {
	err := provider.CodeRefused(provider.TokenError(r), func(why string) string {
		return "the provider refused the code (" + why + "): it has been used, or is too old; begin the login anew"
	})
	if _, refused := errors.AsType[*provider.BadCode](err); !refused && r.Status == http.StatusForbidden {
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
		Header: provider.Header{
			{Name: "accept", Value: "application/json"}, provider.Identity(), {Name: "user-agent", Value: "crs"}, provider.Bearer(acc.Credential.Secret.Reveal()),
		},
	})
	if err != nil || r.Status != http.StatusOK {
		return
	}
	if name := planOf(gjson.ParseBytes(r.Body)); name != "" {
		provider.SetOptions(acc, map[string]string{plan: name})
	}
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
