package control

import (
	"net/http"

	"crs/ctl"
	"crs/daemon/admin"
)

func (h *Handler) audit(r *http.Request) (any, error) {
	q, err := readAuditQuery(r)
	if err != nil {
		return nil, err
	}
	return given(h.ops.Audit(r.Context(), q))
}

func readAuditQuery(r *http.Request) (q ctl.AuditQuery, err error) {
	v := r.URL.Query()
	q.Since = v.Get("since")
	q.Limit, err = admin.ReadLimit(v.Get("limit"))
	return q, err
}

// followAudit sends the newest entries that match, as many as the limit says, and then every one as it is written; one JSON object a line.
func (h *Handler) followAudit(w http.ResponseWriter, r *http.Request) error {
	q, err := readAuditQuery(r)
	if err != nil {
		return err
	}
	ctx, stop := h.untilEnding(r)
	defer stop()
	all, err := h.ops.FollowAudit(ctx, q)
	if err != nil {
		return err
	}
	sendLines(h, w, r, all)
	return nil
}
