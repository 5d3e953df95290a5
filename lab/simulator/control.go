package simulator

import (
	"encoding/json"

	"crs/lab/simulator/provider"

	"github.com/valyala/fasthttp"
)

// controlPrefix is where a simulator in another process is asked and told things. None of that counts as a request.
const controlPrefix = "/_sim/"

// control answers what the simulator is asked and told. See the package comment.
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
	case "POST owner":
		s.controlOwner(ctx)
	case "POST key":
		s.controlKey(ctx)
	case "POST approve":
		controlDevice(ctx, s.Approve)
	case "POST deny":
		controlDevice(ctx, s.Deny)
	default:
		plainText(ctx, 404, "the simulator knows GET /_sim/requests, GET /_sim/served, POST /_sim/script, "+
			"POST /_sim/oauth, POST /_sim/owner, POST /_sim/key, POST /_sim/approve and POST /_sim/deny")
	}
}

func (s *Server) controlScript(ctx *fasthttp.RequestCtx) {
	if err := s.SetScript(string(ctx.Request.Body())); err != nil {
		plainText(ctx, 400, err.Error())
		return
	}
	ctx.SetStatusCode(204)
}

func writeJSON(ctx *fasthttp.RequestCtx, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		plainText(ctx, 500, err.Error())
		return
	}
	ctx.SetContentType(provider.JSONType)
	ctx.SetBody(append(b, '\n'))
}

func plainText(ctx *fasthttp.RequestCtx, status int, text string) {
	ctx.SetStatusCode(status)
	ctx.SetContentType("text/plain; charset=utf-8")
	ctx.SetBodyString(text + "\n")
}
