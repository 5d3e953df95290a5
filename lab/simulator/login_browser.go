package simulator

import (
	"html"
	"net/url"
	"strings"
)

// browser is what people see who log in: the authorize pages of all vendors, and those where codes are typed. Whoever
// opens one has agreed, at once; with sim=deny in the query, refused.
type browser struct {
	anthropic *anthropic
	logins    *logins

	authorize, google, device endpoint
}

// codeField is the header field that tells the code, for tests that do not want to read a page.
const codeField = "X-Sim-Code"

func newBrowser(a *anthropic, l *logins) *browser {
	b := &browser{anthropic: a, logins: l}
	b.authorize = endpoint{admit: everybody, answer: b.answerAuthorize}
	b.google = endpoint{admit: everybody, answer: b.answerGoogle}
	b.device = endpoint{admit: everybody, answer: b.answerDevice}
	return b
}

func (b *browser) find(method, path []byte) *endpoint {
	switch string(path) {
	case "/oauth/authorize":
		return on(method, "GET", &b.authorize)
	case "/o/oauth2/v2/auth":
		return on(method, "GET", &b.google)
	case "/codex/device", "/device":
		return on(method, "GET", &b.device)
	}
	return nil
}

// answerAuthorize answers for two vendors that have the same path: Anthropic's page shows the code, which is asked for
// with code=true; OpenAI's sends the browser on.
func (b *browser) answerAuthorize(c *call, _ *step) reply {
	query := c.values()
	if query.Get("code") == "true" {
		return b.anthropic.authorizePage(c, query)
	}
	asked, err := readAuthorization(query)
	to, bad := url.Parse(asked.redirect)
	switch {
	case err != nil:
		return webPage(c, 400, "Authentication error", err.Error())
	case bad != nil || to.Hostname() != "localhost" && to.Hostname() != "127.0.0.1":
		return webPage(c, 400, "Authentication error", "redirect_uri is not one of this client")
	}
	return b.sendBack(c, b.logins.openai, asked, to, declines(query))
}

// answerGoogle answers Google's authorize page. A refresh token comes only when it is asked for.
func (b *browser) answerGoogle(c *call, _ *step) reply {
	query := c.values()
	asked, err := readAuthorization(query)
	to, bad := url.Parse(asked.redirect)
	if err != nil || bad != nil {
		return webPage(c, 400, "Error 400: invalid_request", errText(err, bad))
	}
	asked.online = query.Get("access_type") != "offline"
	return b.sendBack(c, b.logins.google, asked, to, declines(query))
}

func errText(errs ...error) string {
	for _, err := range errs {
		if err != nil {
			return err.Error()
		}
	}
	return ""
}

// sendBack sends the browser to where it came from, with a code or with the refusal.
func (b *browser) sendBack(c *call, g *grants, asked authorization, to *url.URL, declined bool) reply {
	answer := to.Query()
	answer.Set("state", asked.state)
	code := ""
	if declined {
		answer.Set("error", "access_denied")
	} else {
		code = g.authorize(asked, c.at)
		answer.Set("code", code)
		answer.Set("scope", asked.scope)
	}
	to.RawQuery = answer.Encode()
	r := webPage(c, 302, "Found", "You are sent back to your application.")
	fields := c.scratch // what is kept stays behind the page
	if code != "" {
		fields = appendField(fields, codeField, code)
	}
	r.fields = c.keep(appendField(fields, "Location", to.String()))
	return r
}

// answerDevice is where an owner would type the code of another device. Here Approve and Deny do that.
func (b *browser) answerDevice(c *call, _ *step) reply {
	return webPage(c, 200, "Connect a device", "This is a simulation: POST the code to /_sim/approve or /_sim/deny.", c.values().Get("user_code"))
}

// declines reports whether whoever opened an authorize page says no.
func declines(query url.Values) bool { return query.Get("sim") == "deny" }

// webPage renders a page; codes are shown as such.
func webPage(c *call, status int, title, text string, codes ...string) reply {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html><head><title>" + html.EscapeString(title) + "</title></head><body><h1>" +
		html.EscapeString(title) + "</h1><p>" + html.EscapeString(text) + "</p>")
	for _, code := range codes {
		if code != "" {
			b.WriteString("<code>" + html.EscapeString(code) + "</code>")
		}
	}
	b.WriteString("</body></html>\n")
	return reply{status: status, content: "text/html; charset=utf-8", body: c.keep(append(c.scratch, b.String()...))}
}

func (b *browser) failure(c *call, st *step) failure { return oauthFailure(c, st) }

func (b *browser) refusal(c *call, f failure) reply {
	r := webPage(c, f.status, f.kind, f.message)
	r.fields = f.fields
	return r
}

func (b *browser) errorEvent(*call, string) []byte { return nil } // no page is a stream

// values are the query of a request that is no hot path.
func (c *call) values() url.Values {
	values, _ := url.ParseQuery(string(c.query)) // what cannot be read is missing
	return values
}
