package simulator

import (
	"strconv"
)

// tokenRequest is the body of a request to the token endpoint.
type tokenRequest struct {
	grant, refresh, client string
}

func (t *tokenRequest) read(body []byte) bool {
	r := reader{b: body}
	return r.document(func(key []byte) {
		switch string(key) {
		case "grant_type":
			t.grant = string(unescape(r.text()))
		case "refresh_token":
			t.refresh = string(unescape(r.text()))
		case "client_id":
			t.client = string(unescape(r.text()))
		default:
			r.value()
		}
	})
}

// admitToken only finds out whose token is to be refreshed; errors there have a shape of their own.
func (a *anthropic) admitToken(c *call) *failure {
	var t tokenRequest
	if t.read(c.body) {
		c.credential, c.account = t.refresh, a.grants.owner(t.refresh)
	}
	return nil
}

// answerToken refreshes a token. The old one is spent even if the answer never arrives, which is how a real one behaves.
func (a *anthropic) answerToken(c *call, _ *step) reply {
	var t tokenRequest
	switch {
	case !t.read(c.body):
		return a.noToken(c, "invalid_request", "The request body is not valid JSON")
	case t.grant != "refresh_token":
		return a.noToken(c, "unsupported_grant_type", "The simulator knows the refresh_token grant only")
	case t.refresh == "" || t.client == "":
		return a.noToken(c, "invalid_request", "refresh_token and client_id are required")
	}
	pair, err := a.grants.rotate(t.refresh, c.at)
	if err != nil {
		return a.noToken(c, "invalid_grant", err.Error())
	}
	return a.newToken(c, pair)
}

func (a *anthropic) newToken(c *call, pair tokenPair) reply {
	r := reply{status: 200, content: jsonType, fields: c.keep(appendIdentity(c))}
	b := append(c.scratch, `{"token_type":"Bearer","access_token":`...)
	b = appendText(b, pair.access)
	b = append(b, `,"expires_in":`...)
	b = strconv.AppendInt(b, int64(pair.life.Seconds()), 10)
	b = append(b, `,"refresh_token":`...)
	b = appendText(b, pair.refresh)
	b = append(b, `,"scope":"user:profile user:inference","organization":{"uuid":"`+organization+`","name":"Simulated"},`...)
	b = append(b, `"account":{"uuid":"`+organization+`","email_address":"simulated@example.com"}}`...)
	r.body = c.keep(b)
	return r
}

func (a *anthropic) noToken(c *call, code, why string) reply {
	r := reply{status: 400, content: jsonType, fields: c.keep(appendIdentity(c))}
	b := append(c.scratch, `{"error":`...)
	b = appendText(b, code)
	b = append(b, `,"error_description":`...)
	b = appendText(b, why)
	r.body = c.keep(append(b, '}'))
	return r
}
