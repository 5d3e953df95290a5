package control

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"time"

	"crs/ctl"
	"crs/internal/account"
	"crs/internal/event"
	"crs/internal/usage"
	"crs/proxyengine"
)

const (
	// endedRoom is how many requests that ended a watcher may be behind; of more it learns only the number. What is told
	// of them is what a watch costs a busy daemon, so it is not many.
	endedRoom = 64
	// accountsEvery is how often accounts and conditions are looked at: that takes each one's turn with the pool.
	accountsEvery = time.Second
	// sureEvery is how often something is sent at least, so that a watcher can tell a quiet daemon from a stuck one.
	sureEvery = 2 * time.Second
)

// watch sends what changes, one JSON object a line. What is true is looked up when the watcher can take it, so that nothing
// waits for one that is slow: only requests that ended are kept for it, and the oldest of those are lost first.
func (h *Handler) watch(w http.ResponseWriter, r *http.Request) error {
	every, err := readEvery(r.URL.Query().Get("every"))
	if err != nil {
		return err
	}
	ended := h.opt.Requests.Watch(endedRoom)
	defer ended.Close()
	w.Header().Set("Content-Type", "application/x-ndjson")
	conn, enc := http.NewResponseController(w), json.NewEncoder(w)
	defer h.unblock(r, conn)()
	ending := h.ending()
	view, tick := newView(h), time.NewTicker(every)
	defer tick.Stop()
	for {
		if u := view.update(ended); u != nil {
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

// view is what a watcher has been told.
type view struct {
	h     *Handler
	begun bool
	turn  uint64 // counts updates

	status   ctl.Status
	flights  map[string]*flight
	number   int64 // of the newest flight
	accounts map[string]account.Status
	ended    []usage.Record // only memory for the next update's

	conditions []ctl.Condition
	looked     time.Time // when accounts and conditions were looked at
	sent       time.Time // when something was sent
}

type flight struct {
	n    int64
	turn uint64           // when it was last seen
	seen proxyengine.Live // without Sent and LastAt
	sent int64
}

func newView(h *Handler) *view {
	return &view{h: h, flights: map[string]*flight{}, accounts: map[string]account.Status{}}
}

// update is what the watcher does not know yet; nil when that is nothing.
func (v *view) update(ended *event.Watcher[usage.Record]) *ctl.Update {
	now := time.Now()
	v.turn++
	u := &ctl.Update{At: v.h.opt.Now(), All: !v.begun}
	if now.Sub(v.looked) >= accountsEvery {
		v.takeAccounts(u)
		v.conditions, v.looked = v.h.conditions(), now
	}
	v.takeStatus(u)
	v.takeFlights(u)
	v.takeEnded(u, ended)
	quiet := u.Status == nil && len(u.Flights)+len(u.Sent)+len(u.Landed)+len(u.Accounts)+len(u.Removed)+len(u.Ended) == 0
	if quiet && v.begun && now.Sub(v.sent) < sureEvery {
		return nil
	}
	v.begun, v.sent = true, now
	return u
}

func (v *view) takeStatus(u *ctl.Update) {
	s := v.h.figures()
	s.Conditions = v.conditions
	up := s.UptimeSeconds
	if s.UptimeSeconds = v.status.UptimeSeconds; v.begun && reflect.DeepEqual(s, v.status) {
		return
	}
	s.UptimeSeconds = up
	v.status, u.Status = s, &s
}

func (v *view) takeFlights(u *ctl.Update) {
	for _, x := range v.h.opt.Engine.Live() {
		sent, at := x.Sent, x.LastAt
		x.Sent, x.LastAt = 0, time.Time{}
		f := v.flights[x.ID]
		switch {
		case f == nil:
			v.number++
			f = &flight{n: v.number}
			v.flights[x.ID] = f
			fallthrough
		case f.seen != x:
			u.Flights = append(u.Flights, ctl.Flight{Live: showLive(&x), N: f.n, Sent: sent, LastAt: moment(at)})
		case f.sent != sent:
			u.Sent = append(u.Sent, f.n, sent)
		}
		f.turn, f.seen, f.sent = v.turn, x, sent
	}
	for id, f := range v.flights {
		if f.turn != v.turn {
			u.Landed = append(u.Landed, f.n)
			delete(v.flights, id)
		}
	}
}

func (v *view) takeAccounts(u *ctl.Update) {
	known := make(map[string]account.Status, len(v.accounts))
	for _, a := range v.h.opt.Roster.List() {
		now, _ := v.h.opt.Pool.Status(a.ID)
		now.Account = a
		if old, ok := v.accounts[a.ID]; !ok || !same(&old, &now) {
			u.Accounts = append(u.Accounts, v.h.show(a))
		}
		known[a.ID] = now
	}
	for id := range v.accounts {
		if _, ok := known[id]; !ok {
			u.Removed = append(u.Removed, id)
		}
	}
	v.accounts = known
}

// same reports whether an account does as it did. One that was edited is another *Account.
func same(a, b *account.Status) bool {
	return a.Account == b.Account && a.State == b.State && a.Until.Equal(b.Until) && a.Why == b.Why && a.InUse == b.InUse &&
		a.LastUsed.Equal(b.LastUsed) && a.Failures == b.Failures && a.LastErr == b.LastErr && a.LastErrAt.Equal(b.LastErrAt) &&
		slices.Equal(a.Rests, b.Rests) && slices.Equal(a.Windows, b.Windows)
}

// takeEnded takes those that wait, and does not wait for more.
func (v *view) takeEnded(u *ctl.Update, ended *event.Watcher[usage.Record]) {
	v.ended, u.Missed = ended.Take(v.ended[:0])
	for i := range v.ended {
		r := showRequest(&v.ended[i])
		r.Raw = nil
		u.Ended = append(u.Ended, r)
	}
}

func (h *Handler) disconnect(r *http.Request) (any, error) {
	if id := r.PathValue("ref"); !h.opt.Engine.Disconnect(id) {
		return nil, ctl.Errorf(ctl.NotFound, "no request %q is in flight", id).WithHint("it may have ended meanwhile; see what is: crs top")
	}
	return nil, nil
}
