package login

import (
	"errors"
	"time"

	"crs/lab/simulator/provider"
)

// openAI imitates auth.openai.com, where Codex logs in.
type openAI struct {
	endpoints
	grants *Grants
}

// NewOpenAI makes OpenAI's endpoints.
func NewOpenAI(g *Grants) provider.Provider {
	l := &openAI{grants: g}
	l.Routes = provider.Routes{
		"POST /oauth/token":                      tokenEndpoint(g, read, l.answerToken),
		"POST /api/accounts/deviceauth/usercode": {Answer: l.answerUserCode},
		"POST /api/accounts/deviceauth/token":    {Answer: l.answerDevice},
	}
	return l
}

// answerToken takes forms, and the JSON in which Codex refreshes.
func (l *openAI) answerToken(c *provider.Call, _ *provider.Step) provider.Reply {
	t, ok := read(c)
	pair, f := Pair{}, noGrant(400, "unsupported_grant_type", "Unsupported grant type.")
	switch {
	case !ok:
		f = noGrant(400, "invalid_request", "The body is neither a form nor JSON.")
	case t["grant_type"] == "refresh_token":
		pair, f = l.refresh(t, c.At)
	case t["grant_type"] == "authorization_code":
		pair, f = l.exchange(t, c.At)
	}
	if f != nil {
		return l.Refusal(c, *f)
	}
	c.Account = pair.To.Name
	said := claims{
		"access_token": pair.Access, "id_token": openAIIdentity(pair), "token_type": "Bearer",
		"expires_in": int64(pair.Life.Seconds()), "scope": pair.To.Scope,
	}
	if pair.Refresh != "" {
		said["refresh_token"] = pair.Refresh
	}
	return secretly(said)
}

func (l *openAI) refresh(t Request, now time.Time) (Pair, *provider.Failure) {
	if !t.Has("refresh_token", "client_id") {
		return Pair{}, noGrant(400, "invalid_request", "refresh_token and client_id are required.")
	}
	pair, err := l.grants.Rotate(t["refresh_token"], now)
	switch {
	case errors.Is(err, errSpentToken):
		return pair, noGrant(401, "refresh_token_reused", "Your refresh token has already been used to generate a new access token. Please try signing in again.")
	case errors.Is(err, errRevokedToken):
		return pair, noGrant(401, "refresh_token_invalidated", "Your refresh token has been invalidated. Please try signing in again.")
	case err != nil:
		return pair, noGrant(401, "refresh_token_expired", "Your refresh token has expired. Please try signing in again.")
	}
	return pair, nil
}

func (l *openAI) exchange(t Request, now time.Time) (Pair, *provider.Failure) {
	if !t.Has("code", "client_id", "redirect_uri", "code_verifier") {
		return Pair{}, noGrant(400, "invalid_request", "code, client_id, redirect_uri and code_verifier are required.")
	}
	pair, err := l.grants.Redeem(t, now, 0)
	if err != nil {
		return pair, noGrant(400, "invalid_grant", err.Error())
	}
	return pair, nil
}

func (l *openAI) answerUserCode(c *provider.Call, _ *provider.Step) provider.Reply {
	t, ok := ReadJSON(c.Body)
	if !ok || !t.Has("client_id") {
		return l.Refusal(c, *noGrant(400, "invalid_request", "client_id is required."))
	}
	d := l.grants.beginDevice(t["client_id"], c.At, openAIPatience)
	return secretly(claims{
		"device_auth_id": d.handle, "user_code": d.user, "interval": "5", "expires_at": d.until.UTC().Format(time.RFC3339),
	})
}

// deviceVerifier is the PKCE verifier of all device logins: this vendor makes it up for the device.
const deviceVerifier = "c2ltdWxhdGVkLXZlcmlmaWVyLW9mLWEtZGV2aWNlLWxvZ2lu"

// answerDevice gives a device whose owner agreed a code to exchange. Until then it answers 403.
func (l *openAI) answerDevice(c *provider.Call, _ *provider.Step) provider.Reply {
	t, ok := ReadJSON(c.Body)
	if !ok || !t.Has("device_auth_id", "user_code") {
		return l.Refusal(c, *noGrant(400, "invalid_request", "device_auth_id and user_code are required."))
	}
	d, err := l.grants.poll(t["device_auth_id"], c.At)
	switch {
	case errors.Is(err, errUnknownDevice), err == nil && d.user != t["user_code"]:
		return l.Refusal(c, *noGrant(404, "deviceauth_not_found", "Device authorization is unknown."))
	case errors.Is(err, errPending), errors.Is(err, errTooSoon):
		return l.Refusal(c, *noGrant(403, "deviceauth_authorization_pending", "Device authorization is pending. Please try again."))
	case err != nil:
		return l.Refusal(c, *noGrant(400, err.Error(), "Device authorization has failed."))
	}
	code := l.grants.agree(d, c.At)
	return secretly(claims{"authorization_code": code, "code_verifier": deviceVerifier, "code_challenge": challengeOf(deviceVerifier)})
}

// Refusal renders an error as OpenAI's API does.
func (l *openAI) Refusal(_ *provider.Call, f provider.Failure) provider.Reply {
	body := provider.Object("error", provider.Object("message", f.Message, "type", "invalid_request_error", "param", nil, "code", f.Kind))
	return provider.Reply{Status: f.Status, Content: provider.JSONType, Header: f.Header, Body: body}
}
