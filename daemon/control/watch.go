package control

import (
	"encoding/json"
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
	view := admin.NewView(h.ops)
	defer view.Close()
	w.Header().Set("Content-Type", "application/x-ndjson")
	conn, enc := http.NewResponseController(w), json.NewEncoder(w)
	defer h.unblock(r, conn)()
	ending := h.ending()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if u := view.Update(); u != nil {
			_ = conn.SetWriteDeadline(time.Now().Add(writePatience))
			if enc.Encode(u) != nil || conn.Flush() != nil {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-ending:
			return nil
		case <-r.Context().Done():
			return nil
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
