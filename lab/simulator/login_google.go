package simulator

import (
	"slices"
	"time"
)

// googleLogin imitates oauth2.googleapis.com, where Gemini CLI logs in.
type googleLogin struct {
	grants  *grants
	secret  string // of the client; "" is any
	badKeys []string

	token, userInfo, tokenInfo endpoint
}

func newGoogleLogin(o Options, g *grants) *googleLogin {
	l := &googleLogin{grants: g, secret: o.GoogleSecret, badKeys: o.BadKeys}
	l.token = endpoint{admit: l.admitToken, answer: l.answerToken}
	l.userInfo = endpoint{admit: l.admitBearer, answer: l.answerUserInfo}
	l.tokenInfo = endpoint{admit: l.admitAccess, answer: l.answerTokenInfo}
	return l
}

func (l *googleLogin) find(method, path []byte) *endpoint {
	switch string(path) {
	case "/token":
		return on(method, "POST", &l.token)
	case "/oauth2/v2/userinfo":
		return on(method, "GET", &l.userInfo)
	case "/tokeninfo":
		return on(method, "POST", &l.tokenInfo)
	}
	return nil
}

func (l *googleLogin) admitToken(c *call) *failure {
	var t tokenRequest
	if t.readForm(c.body) {
		c.credential, c.account = t.refresh, l.grants.owner(t.refresh)
	}
	return nil
}

func (l *googleLogin) answerToken(c *call, _ *step) reply {
	var t tokenRequest
	if !isForm(c) || !t.readForm(c.body) {
		return l.refusal(c, *noGrant(400, "invalid_request", "The body is not a form."))
	}
	pair, f := l.grant(&t, c.at)
	if f != nil {
		return l.refusal(c, *f)
	}
	c.account = pair.to.name
	said := claims{
		"access_token": pair.access, "token_type": "Bearer", "expires_in": int64(pair.life.Seconds()), "scope": pair.to.scope,
	}
	if pair.refresh != "" {
		said["refresh_token"] = pair.refresh
	}
	return secretly(c, said)
}

// grant checks the client and its secret, then the grant.
func (l *googleLogin) grant(t *tokenRequest, now time.Time) (pair tokenPair, f *failure) {
	switch {
	case t.client == "":
		return pair, noGrant(400, "invalid_request", "Could not determine client ID from request.")
	case t.secret == "":
		return pair, noGrant(400, "invalid_request", "client_secret is missing.")
	case l.secret != "" && t.secret != l.secret, slices.Contains(l.badKeys, t.secret):
		return pair, noGrant(401, "invalid_client", "The provided client secret is invalid.")
	}
	var err error
	switch t.grant {
	case "refresh_token":
		if pair, err = l.grants.rotate(t.refresh, now); err != nil {
			return pair, noGrant(400, "invalid_grant", "Token has been expired or revoked.")
		}
	case "authorization_code":
		if pair, err = l.grants.redeem(t, now, 0); err != nil {
			return pair, noGrant(400, "invalid_grant", err.Error())
		}
	default:
		return pair, noGrant(400, "unsupported_grant_type", "Invalid grant_type: "+t.grant)
	}
	return pair, nil
}

func (l *googleLogin) admitBearer(c *call) *failure { return l.admitOwner(c, string(c.bearer())) }

// admitAccess reads the token to be told about from the body.
func (l *googleLogin) admitAccess(c *call) *failure {
	return l.admitOwner(c, formValue(c.body, "access_token"))
}

func (l *googleLogin) admitOwner(c *call, access string) *failure {
	c.credential = access
	name, good := l.grants.holder(access, c.at)
	c.account = name
	if access == "" || !good {
		return noGrant(401, "invalid_token", "Invalid Credentials")
	}
	return nil
}

func (l *googleLogin) answerUserInfo(c *call, _ *step) reply {
	o := l.grants.account(c.credential).owner
	return secretly(c, claims{"id": o.Account, "email": o.Email, "verified_email": true, "name": "Simulated", "picture": ""})
}

func (l *googleLogin) answerTokenInfo(c *call, _ *step) reply {
	to := l.grants.account(c.credential)
	return secretly(c, claims{"sub": to.owner.Account, "email": to.owner.Email, "email_verified": "true", "scope": to.scope, "aud": to.client})
}

func (l *googleLogin) failure(c *call, st *step) failure { return oauthFailure(c, st) }

func (l *googleLogin) refusal(c *call, f failure) reply { return plainRefusal(c, f) }

func (l *googleLogin) errorEvent(*call, string) []byte { return nil } // nothing here is a stream
