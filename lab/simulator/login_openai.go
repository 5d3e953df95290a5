package simulator

import (
	"errors"
	"time"
)

// openAILogin imitates auth.openai.com, where Codex logs in.
type openAILogin struct {
	grants *grants

	token, userCode, deviceToken endpoint
}

func newOpenAILogin(g *grants) *openAILogin {
	l := &openAILogin{grants: g}
	l.token = endpoint{admit: l.admitToken, answer: l.answerToken}
	l.userCode = endpoint{admit: everybody, answer: l.answerUserCode}
	l.deviceToken = endpoint{admit: everybody, answer: l.answerDevice}
	return l
}

func (l *openAILogin) find(method, path []byte) *endpoint {
	switch string(path) {
	case "/oauth/token":
		return on(method, "POST", &l.token)
	case "/api/accounts/deviceauth/usercode":
		return on(method, "POST", &l.userCode)
	case "/api/accounts/deviceauth/token":
		return on(method, "POST", &l.deviceToken)
	}
	return nil
}

func (l *openAILogin) admitToken(c *call) *failure {
	var t tokenRequest
	if t.read(c) {
		c.credential, c.account = t.refresh, l.grants.owner(t.refresh)
	}
	return nil
}

// answerToken takes forms, and the JSON in which Codex refreshes.
func (l *openAILogin) answerToken(c *call, _ *step) reply {
	var t tokenRequest
	pair, f := tokenPair{}, noGrant(400, "unsupported_grant_type", "Unsupported grant type.")
	switch {
	case !t.read(c):
		f = noGrant(400, "invalid_request", "The body is neither a form nor JSON.")
	case t.grant == "refresh_token":
		pair, f = l.refresh(&t, c.at)
	case t.grant == "authorization_code":
		pair, f = l.exchange(&t, c.at)
	}
	if f != nil {
		return l.refusal(c, *f)
	}
	c.account = pair.to.name
	said := claims{
		"access_token": pair.access, "id_token": openAIIdentity(pair), "token_type": "Bearer",
		"expires_in": int64(pair.life.Seconds()), "scope": pair.to.scope,
	}
	if pair.refresh != "" {
		said["refresh_token"] = pair.refresh
	}
	return secretly(c, said)
}

func (l *openAILogin) refresh(t *tokenRequest, now time.Time) (tokenPair, *failure) {
	if t.refresh == "" || t.client == "" {
		return tokenPair{}, noGrant(400, "invalid_request", "refresh_token and client_id are required.")
	}
	pair, err := l.grants.rotate(t.refresh, now)
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

func (l *openAILogin) exchange(t *tokenRequest, now time.Time) (tokenPair, *failure) {
	if t.code == "" || t.client == "" || t.redirect == "" || t.verifier == "" {
		return tokenPair{}, noGrant(400, "invalid_request", "code, client_id, redirect_uri and code_verifier are required.")
	}
	pair, err := l.grants.redeem(t, now, 0)
	if err != nil {
		return pair, noGrant(400, "invalid_grant", err.Error())
	}
	return pair, nil
}

func (l *openAILogin) answerUserCode(c *call, _ *step) reply {
	var t tokenRequest
	if !t.readJSON(c.body) || t.client == "" {
		return l.refusal(c, *noGrant(400, "invalid_request", "client_id is required."))
	}
	d := l.grants.beginDevice(t.client, c.at, openAIPatience)
	return secretly(c, claims{
		"device_auth_id": d.handle, "user_code": d.user, "interval": "5", "expires_at": d.until.UTC().Format(time.RFC3339),
	})
}

// deviceVerifier is the PKCE verifier of all device logins: this vendor makes it up for the device.
const deviceVerifier = "c2ltdWxhdGVkLXZlcmlmaWVyLW9mLWEtZGV2aWNlLWxvZ2lu"

// answerDevice gives a device whose owner agreed a code to exchange. Until then it answers 403.
func (l *openAILogin) answerDevice(c *call, _ *step) reply {
	var t tokenRequest
	if !t.readJSON(c.body) || t.device == "" || t.user == "" {
		return l.refusal(c, *noGrant(400, "invalid_request", "device_auth_id and user_code are required."))
	}
	d, err := l.grants.poll(t.device, c.at)
	switch {
	case errors.Is(err, errUnknownDevice), err == nil && d.user != t.user:
		return l.refusal(c, *noGrant(404, "deviceauth_not_found", "Device authorization is unknown."))
	case errors.Is(err, errPending), errors.Is(err, errTooSoon):
		return l.refusal(c, *noGrant(403, "deviceauth_authorization_pending", "Device authorization is pending. Please try again."))
	case err != nil:
		return l.refusal(c, *noGrant(400, err.Error(), "Device authorization has failed."))
	}
	code := l.grants.agree(d, c.at)
	return secretly(c, claims{"authorization_code": code, "code_verifier": deviceVerifier, "code_challenge": challengeOf(deviceVerifier)})
}

func (l *openAILogin) failure(c *call, st *step) failure { return oauthFailure(c, st) }

func (l *openAILogin) refusal(c *call, f failure) reply {
	b := append(c.scratch, `{"error":{"message":`...)
	b = appendText(b, f.message)
	b = append(b, `,"type":"invalid_request_error","param":null,"code":`...)
	b = appendText(b, f.kind)
	return reply{status: f.status, content: jsonType, fields: f.fields, body: c.keep(append(b, "}}"...))}
}

func (l *openAILogin) errorEvent(*call, string) []byte { return nil } // nothing here is a stream
