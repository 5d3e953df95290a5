package proxyengine

import (
	"github.com/valyala/fasthttp"

	"crs/proxyengine/provider"
)

// answerOpen answers what needs no key: probes, telemetry, health.
func (x *exchange) answerOpen() error {
	if err := x.seat(); err != nil {
		return err
	}
	x.skipBody()
	body := ""
	switch {
	case x.route.Local == provider.Discard:
		body = `{"success":true}`
	case !x.ctx.IsHead():
		body = `{"status":"ok"}`
	}
	x.ctx.SetStatusCode(fasthttp.StatusOK)
	x.ctx.Response.Header.SetContentType("application/json")
	x.ctx.SetBodyString(body)
	x.forget()
	return nil
}

// answerSelf answers what needs a key but no account.
func (x *exchange) answerSelf() error {
	contentType, body, err := x.ownAnswer(x.models())
	if err != nil {
		return err
	}
	x.skipBody()
	x.ctx.SetStatusCode(fasthttp.StatusOK)
	x.ctx.Response.Header.SetContentType(contentType)
	x.ctx.SetBody(body)
	x.forget()
	return nil
}

func (x *exchange) ownAnswer(models []string) (contentType string, body []byte, err error) {
	if own, ok := x.route.protocol.(provider.Answerer); ok && x.route.Local == provider.Own {
		return own.Answer(&x.in, models)
	}
	contentType, body = x.route.protocol.Models(models)
	return contentType, body, nil
}

// models are those that the accounts serve here and the key may use.
func (x *exchange) models() []string {
	allowed := []string{}
	for _, name := range x.e.opt.Models(x.route.listed, x.key.Policy.Permissions) {
		if x.key.Policy.AllowsModel(name) {
			allowed = append(allowed, name)
		}
	}
	return allowed
}

// forget ends an exchange that is nobody's business.
func (x *exchange) forget() {
	x.record.Key = ""
	x.close()
}
