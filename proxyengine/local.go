package proxyengine

import (
	"github.com/valyala/fasthttp"

	"crs/proxyengine/provider"
)

// answerOpen answers what needs no key: probes, telemetry, health.
func (x *exchange) answerOpen() error {
	body := ""
	switch {
	case x.route.Local == provider.Discard:
		x.skipBody()
		body = `{"success":true}`
	case !x.ctx.IsHead():
		body = `{"status":"ok"}`
	}
	x.ctx.Response.Header.SetContentType("application/json")
	x.ctx.SetBodyString(body)
	x.forget()
	return nil
}

// answerModels lists the models that the accounts serve and the key may use.
func (x *exchange) answerModels() error {
	permission := x.route.protocol.Permission()
	allowed := []string{}
	for _, name := range x.e.opt.Models(permission) {
		if x.key.Policy.AllowsModel(name) {
			allowed = append(allowed, name)
		}
	}
	contentType, body := x.route.protocol.Models(allowed)
	x.ctx.SetStatusCode(fasthttp.StatusOK)
	x.ctx.Response.Header.SetContentType(contentType)
	x.ctx.SetBody(body)
	x.forget()
	return nil
}

// forget ends an exchange that is nobody's business.
func (x *exchange) forget() {
	x.record.Key = ""
	x.close()
}
