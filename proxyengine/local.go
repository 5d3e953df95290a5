package proxyengine

import (
	"github.com/valyala/fasthttp"

	"crs/proxyengine/provider"
)

// answerSelf answers what needs no account. Nothing is written down of that.
func (x *exchange) answerSelf() (r *response, err error) {
	switch x.route.Local {
	case provider.Hello, provider.Discard:
		r, err = x.answerOpen()
	case provider.Canary:
		r, err = x.answerCanary()
	default:
		r, err = x.answerKnown()
	}
	x.unrecorded = err == nil
	return r, err
}

// answerOpen answers what needs no key: probes, telemetry, health.
func (x *exchange) answerOpen() (*response, error) {
	if err := x.checkConnLimit(); err != nil {
		return nil, err
	}
	x.skipBody()
	r := &response{status: fasthttp.StatusOK, contentType: "application/json"}
	switch {
	case x.route.Local == provider.Discard:
		r.body = []byte(`{"success":true}`)
	case !x.ctx.IsHead():
		r.body = []byte(`{"status":"ok"}`)
	}
	return r, nil
}

// answerKnown answers what needs a key, but no account: which models there are, and what a protocol knows by itself.
func (x *exchange) answerKnown() (r *response, err error) {
	r, models := &response{status: fasthttp.StatusOK}, x.models()
	if own, ok := x.route.protocol.(provider.Answerer); ok && x.route.Local == provider.Own {
		r.contentType, r.body, err = own.Answer(&x.in, models)
	} else {
		r.contentType, r.body = x.route.protocol.Models(models)
	}
	if err != nil {
		return nil, err
	}
	x.skipBody()
	return r, nil
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
