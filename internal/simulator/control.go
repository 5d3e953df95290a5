package simulator

import (
	"encoding/json"
	"time"

	"github.com/valyala/fasthttp"
)

// controlPrefix is where a simulator in another process is asked and told things. None of that counts as a request.
const controlPrefix = "/_sim/"

// control answers GET requests and served, and POST script and oauth.
func (s *Server) control(ctx *fasthttp.RequestCtx) {
	switch string(ctx.Method()) + " " + string(ctx.Path()[len(controlPrefix):]) {
	case "GET requests":
		writeJSON(ctx, s.Requests())
	case "GET served":
		writeJSON(ctx, s.Served())
	case "POST script":
		s.controlScript(ctx)
	case "POST oauth":
		s.controlOAuth(ctx)
	default:
		plainText(ctx, 404, "the simulator knows GET /_sim/requests, GET /_sim/served, POST /_sim/script and POST /_sim/oauth")
	}
}

func (s *Server) controlScript(ctx *fasthttp.RequestCtx) {
	if err := s.SetScript(string(ctx.Request.Body())); err != nil {
		plainText(ctx, 400, err.Error())
		return
	}
	ctx.SetStatusCode(204)
}

// controlOAuth registers an account: {"access":"…","refresh":"…","expires_in":3600}; without expires_in it lives as
// long as an access token does that the simulator issues.
func (s *Server) controlOAuth(ctx *fasthttp.RequestCtx) {
	var in struct {
		Access    string `json:"access"`
		Refresh   string `json:"refresh"`
		ExpiresIn *int64 `json:"expires_in"`
	}
	if err := json.Unmarshal(ctx.Request.Body(), &in); err != nil || in.Access == "" {
		plainText(ctx, 400, `expected {"access":"…","refresh":"…","expires_in":3600}`)
		return
	}
	life := s.options.TokenLife
	if in.ExpiresIn != nil {
		life = time.Duration(*in.ExpiresIn) * time.Second
	}
	s.AddOAuth(in.Access, in.Refresh, s.options.Now().Add(life))
	ctx.SetStatusCode(204)
}

func writeJSON(ctx *fasthttp.RequestCtx, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		plainText(ctx, 500, err.Error())
		return
	}
	ctx.SetContentType(jsonType)
	ctx.SetBody(append(b, '\n'))
}

func plainText(ctx *fasthttp.RequestCtx, status int, text string) {
	ctx.SetStatusCode(status)
	ctx.SetContentType("text/plain; charset=utf-8")
	ctx.SetBodyString(text + "\n")
}
