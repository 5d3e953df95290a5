package control

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"crs/ctl"
	"crs/daemon/admin"
)

func (h *Handler) testAccount(r *http.Request) (any, error) {
	return given(h.ops.TestAccount(r.Context(), r.PathValue("ref"), r.URL.Query().Get("model")))
}

func readUsageQuery(v url.Values) (ctl.UsageQuery, error) {
	return ctl.UsageQuery{
		By: strings.Split(v.Get("by"), ","), Since: v.Get("since"), Until: v.Get("until"), Key: v.Get("key"), Account: v.Get("account"), Model: v.Get("model"),
	}, nil
}

func readStatementQuery(v url.Values) (ctl.StatementQuery, error) {
	return ctl.StatementQuery{
		Month: v.Get("month"), Key: v.Get("key"), Tag: v.Get("tag"), Account: v.Get("account"),
		Currency: v.Get("currency"), Rate: v.Get("rate"), Subscription: v.Get("subscription"),
	}, nil
}

func readRequestQuery(v url.Values) (q ctl.RequestQuery, err error) {
	q = ctl.RequestQuery{Key: v.Get("key"), Account: v.Get("account"), Status: v.Get("status"), Since: v.Get("since")}
	q.Limit, err = admin.ReadLimit(v.Get("limit"))
	return q, err
}

func readAuditQuery(v url.Values) (q ctl.AuditQuery, err error) {
	q.Since = v.Get("since")
	q.Limit, err = admin.ReadLimit(v.Get("limit"))
	return q, err
}

// untilEnding is the caller's context, which ends also when answers without an end must.
func (h *Handler) untilEnding(r *http.Request) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancel(r.Context())
	over := context.AfterFunc(h.ending(), stop)
	return ctx, func() { over(); stop() }
}

// sendLines sends rows as they come, until they end or the caller has left; one JSON object a line.
func sendLines[Row any](h *Handler, w http.ResponseWriter, rows iter.Seq[Row]) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	conn, enc := http.NewResponseController(w), json.NewEncoder(w)
	defer h.unblock(conn)()
	if conn.Flush() != nil {
		return
	}
	for row := range rows {
		_ = conn.SetWriteDeadline(time.Now().Add(writePatience))
		if enc.Encode(row) != nil || conn.Flush() != nil {
			return
		}
	}
}
