package login

import (
	"cmp"
	"html"
	"net/url"

	"crs/lab/simulator/provider"
)

// browser is what people see who log in: the authorize pages of all vendors, and those where codes are typed. Whoever
// opens one has agreed, at once; with sim=deny in the query, refused.
type browser struct {
	endpoints
	vendors Vendors
}

// codeField is the header field that tells the code, for tests that do not want to read a page.
const codeField = "X-Sim-Code"

// NewBrowser makes the pages.
func NewBrowser(v Vendors) provider.Provider {
	b := &browser{vendors: v}
	device := &provider.Endpoint{Answer: answerDevicePage}
	b.Routes = provider.Routes{
		"GET /oauth/authorize": {Answer: b.answerAuthorize}, "GET /o/oauth2/v2/auth": {Answer: b.answerGoogle},
		"GET /codex/device": device, "GET /device": device,
	}
	return b
}

// answerAuthorize answers for two vendors that have the same path: Anthropic's page shows the code, which is asked for
// with code=true; OpenAI's sends the browser on.
func (b *browser) answerAuthorize(c *provider.Call, _ *provider.Step) provider.Reply {
	query := c.Values()
	asked, err := readAuthorization(query)
	if query.Get("code") == "true" {
		return b.showCode(c, asked, err)
	}
	to, bad := url.Parse(asked.redirect)
	switch {
	case err != nil:
		return webPage(400, "Authentication error", err.Error())
	case bad != nil || to.Hostname() != "localhost" && to.Hostname() != "127.0.0.1":
		return webPage(400, "Authentication error", "redirect_uri is not one of this client")
	}
	return sendBack(c, b.vendors[OpenAI], asked, to)
}

// showCode is Anthropic's page: the code, for the user to copy.
func (b *browser) showCode(c *provider.Call, asked Authorization, err error) provider.Reply {
	if err != nil {
		return webPage(400, "Invalid OAuth request", err.Error())
	}
	if declined(c) {
		return webPage(200, "Declined", "You can close this window.")
	}
	code := b.vendors[Anthropic].authorize(asked, c.At) + "#" + asked.state
	r := webPage(200, "Authentication code", "Paste this into your application:", code)
	r.Header = provider.Field(codeField, code)
	return r
}

// answerGoogle answers Google's authorize page. A refresh token comes only when it is asked for.
func (b *browser) answerGoogle(c *provider.Call, _ *provider.Step) provider.Reply {
	asked, err := readAuthorization(c.Values())
	to, bad := url.Parse(asked.redirect)
	if err := cmp.Or(err, bad); err != nil {
		return webPage(400, "Error 400: invalid_request", err.Error())
	}
	asked.online = c.Values().Get("access_type") != "offline"
	return sendBack(c, b.vendors[Google], asked, to)
}

// sendBack sends the browser to where it came from, with a code or with the refusal.
func sendBack(c *provider.Call, g *Grants, asked Authorization, to *url.URL) provider.Reply {
	answer := to.Query()
	answer.Set("state", asked.state)
	code := ""
	if declined(c) {
		answer.Set("error", "access_denied")
	} else {
		code = g.authorize(asked, c.At)
		answer.Set("code", code)
		answer.Set("scope", asked.scope)
	}
	to.RawQuery = answer.Encode()
	r := webPage(302, "Found", "You are sent back to your application.")
	r.Header = provider.Field(codeField, code) + provider.Field("Location", to.String())
	return r
}

// answerDevicePage is where an owner would type the code of another device. Here that is told to the simulator.
func answerDevicePage(c *provider.Call, _ *provider.Step) provider.Reply {
	return webPage(200, "Connect a device", "This is a simulation: POST the code to /_sim/approve or /_sim/deny.", c.Values().Get("user_code"))
}

// declined reports whether whoever opened an authorize page says no.
func declined(c *provider.Call) bool { return c.Values().Get("sim") == "deny" }

// webPage renders a page; codes are shown as such.
func webPage(status int, title, text string, codes ...string) provider.Reply {
	title, text = html.EscapeString(title), html.EscapeString(text)
	page := "<!DOCTYPE html>\n<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1><p>" + text + "</p>"
	for _, code := range codes {
		if code != "" {
			page += "<code>" + html.EscapeString(code) + "</code>"
		}
	}
	return provider.Reply{Status: status, Content: "text/html; charset=utf-8", Body: []byte(page + "</body></html>\n")}
}

// Refusal is a page, too.
func (b *browser) Refusal(_ *provider.Call, f provider.Failure) provider.Reply {
	r := webPage(f.Status, f.Kind, f.Message)
	r.Header = f.Header
	return r
}
