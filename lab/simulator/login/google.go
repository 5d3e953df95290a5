package login

import (
	"slices"
	"time"

	"crs/lab/simulator/provider"
)

// google imitates oauth2.googleapis.com, where Gemini CLI logs in.
type google struct {
	endpoints
	grants  *Grants
	secret  string // of the client; "" is any
	badKeys []string
}

// NewGoogle makes Google's endpoints. secret is what the client's must be; "" is any but none at all.
func NewGoogle(g *Grants, secret string, badKeys []string) provider.Provider {
	l := &google{grants: g, secret: secret, badKeys: badKeys}
	l.Routes = provider.Routes{
		"POST /token": tokenEndpoint(g, func(c *provider.Call) (Request, bool) { return readForm(c.Body) }, l.answerToken),
		"GET /oauth2/v2/userinfo": {
			Admit: func(c *provider.Call) *provider.Failure { return l.admit(c, c.Bearer()) }, Answer: l.answerUserInfo,
		},
		"POST /tokeninfo": {Admit: l.admitAccess, Answer: l.answerTokenInfo},
	}
	return l
}

func (l *google) answerToken(c *provider.Call, _ *provider.Step) provider.Reply {
	t, ok := readForm(c.Body)
	if !ok || !isForm(c) {
		return l.Refusal(c, *noGrant(400, "invalid_request", "The body is not a form."))
	}
	pair, f := l.grant(t, c.At)
	if f != nil {
		return l.Refusal(c, *f)
	}
	c.Account = pair.To.Name
	said := claims{
		"access_token": pair.Access, "token_type": "Bearer", "expires_in": int64(pair.Life.Seconds()), "scope": pair.To.Scope,
	}
	if pair.Refresh != "" {
		said["refresh_token"] = pair.Refresh
	}
	return secretly(said)
}

// grant checks the client and its secret, then the grant.
func (l *google) grant(t Request, now time.Time) (pair Pair, f *provider.Failure) {
	switch secret := t["client_secret"]; {
	case t["client_id"] == "":
		return pair, noGrant(400, "invalid_request", "Could not determine client ID from request.")
	case secret == "":
		return pair, noGrant(400, "invalid_request", "client_secret is missing.")
	case l.secret != "" && secret != l.secret, slices.Contains(l.badKeys, secret):
		return pair, noGrant(401, "invalid_client", "The provided client secret is invalid.")
	}
	var err error
	switch t["grant_type"] {
	case "refresh_token":
		if pair, err = l.grants.Rotate(t["refresh_token"], now); err != nil {
			return pair, noGrant(400, "invalid_grant", "Token has been expired or revoked.")
		}
	case "authorization_code":
		if pair, err = l.grants.Redeem(t, now, 0); err != nil {
			return pair, noGrant(400, "invalid_grant", err.Error())
		}
	default:
		return pair, noGrant(400, "unsupported_grant_type", "Invalid grant_type: "+t["grant_type"])
	}
	return pair, nil
}

// admitAccess reads the token to be told about from the body.
func (l *google) admitAccess(c *provider.Call) *provider.Failure {
	t, _ := readForm(c.Body) // what cannot be read is missing
	return l.admit(c, t["access_token"])
}

func (l *google) admit(c *provider.Call, access string) *provider.Failure {
	name, good := l.grants.Holder(access, c.At)
	c.Credential, c.Account = access, name
	if access == "" || !good {
		return noGrant(401, "invalid_token", "Invalid Credentials")
	}
	return nil
}

func (l *google) answerUserInfo(c *provider.Call, _ *provider.Step) provider.Reply {
	o := l.grants.Account(c.Credential).Owner
	return secretly(claims{"id": o.Account, "email": o.Email, "verified_email": true, "name": "Simulated", "picture": ""})
}

func (l *google) answerTokenInfo(c *provider.Call, _ *provider.Step) provider.Reply {
	to := l.grants.Account(c.Credential)
	return secretly(claims{"sub": to.Owner.Account, "email": to.Owner.Email, "email_verified": "true", "scope": to.Scope, "aud": to.Client})
}
