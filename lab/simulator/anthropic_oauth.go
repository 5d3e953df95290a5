package simulator

import (
	"bytes"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Scopes of Anthropic's tokens.
const (
	scopeInference = "user:inference" // the only one of a setup token
	scopeProfile   = "user:profile"
)

// admitToken only finds out whose token is to be refreshed; errors there have a shape of their own.
func (a *anthropic) admitToken(c *call) *failure {
	var t tokenRequest
	if t.readJSON(c.body) {
		c.credential, c.account = t.refresh, a.grants.owner(t.refresh)
	}
	return nil
}

// answerToken gives tokens for a code or for a refresh token. The old one is spent even if the answer never arrives,
// which is how a real one behaves.
func (a *anthropic) answerToken(c *call, _ *step) reply {
	var t tokenRequest
	if !t.readJSON(c.body) {
		return a.noToken(c, "invalid_request", "The request body is not valid JSON")
	}
	switch t.grant {
	case "refresh_token":
		return a.answerRefresh(c, &t)
	case "authorization_code":
		return a.answerCode(c, &t)
	}
	return a.noToken(c, "unsupported_grant_type", "The simulator knows the refresh_token and authorization_code grants only")
}

func (a *anthropic) answerRefresh(c *call, t *tokenRequest) reply {
	if t.refresh == "" || t.client == "" {
		return a.noToken(c, "invalid_request", "refresh_token and client_id are required")
	}
	pair, err := a.grants.rotate(t.refresh, c.at)
	if err != nil {
		return a.noToken(c, "invalid_grant", err.Error())
	}
	return a.newToken(c, pair)
}

// answerCode ends a login in a browser. A setup token is asked for by its life, and may do nothing but inference.
func (a *anthropic) answerCode(c *call, t *tokenRequest) reply {
	if t.code == "" || t.client == "" || t.redirect == "" || t.verifier == "" || t.state == "" {
		return a.noToken(c, "invalid_request", "code, client_id, redirect_uri, code_verifier and state are required")
	}
	life := t.life()
	if scope, known := a.grants.scopeOf(t.code); known && life != 0 && scope != scopeInference {
		return a.noToken(c, "invalid_request", "expires_in is for tokens with the scope user:inference only")
	}
	pair, err := a.grants.redeem(t, c.at, life)
	if err != nil {
		return a.noToken(c, "invalid_grant", err.Error())
	}
	c.account = pair.to.name
	return a.newToken(c, pair)
}

func (a *anthropic) newToken(c *call, pair tokenPair) reply {
	r := reply{status: 200, content: jsonType, fields: c.keep(appendIdentity(c))}
	b := append(c.scratch, `{"token_type":"Bearer","access_token":`...)
	b = appendText(b, pair.access)
	b = append(b, `,"expires_in":`...)
	b = strconv.AppendInt(b, int64(pair.life.Seconds()), 10)
	if pair.refresh != "" {
		b = append(b, `,"refresh_token":`...)
		b = appendText(b, pair.refresh)
	}
	b = append(b, `,"scope":`...)
	b = appendText(b, pair.to.scope)
	b = append(b, `,"organization":{"uuid":`...)
	b = appendText(b, pair.to.owner.Organization)
	b = append(b, `,"name":"Simulated"},"account":{"uuid":`...)
	b = appendText(b, pair.to.owner.Account)
	b = append(b, `,"email_address":`...)
	b = appendText(b, pair.to.owner.Email)
	r.body = c.keep(append(b, "}}"...))
	return r
}

func (a *anthropic) noToken(c *call, code, why string) reply {
	r := reply{status: 400, content: jsonType, fields: c.keep(appendIdentity(c))}
	b := append(c.scratch, `{"error":`...)
	b = appendText(b, code)
	b = append(b, `,"error_description":`...)
	b = appendText(b, why)
	r.body = c.keep(append(b, '}'))
	return r
}

// admitOwner admits the owner of a login to what is told about it. A key is no login, and a setup token tells nothing.
func (a *anthropic) admitOwner(c *call) *failure {
	if c.bearer() == nil || c.field("x-api-key") != nil {
		return unauthorized("Invalid authentication credentials")
	}
	c.credential = string(c.bearer())
	name, good := a.grants.holder(c.credential, c.at)
	c.account = name
	to := a.grants.account(c.credential)
	switch {
	case !good || !isAccessToken(c.credential):
		return unauthorized(expiredToken)
	case !strings.Contains(to.scope, scopeProfile):
		return &failure{status: 403, kind: "permission_error", message: "OAuth token does not meet scope requirement user:profile"}
	}
	return nil
}

// admitUsage wants the beta field besides.
func (a *anthropic) admitUsage(c *call) *failure {
	if !bytes.Contains(c.field("anthropic-beta"), []byte("oauth-2025-04-20")) {
		return unauthorized("OAuth authentication is currently not supported.")
	}
	return a.admitOwner(c)
}

func (a *anthropic) answerProfile(c *call, _ *step) reply {
	o := a.grants.account(c.credential).owner
	r := reply{status: 200, content: jsonType, fields: c.keep(appendIdentity(c))}
	b := append(c.scratch, `{"account":{"uuid":`...)
	b = appendText(b, o.Account)
	b = append(b, `,"email":`...)
	b = appendText(b, o.Email)
	b = append(b, `,"full_name":"Simulated","display_name":"Sim","has_claude_max":`...)
	b = strconv.AppendBool(b, o.Plan == "max")
	b = append(b, `,"has_claude_pro":`...)
	b = strconv.AppendBool(b, o.Plan == "pro")
	b = append(b, `},"organization":{"uuid":`...)
	b = appendText(b, o.Organization)
	b = append(b, `,"name":"Simulated","organization_type":`...)
	b = appendText(b, "claude_"+o.Plan)
	b = append(b, `,"billing_type":"stripe_subscription","rate_limit_tier":`...)
	b = appendText(b, "default_claude_"+o.Plan)
	r.body = c.keep(append(b, "}}"...))
	return r
}

func (a *anthropic) answerRoles(c *call, _ *step) reply {
	const roles = `{"organization_role":"admin","workspace_role":null,"organization_name":"Simulated"}`
	return reply{status: 200, content: jsonType, fields: c.keep(appendIdentity(c)), body: []byte(roles)}
}

// answerUsage tells the windows of the plan that the header fields of messages tell, but in percent.
func (a *anthropic) answerUsage(c *call, st *step) reply {
	p := planOf(c.at, st)
	r := reply{status: 200, content: jsonType, fields: c.keep(appendIdentity(c))}
	b := append(c.scratch, `{"five_hour":`...)
	b = p.five.appendPercent(b)
	b = append(b, `,"seven_day":`...)
	b = p.seven.appendPercent(b)
	r.body = c.keep(append(b, `,"seven_day_oauth_apps":null,"seven_day_opus":null,"seven_day_sonnet":{"utilization":0.0,"resets_at":null},"extra_usage":null}`...))
	return r
}

func (w window) appendPercent(b []byte) []byte {
	b = append(b, `{"utilization":`...)
	b = strconv.AppendFloat(b, math.Round(w.used*1000)/10, 'f', 1, 64)
	b = append(b, `,"resets_at":"`...)
	b = w.reset.UTC().AppendFormat(b, time.RFC3339)
	return append(b, `"}`...)
}

// authorizePage is what a browser sees that opens Anthropic's authorize URL: the code, for the user to copy.
func (a *anthropic) authorizePage(c *call, query url.Values) reply {
	asked, err := readAuthorization(query)
	if err != nil {
		return webPage(c, 400, "Invalid OAuth request", err.Error())
	}
	if declines(query) {
		return webPage(c, 200, "Declined", "You can close this window.")
	}
	code := a.grants.authorize(asked, c.at) + "#" + asked.state
	r := webPage(c, 200, "Authentication code", "Paste this into your application:", code)
	r.fields = c.keep(appendField(c.scratch, codeField, code))
	return r
}
