package login

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"crs/lab/simulator/provider"
)

// Request is the body of a request to a token endpoint: its parameters.
type Request map[string]string

// ReadJSON reads a JSON body. It is bad when something is no text that should be.
func ReadJSON(body []byte) (Request, bool) {
	fields, ok := provider.ReadObject(body)
	t := Request{}
	for name, raw := range fields {
		text, isText := provider.ReadText(raw)
		t[name] = text
		if !isText {
			t[name] = string(raw)
			ok = ok && !wantsText(name)
		}
	}
	return t, ok
}

func wantsText(name string) bool {
	switch name {
	case "grant_type", "refresh_token", "client_id", "client_secret", "code", "redirect_uri", "code_verifier", "state", "scope",
		"device_code", "device_auth_id", "user_code", "organization_id":
		return true
	}
	return false
}

func readForm(body []byte) (Request, bool) {
	form, err := url.ParseQuery(string(body))
	t := Request{}
	for name := range form {
		t[name] = form.Get(name)
	}
	return t, err == nil
}

// read reads a body of either kind, whichever its content type says.
func read(c *provider.Call) (Request, bool) {
	if strings.HasPrefix(c.Header.Get("content-type"), provider.JSONType) {
		return ReadJSON(c.Body)
	}
	t, ok := readForm(c.Body)
	return t, ok && isForm(c)
}

func isForm(c *provider.Call) bool {
	return strings.HasPrefix(c.Header.Get("content-type"), "application/x-www-form-urlencoded")
}

// Life is how long the tokens are to live that are asked for, 0 when the request does not say.
func (t Request) Life() time.Duration {
	const most = 1 << 30
	seconds, err := strconv.Atoi(t["expires_in"])
	if err != nil {
		return 0
	}
	return time.Duration(min(max(seconds, 0), most)) * time.Second
}

// Has reports whether parameters are there.
func (t Request) Has(names ...string) bool {
	for _, name := range names {
		if t[name] == "" {
			return false
		}
	}
	return true
}
