package simulator

import (
	"encoding/json"
	"time"

	"github.com/valyala/fasthttp"

	"crs/lab/simulator/login"
)

// controlOAuth registers an account. Without a vendor it is Anthropic's; without expires_in it lives as long as an access
// token does that the simulator issues.
func (s *Server) controlOAuth(ctx *fasthttp.RequestCtx) {
	in := struct {
		Vendor    Vendor `json:"vendor"`
		Access    string `json:"access"`
		Refresh   string `json:"refresh"`
		ExpiresIn *int64 `json:"expires_in"`
		Owner
	}{Vendor: Anthropic}
	if err := json.Unmarshal(ctx.Request.Body(), &in); err != nil || in.Access == "" || s.vendors[in.Vendor] == nil {
		plainText(ctx, 400, `expected {"vendor":"anthropic|openai|google|workos","access":"…","refresh":"…","expires_in":3600,`+
			`"email":"…","account":"…","organization":"…","plan":"…","project":"…","new":false}`)
		return
	}
	l := Login{Access: in.Access, Refresh: in.Refresh, Owner: in.Owner}
	if in.ExpiresIn != nil {
		l.Expires = s.options.Now().Add(time.Duration(*in.ExpiresIn) * time.Second)
	}
	s.AddLogin(in.Vendor, l)
	ctx.SetStatusCode(204)
}

// controlOwner says who logs in next.
func (s *Server) controlOwner(ctx *fasthttp.RequestCtx) {
	var in struct {
		Vendor Vendor `json:"vendor"`
		Owner
	}
	if err := json.Unmarshal(ctx.Request.Body(), &in); err != nil || s.vendors[in.Vendor] == nil {
		plainText(ctx, 400, `expected {"vendor":"anthropic|openai|google|workos","email":"…","account":"…","organization":"…",`+
			`"plan":"…","project":"…","new":false}`)
		return
	}
	s.Introduce(in.Vendor, in.Owner)
	ctx.SetStatusCode(204)
}

// controlKey registers a key.
func (s *Server) controlKey(ctx *fasthttp.RequestCtx) {
	var in struct {
		Kind    login.KeyKind `json:"kind"`
		Key     string        `json:"key"`
		Secret  string        `json:"secret"`
		Session string        `json:"session"`
	}
	if err := json.Unmarshal(ctx.Request.Body(), &in); err != nil || in.Key == "" || !s.keys.Has(in.Kind) || in.Kind == login.AccessKey && in.Secret == "" {
		plainText(ctx, 400, `expected {"kind":"gemini|bedrock","key":"…"} or {"kind":"aws","key":"AKIA…","secret":"…","session":"…"}`)
		return
	}
	s.keys.Add(in.Kind, in.Key, login.Signer{Secret: in.Secret, Session: in.Session})
	ctx.SetStatusCode(204)
}

// controlDevice tells the verdict of an owner who typed a code.
func controlDevice(ctx *fasthttp.RequestCtx, decide func(userCode string) error) {
	var in struct {
		UserCode string `json:"user_code"`
	}
	if err := json.Unmarshal(ctx.Request.Body(), &in); err != nil || in.UserCode == "" {
		plainText(ctx, 400, `expected {"user_code":"…"}`)
		return
	}
	if err := decide(in.UserCode); err != nil {
		plainText(ctx, 404, err.Error())
		return
	}
	ctx.SetStatusCode(204)
}
