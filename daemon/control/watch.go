package control

import (
	"context"
	"iter"
	"net/http"
	"time"

	"crs/ctl"
	"crs/daemon/admin"
	"crs/internal/patience"
)

// watch sends what changes, one JSON object a line.
func (h *Handler) watch(w http.ResponseWriter, r *http.Request) error {
	every, err := readEvery(r.URL.Query().Get("every"))
	if err != nil {
		return err
	}
	ctx, stop := h.untilEnding(r)
	defer stop()
	view := admin.NewView(h.ops)
	defer view.Close()
	sendLines(h, w, updates(ctx, view, every))
	return nil
}

// updates are what has changed at each time, until ctx ends.
func updates(ctx context.Context, view *admin.View, every time.Duration) iter.Seq[*ctl.Update] {
	return func(yield func(*ctl.Update) bool) {
		for range patience.Every(ctx, every) {
			if u := view.Update(); u != nil && !yield(u) {
				return
			}
		}
	}
}

func readEvery(text string) (time.Duration, error) {
	if text == "" {
		return ctl.WatchEvery, nil
	}
	every, err := time.ParseDuration(text)
	if err != nil || every < ctl.WatchEvery || every > time.Hour {
		return 0, ctl.Errorf(ctl.BadRequest, "%q is no time between two updates: one from %s to an hour is", text, ctl.WatchEvery)
	}
	return every, nil
}

// unblock ends a write that is stuck when the daemon stops. The caller calls what it gives when nothing is written any more.
func (h *Handler) unblock(conn *http.ResponseController) (over func()) {
	ended := make(chan struct{})
	stop := context.AfterFunc(h.ending(), func() {
		defer close(ended)
		_ = conn.SetWriteDeadline(time.Unix(1, 0))
	})
	return func() {
		if !stop() {
			<-ended
		}
	}
}
