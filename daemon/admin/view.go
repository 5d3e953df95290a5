package admin

import (
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

// View is what a watcher has been told. Whoever made it closes it.
type View struct {
	o     *Operations
	watch *event.Watcher[usage.Record]
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

// NewView begins to watch what changes.
func NewView(o *Operations) *View {
	return &View{o: o, watch: o.opt.Requests.Watch(endedRoom), flights: map[string]*flight{}, accounts: map[string]account.Status{}}
}

// Close ends the watch.
func (v *View) Close() { v.watch.Close() }

// Update is what the watcher does not know yet; nil when that is nothing. What is true is looked up now, so that nothing waits for a
// watcher that is slow: only requests that ended are kept for it, and the oldest of those are lost first.
func (v *View) Update() *ctl.Update {
	now := time.Now()
	v.turn++
	u := &ctl.Update{At: v.o.opt.Now(), All: !v.begun}
	if now.Sub(v.looked) >= accountsEvery {
		v.takeAccounts(u)
		v.conditions, v.looked = v.o.conditions(), now
	}
	v.takeStatus(u)
	v.takeFlights(u)
	v.takeEnded(u, v.watch)
	quiet := u.Status == nil && len(u.Flights)+len(u.Sent)+len(u.Landed)+len(u.Accounts)+len(u.Removed)+len(u.Ended) == 0
	if quiet && v.begun && now.Sub(v.sent) < sureEvery {
		return nil
	}
	v.begun, v.sent = true, now
	return u
}

func (v *View) takeStatus(u *ctl.Update) {
	s := v.o.figures()
	s.Conditions = v.conditions
	up := s.UptimeSeconds
	if s.UptimeSeconds = v.status.UptimeSeconds; v.begun && reflect.DeepEqual(s, v.status) {
		return
	}
	s.UptimeSeconds = up
	v.status, u.Status = s, &s
}

func (v *View) takeFlights(u *ctl.Update) {
	for _, x := range v.o.opt.Engine.Live() {
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

func (v *View) takeAccounts(u *ctl.Update) {
	known := make(map[string]account.Status, len(v.accounts))
	for _, a := range v.o.opt.Roster.List() {
		now, _ := v.o.opt.Pool.Status(a.ID)
		now.Account = a
		if old, ok := v.accounts[a.ID]; !ok || !same(&old, &now) {
			u.Accounts = append(u.Accounts, v.o.show(a))
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
func (v *View) takeEnded(u *ctl.Update, ended *event.Watcher[usage.Record]) {
	v.ended, u.Missed = ended.Take(v.ended[:0])
	for i := range v.ended {
		r := showRequest(&v.ended[i])
		r.Raw = nil
		u.Ended = append(u.Ended, r)
	}
}
