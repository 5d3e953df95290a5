package simulator

import (
	"bytes"
	"net/url"
	"strconv"
	"time"
)

// tokenRequest is the body of a request to a token endpoint.
type tokenRequest struct {
	grant, refresh, client, secret         string
	code, redirect, verifier, state, scope string
	device, user, organization, wantedLife string
}

// field finds where a parameter goes; nil is one that nobody reads.
func (t *tokenRequest) field(name string) *string {
	switch name {
	case "grant_type":
		return &t.grant
	case "refresh_token":
		return &t.refresh
	case "client_id":
		return &t.client
	case "client_secret":
		return &t.secret
	case "code":
		return &t.code
	case "redirect_uri":
		return &t.redirect
	case "code_verifier":
		return &t.verifier
	case "state":
		return &t.state
	case "scope":
		return &t.scope
	case "device_code", "device_auth_id":
		return &t.device
	case "user_code":
		return &t.user
	case "organization_id":
		return &t.organization
	}
	return nil
}

// readJSON reads a JSON body. It is bad when something is no text that should be.
func (t *tokenRequest) readJSON(body []byte) bool {
	r := reader{b: body}
	return r.document(func(key []byte) {
		switch field := t.field(string(key)); {
		case field != nil:
			*field = string(unescape(r.text()))
		case string(key) == "expires_in":
			t.wantedLife = string(r.value())
		default:
			r.value()
		}
	})
}

func (t *tokenRequest) readForm(body []byte) bool {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return false
	}
	for name := range form {
		if field := t.field(name); field != nil {
			*field = form.Get(name)
		}
	}
	return true
}

// read reads a body of either kind, whichever its content type says.
func (t *tokenRequest) read(c *call) bool {
	if bytes.HasPrefix(c.field("content-type"), []byte(jsonType)) {
		return t.readJSON(c.body)
	}
	return isForm(c) && t.readForm(c.body)
}

func isForm(c *call) bool {
	return bytes.HasPrefix(c.field("content-type"), []byte("application/x-www-form-urlencoded"))
}

// life is how long the tokens are to live that are asked for, 0 when the request does not say.
func (t *tokenRequest) life() time.Duration {
	seconds, err := strconv.Atoi(t.wantedLife)
	if err != nil {
		return 0
	}
	return time.Duration(min(max(seconds, 0), most)) * time.Second
}

// formValue reads one field of a form.
func formValue(body []byte, name string) string {
	form, _ := url.ParseQuery(string(body)) // what cannot be read is missing
	return form.Get(name)
}
