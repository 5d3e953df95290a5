package control

import "net/http"

func (h *Handler) testAlert(r *http.Request) (any, error) { return nil, h.opt.TestAlert(r.Context()) }
