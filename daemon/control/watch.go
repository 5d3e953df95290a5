package control

import (
	"context"
	"iter"
	"net/http"
	"time"

	"crs/ctl"
	"crs/daemon/admin"
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
	sendLines(h, w, r, updates(ctx, view, every))
	return nil
}

// updates are what has changed at each time, until ctx ends.
func updates(ctx context.Context, view *admin.View, every time.Duration) iter.Seq[*ctl.Update] {
	return func(yield func(*ctl.Update) bool) {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			if u := view.Update(); u != nil && !yield(u) {
				return
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
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
func (h *Handler) unblock(r *http.Request, conn *http.ResponseController) (over func()) {
	done, ended, ending := make(chan struct{}), make(chan struct{}), h.ending()
	go func() {
		defer close(ended)
		select {
		case <-ending:
			_ = conn.SetWriteDeadline(time.Unix(1, 0))
		case <-r.Context().Done():
		case <-done:
		}
	}()
	return func() { close(done); <-ended }
}
