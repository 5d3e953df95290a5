package login

import (
	"errors"
	"time"

	"crs/lab/simulator/provider"
)

// workOS imitates api.workos.com, where Droid logs in.
type workOS struct {
	endpoints
	grants *Grants
}

// deviceGrant is the grant type of RFC 8628.
const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

// NewWorkOS makes WorkOS's endpoints.
func NewWorkOS(g *Grants) provider.Provider {
	l := &workOS{grants: g}
	l.Routes = provider.Routes{
		"POST /user_management/authorize/device": {Answer: l.answerDevice},
		"POST /user_management/authenticate":     tokenEndpoint(g, read, l.answerToken),
	}
	return l
}

func (l *workOS) answerDevice(c *provider.Call, _ *provider.Step) provider.Reply {
	t, ok := read(c)
	if !ok || !t.Has("client_id") {
		return l.Refusal(c, *noGrant(400, "invalid_request", "client_id is required."))
	}
	d := l.grants.beginDevice(t["client_id"], c.At, workOSPatience)
	page := "http://" + c.Header.Get("host") + "/device"
	return secretly(claims{
		"device_code": d.handle, "user_code": d.user, "verification_uri": page, "verification_uri_complete": page + "?user_code=" + d.user,
		"expires_in": int64(workOSPatience.Seconds()), "interval": int64(pollEvery.Seconds()),
	})
}

func (l *workOS) answerToken(c *provider.Call, _ *provider.Step) provider.Reply {
	t, ok := read(c)
	if !ok {
		return l.Refusal(c, *noGrant(400, "invalid_request", "The body is neither a form nor JSON."))
	}
	pair, f := l.grant(t, c.At)
	if f != nil {
		return l.Refusal(c, *f)
	}
	c.Account = pair.To.Name
	o := pair.To.Owner
	return secretly(claims{
		"access_token": pair.Access, "refresh_token": pair.Refresh, "authentication_method": "GoogleOAuth", "organization_id": o.Organization,
		"user": claims{"object": "user", "id": o.Account, "email": o.Email, "first_name": "Sim", "last_name": "Ulated", "email_verified": true},
	})
}

func (l *workOS) grant(t Request, now time.Time) (Pair, *provider.Failure) {
	switch {
	case t["client_id"] == "":
		return Pair{}, noGrant(400, "invalid_request", "client_id is required.")
	case t["grant_type"] == deviceGrant:
		return l.enter(t, now)
	case t["grant_type"] != "refresh_token":
		return Pair{}, noGrant(400, "unsupported_grant_type", "The grant type is not supported.")
	}
	if !l.grants.belongs(t["refresh_token"], t["organization_id"]) {
		return Pair{}, noGrant(403, "organization_not_authorized", "The user is not a member of the organization.")
	}
	pair, err := l.grants.Rotate(t["refresh_token"], now)
	switch {
	case errors.Is(err, errSpentToken):
		return pair, noGrant(400, "invalid_grant", "Refresh token already exchanged.")
	case err != nil:
		return pair, noGrant(400, "invalid_grant", "Invalid refresh token.")
	}
	return pair, nil
}

// enter ends a login on a device.
func (l *workOS) enter(t Request, now time.Time) (Pair, *provider.Failure) {
	d, err := l.grants.poll(t["device_code"], now)
	switch {
	case err != nil:
		return Pair{}, noGrant(400, err.Error(), "The login has not been authorized.")
	case d.client != t["client_id"]:
		return Pair{}, noGrant(400, "invalid_grant", "The device code is another client's.")
	}
	return l.grants.enter(d, now), nil
}
