package control

import (
	"net/http"

	"crs/ctl"
)

func (h *Handler) checkup(r *http.Request) (any, error) { return h.opt.Checkup(r.Context()), nil }

func (h *Handler) newCanary(*http.Request) (any, error) {
	token, until := h.opt.Engine.Canary()
	return ctl.Canary{Token: token, ExpiresAt: until}, nil
}
