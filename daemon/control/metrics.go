package control

import (
	"net/http"

	"crs/ctl"
)

// metrics are what a daemon counts: text by themselves, and as the contract has them.
type metrics interface {
	http.Handler
	All() ([]ctl.Metric, error)
}

// metrics gives Prometheus' text, which is the same that a TCP address serves, or JSON.
func (h *Handler) metrics(w http.ResponseWriter, r *http.Request) error {
	switch format := r.URL.Query().Get("format"); format {
	case "", "text":
		h.opt.Metrics.ServeHTTP(w, r)
		return nil
	case "json":
		all, err := h.opt.Metrics.All()
		if err != nil {
			return err
		}
		respond(w, all)
		return nil
	default:
		return ctl.Errorf(ctl.BadRequest, "format %q is neither text nor json", format)
	}
}
