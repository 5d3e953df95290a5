package control

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"strings"

	"crs/ctl"
	"crs/daemon/admin"
)

func (h *Handler) testAccount(r *http.Request) (any, error) {
	return given(h.ops.TestAccount(r.Context(), r.PathValue("ref"), r.URL.Query().Get("model")))
}

func (h *Handler) usage(r *http.Request) (any, error) {
	v := r.URL.Query()
	return given(h.ops.Usage(r.Context(), ctl.UsageQuery{
		By: strings.Split(v.Get("by"), ","), Since: v.Get("since"), Until: v.Get("until"), Key: v.Get("key"), Account: v.Get("account"), Model: v.Get("model"),
	}))
}

func (h *Handler) requests(r *http.Request) (any, error) {
	q, err := readRequestQuery(r)
	if err != nil {
		return nil, err
	}
	return given(h.ops.Requests(r.Context(), q))
}

func readRequestQuery(r *http.Request) (q ctl.RequestQuery, err error) {
	v := r.URL.Query()
	q = ctl.RequestQuery{Key: v.Get("key"), Account: v.Get("account"), Status: v.Get("status"), Since: v.Get("since")}
	q.Limit, err = admin.ReadLimit(v.Get("limit"))
	return q, err
}

// followRequests sends the newest requests that match, as many as the limit says, and then every one as it ends; one JSON
// object a line.
func (h *Handler) followRequests(w http.ResponseWriter, r *http.Request) error {
	q, err := readRequestQuery(r)
	if err != nil {
		return err
	}
	ctx, stop := h.untilEnding(r)
	defer stop()
	all, err := h.ops.FollowRequests(ctx, q)
	if err != nil {
		return err
	}
	sendLines(h, w, r, all)
	return nil
}

// untilEnding is the caller's context, which ends also when answers without an end must.
func (h *Handler) untilEnding(r *http.Request) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancel(r.Context())
	ending := h.ending()
	go func() {
		select {
		case <-ending:
		case <-ctx.Done():
		}
		stop()
	}()
	return ctx, stop
}

// sendLines sends rows as they come, until they end or the caller has left; one JSON object a line.
func sendLines[Row any](h *Handler, w http.ResponseWriter, r *http.Request, rows iter.Seq[Row]) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	conn, enc := http.NewResponseController(w), json.NewEncoder(w)
	defer h.unblock(r, conn)()
	if conn.Flush() != nil {
		return
	}
	for row := range rows {
		if enc.Encode(row) != nil || conn.Flush() != nil {
			return
		}
	}
}
