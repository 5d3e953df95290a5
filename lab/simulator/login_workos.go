package simulator

import (
	"errors"
	"time"
)

// workOSLogin imitates api.workos.com, where Droid logs in.
type workOSLogin struct {
	grants *grants

	device, token endpoint
}

// deviceGrant is the grant type of RFC 8628.
const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

func newWorkOSLogin(g *grants) *workOSLogin {
	l := &workOSLogin{grants: g}
	l.device = endpoint{admit: everybody, answer: l.answerDevice}
	l.token = endpoint{admit: l.admitToken, answer: l.answerToken}
	return l
}

func (l *workOSLogin) find(method, path []byte) *endpoint {
	switch string(path) {
	case "/user_management/authorize/device":
		return on(method, "POST", &l.device)
	case "/user_management/authenticate":
		return on(method, "POST", &l.token)
	}
	return nil
}

func (l *workOSLogin) answerDevice(c *call, _ *step) reply {
	var t tokenRequest
	if !t.read(c) || t.client == "" {
		return l.refusal(c, *noGrant(400, "invalid_request", "client_id is required."))
	}
	d := l.grants.beginDevice(t.client, c.at, workOSPatience)
	page := "http://" + string(c.field("host")) + "/device"
	return secretly(c, claims{
		"device_code": d.handle, "user_code": d.user, "verification_uri": page, "verification_uri_complete": page + "?user_code=" + d.user,
		"expires_in": int64(workOSPatience.Seconds()), "interval": int64(pollEvery.Seconds()),
	})
}

func (l *workOSLogin) admitToken(c *call) *failure {
	var t tokenRequest
	if t.read(c) {
		c.credential, c.account = t.refresh, l.grants.owner(t.refresh)
	}
	return nil
}

func (l *workOSLogin) answerToken(c *call, _ *step) reply {
	var t tokenRequest
	if !t.read(c) {
		return l.refusal(c, *noGrant(400, "invalid_request", "The body is neither a form nor JSON."))
	}
	pair, f := l.grant(&t, c.at)
	if f != nil {
		return l.refusal(c, *f)
	}
	c.account = pair.to.name
	o := pair.to.owner
	return secretly(c, claims{
		"access_token": pair.access, "refresh_token": pair.refresh, "authentication_method": "GoogleOAuth", "organization_id": o.Organization,
		"user": claims{"object": "user", "id": o.Account, "email": o.Email, "first_name": "Sim", "last_name": "Ulated", "email_verified": true},
	})
}

func (l *workOSLogin) grant(t *tokenRequest, now time.Time) (tokenPair, *failure) {
	switch {
	case t.client == "":
		return tokenPair{}, noGrant(400, "invalid_request", "client_id is required.")
	case t.grant == deviceGrant:
		return l.enter(t, now)
	case t.grant != "refresh_token":
		return tokenPair{}, noGrant(400, "unsupported_grant_type", "The grant type is not supported.")
	}
	if !l.grants.belongs(t.refresh, t.organization) {
		return tokenPair{}, noGrant(403, "organization_not_authorized", "The user is not a member of the organization.")
	}
	pair, err := l.grants.rotate(t.refresh, now)
	switch {
	case errors.Is(err, errSpentToken):
		return pair, noGrant(400, "invalid_grant", "Refresh token already exchanged.")
	case err != nil:
		return pair, noGrant(400, "invalid_grant", "Invalid refresh token.")
	}
	return pair, nil
}

// enter ends a login on a device.
func (l *workOSLogin) enter(t *tokenRequest, now time.Time) (tokenPair, *failure) {
	d, err := l.grants.poll(t.device, now)
	switch {
	case err != nil:
		return tokenPair{}, noGrant(400, err.Error(), "The login has not been authorized.")
	case d.client != t.client:
		return tokenPair{}, noGrant(400, "invalid_grant", "The device code is another client's.")
	}
	return l.grants.enter(d, now), nil
}

func (l *workOSLogin) failure(c *call, st *step) failure { return oauthFailure(c, st) }

func (l *workOSLogin) refusal(c *call, f failure) reply { return plainRefusal(c, f) }

func (l *workOSLogin) errorEvent(*call, string) []byte { return nil } // nothing here is a stream
