package anthropic

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"crs/lab/simulator/login"
	"crs/lab/simulator/provider"
)

// admitToken only finds out whose token is to be refreshed; errors there have a shape of their own.
func (a *API) admitToken(c *provider.Call) *provider.Failure {
	if t, ok := login.ReadJSON(c.Body); ok {
		c.Credential, c.Account = t["refresh_token"], a.grants.Whose(t["refresh_token"])
	}
	return nil
}

// answerToken gives tokens for a code or for a refresh token. The old one is spent even if the answer never arrives,
// which is how a real one behaves.
func (a *API) answerToken(c *provider.Call, _ *provider.Step) provider.Reply {
	t, ok := login.ReadJSON(c.Body)
	switch {
	case !ok:
		return noToken(c, "invalid_request", "The request body is not valid JSON")
	case t["grant_type"] == "refresh_token":
		return a.answerRefresh(c, t)
	case t["grant_type"] == "authorization_code":
		return a.answerCode(c, t)
	}
	return noToken(c, "unsupported_grant_type", "The simulator knows the refresh_token and authorization_code grants only")
}

func (a *API) answerRefresh(c *provider.Call, t login.Request) provider.Reply {
	if !t.Has("refresh_token", "client_id") {
		return noToken(c, "invalid_request", "refresh_token and client_id are required")
	}
	pair, err := a.grants.Rotate(t["refresh_token"], c.At)
	if err != nil {
		return noToken(c, "invalid_grant", err.Error())
	}
	return newToken(c, pair)
}

// answerCode ends a login in a browser. A setup token is asked for by its life, and may do nothing but inference.
func (a *API) answerCode(c *provider.Call, t login.Request) provider.Reply {
	if !t.Has("code", "client_id", "redirect_uri", "code_verifier", "state") {
		return noToken(c, "invalid_request", "code, client_id, redirect_uri, code_verifier and state are required")
	}
	if scope, known := a.grants.ScopeOf(t["code"]); known && t.Life() != 0 && scope != login.ScopeInference {
		return noToken(c, "invalid_request", "expires_in is for tokens with the scope user:inference only")
	}
	pair, err := a.grants.Redeem(t, c.At, t.Life())
	if err != nil {
		return noToken(c, "invalid_grant", err.Error())
	}
	c.Account = pair.To.Name
	return newToken(c, pair)
}

func newToken(c *provider.Call, pair login.Pair) provider.Reply {
	o := pair.To.Owner
	return provider.Answered(identity(c), provider.Object(
		"token_type", "Bearer", "access_token", pair.Access, "expires_in", int64(pair.Life.Seconds()),
		"refresh_token", provider.If(pair.Refresh != "", pair.Refresh), "scope", pair.To.Scope,
		"organization", provider.Object("uuid", o.Organization, "name", "Simulated"),
		"account", provider.Object("uuid", o.Account, "email_address", o.Email)))
}

func noToken(c *provider.Call, code, why string) provider.Reply {
	r := provider.Answered(identity(c), provider.Object("error", code, "error_description", why))
	r.Status = 400
	return r
}

// admitOwner admits the owner of a login to what is told about it. A key is no login, and a setup token tells nothing.
func (a *API) admitOwner(c *provider.Call) *provider.Failure {
	if c.Bearer() == "" || c.Header.Get("x-api-key") != "" {
		return unauthorized("Invalid authentication credentials")
	}
	name, good := a.grants.Holder(c.Bearer(), c.At)
	c.Credential, c.Account = c.Bearer(), name
	switch {
	case !good || !isAccessToken(c.Credential):
		return unauthorized(expiredToken)
	case !strings.Contains(a.grants.Account(c.Credential).Scope, login.ScopeProfile):
		return &provider.Failure{Status: 403, Kind: "permission_error", Message: "OAuth token does not meet scope requirement user:profile"}
	}
	return nil
}

// admitUsage wants the beta field besides.
func (a *API) admitUsage(c *provider.Call) *provider.Failure {
	if f := checkBeta(c); f != nil {
		return f
	}
	return a.admitOwner(c)
}

func (a *API) answerProfile(c *provider.Call, _ *provider.Step) provider.Reply {
	o := a.grants.Account(c.Credential).Owner
	return provider.Answered(identity(c), provider.Object(
		"account", provider.Object("uuid", o.Account, "email", o.Email, "full_name", "Simulated", "display_name", "Sim",
			"has_claude_max", o.Plan == "max", "has_claude_pro", o.Plan == "pro"),
		"organization", provider.Object("uuid", o.Organization, "name", "Simulated", "organization_type", "claude_"+o.Plan,
			"billing_type", "stripe_subscription", "rate_limit_tier", "default_claude_"+o.Plan)))
}

func (a *API) answerRoles(c *provider.Call, _ *provider.Step) provider.Reply {
	return provider.Answered(identity(c), provider.Object("organization_role", "admin", "workspace_role", nil, "organization_name", "Simulated"))
}

// answerUsage tells the windows of the plan that the header fields of messages tell, but in percent.
func (a *API) answerUsage(c *provider.Call, st *provider.Step) provider.Reply {
	p := provider.PlanOf(c.At, st)
	return provider.Answered(identity(c), provider.Object("five_hour", percent(p.Five), "seven_day", percent(p.Seven),
		"seven_day_oauth_apps", nil, "seven_day_opus", nil, "seven_day_sonnet", json.RawMessage(`{"utilization":0.0,"resets_at":null}`), "extra_usage", nil))
}

func percent(w provider.Window) json.RawMessage {
	used := strconv.FormatFloat(math.Round(w.Used*1000)/10, 'f', 1, 64)
	return provider.Object("utilization", json.Number(used), "resets_at", w.Reset.UTC().Format(time.RFC3339))
}
