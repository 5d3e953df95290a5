package tui

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"crs/ctl"
)

// state is everything the dashboard knows.
type state struct {
	scene ctl.Scene
	heard time.Time // when the scene was as it is, by the dashboard's clock
	zone  *time.Location

	flows map[int64]*flow // what is sent of each flight, by number
	sent  flow            // and of all of them
	sizes tokenSizes      // of a token, by model
	done  flow            // requests that ended

	log   []line // newest last
	lines int64  // ever
	keys  []ctl.Key
	group []ctl.Group
	// catalogue is what there is to choose from.
	catalogue ctl.Catalogue

	today      ctl.UsageRow // as it was asked for last
	endedToday int64        // since then
	costToday  ctl.USD
}

// mostLines is how much of the log is kept.
const mostLines = 2000

// line is one of the log: a request that ended, or something else that happened.
type line struct {
	n       int64 // names it
	at      time.Time
	request *ctl.Request // nil for something else
	grade   grade
	who     string // the account that it is about
	text    string
}

type grade int

const (
	fine grade = iota
	notable
	bad
)

func newState(zone *time.Location) *state {
	return &state{zone: zone, flows: map[int64]*flow{}, sizes: tokenSizes{}}
}

// now is the daemon's time, when it is local by the dashboard's clock.
func (b *state) now(local time.Time) time.Time {
	if b.scene.At.IsZero() {
		return local
	}
	return b.scene.At.Add(max(local.Sub(b.heard), 0)).In(b.zone)
}

// apply takes in what the daemon told.
func (b *state) apply(u *ctl.Update, local time.Time) {
	if u.All {
		clear(b.flows)
	} else {
		b.compare(u)
	}
	b.flowed(u)
	b.sizes.learn(&b.scene, u.Ended)
	b.scene.Apply(u)
	b.heard = local
	for i := range u.Ended {
		b.ended(&u.Ended[i])
	}
	b.done.add(u.At, float64(len(u.Ended))+float64(u.Missed))
	if u.Missed > 0 {
		b.endedToday += u.Missed
		b.note(line{at: u.At, text: fmt.Sprintf("%s more requests ended than can be shown here", whole(u.Missed))})
	}
}

// flowed counts what was sent. It is called before the scene changes.
func (b *state) flowed(u *ctl.Update) {
	count := func(n, sent int64) {
		f := b.flows[n]
		if f == nil {
			f = new(flow)
			b.flows[n] = f
		}
		if u.All {
			return
		}
		if old := b.scene.Flights[n]; old != nil {
			sent -= old.Sent
		}
		f.add(u.At, float64(sent))
		b.sent.add(u.At, float64(sent))
	}
	for i := range u.Flights {
		count(u.Flights[i].N, u.Flights[i].Sent)
	}
	for i := 0; i+1 < len(u.Sent); i += 2 {
		count(u.Sent[i], u.Sent[i+1])
	}
	for _, n := range u.Landed {
		delete(b.flows, n)
	}
}

// compare notes what is different of accounts.
func (b *state) compare(u *ctl.Update) {
	for i := range u.Accounts {
		now := &u.Accounts[i]
		old := b.scene.Accounts[now.ID]
		switch {
		case old == nil:
			b.note(line{at: u.At, who: now.Name, text: "was added: " + now.Platform})
		case old.State != now.State:
			b.note(line{at: u.At, who: now.Name, grade: gradeOf(now.State), text: became(now, b.zone)})
		case len(now.Rests) > len(old.Rests):
			r := now.Rests[len(now.Rests)-1]
			b.note(line{at: u.At, who: now.Name, grade: notable, text: fmt.Sprintf("rests for %s until %s: %s", cmp.Or(r.Scope, "everything"), clock(r.Until, u.At.In(b.zone)), r.Evidence)})
		}
	}
	for _, id := range u.Removed {
		if old := b.scene.Accounts[id]; old != nil {
			b.note(line{at: u.At, who: old.Name, text: "was removed"})
		}
	}
}

func became(x *ctl.Account, zone *time.Location) string {
	text := "is " + x.State
	if x.Until != nil {
		text += " until " + x.Until.In(zone).Format(time.TimeOnly)
	}
	return text + word(x.Why != "", ": "+x.Why)
}

func gradeOf(state string) grade {
	switch state {
	case "ready", "disabled", "active":
		return fine
	case "cooling":
		return notable
	}
	return bad
}

func (b *state) ended(r *ctl.Request) {
	for i := len(b.log) - 1; i >= max(len(b.log)-200, 0); i-- {
		if known := b.log[i].request; known != nil && known.ID == r.ID {
			return // recall was told of it first
		}
	}
	b.endedToday++
	b.costToday += r.Cost
	b.note(requestLine(r))
}

func requestLine(r *ctl.Request) line {
	l := line{at: r.At.Add(time.Duration(r.TotalMS) * time.Millisecond), request: r, who: r.Account, text: r.Remark()}
	switch {
	case r.Status >= 500, r.Status < 400 && r.Error != "":
		l.grade = bad
	case r.Status >= 400, r.Status == 0, len(r.Attempts) > 0:
		l.grade = notable
	}
	return l
}

func (b *state) note(l line) {
	b.lines++
	l.n = b.lines
	if len(b.log) >= mostLines {
		b.log = slices.Delete(b.log, 0, mostLines/10)
	}
	b.log = append(b.log, l)
}

// recall puts the requests that ended before the dashboard was opened at the beginning of the log.
func (b *state) recall(all []ctl.Request) {
	known := map[string]bool{}
	for i := range b.log {
		if r := b.log[i].request; r != nil {
			known[r.ID] = true
		}
	}
	var old []line
	for i := range all {
		if !known[all[i].ID] {
			l := requestLine(&all[i])
			b.lines++
			l.n = b.lines
			old = append(old, l)
		}
	}
	b.log = append(old, b.log...)
	slices.SortStableFunc(b.log, func(x, y line) int { return x.at.Compare(y.at) })
}

// accounts are all of them, by name.
func (b *state) accounts() []*ctl.Account {
	return slices.SortedFunc(maps.Values(b.scene.Accounts), func(x, y *ctl.Account) int { return cmp.Compare(x.Name, y.Name) })
}

// flights are all of them, oldest first.
func (b *state) flights() []*ctl.Flight {
	return slices.SortedFunc(maps.Values(b.scene.Flights), func(x, y *ctl.Flight) int { return cmp.Compare(x.N, y.N) })
}

// setAccount takes in an account that an action gave, before the daemon tells of it.
func (b *state) setAccount(a *ctl.Account) {
	if b.scene.Accounts != nil {
		b.scene.Accounts[a.ID] = a
	}
}

// setKey likewise.
func (b *state) setKey(k *ctl.Key) {
	i, found := slices.BinarySearchFunc(b.keys, k.Name, func(x ctl.Key, name string) int { return cmp.Compare(x.Name, name) })
	if found {
		b.keys[i] = *k
		return
	}
	b.keys = slices.Insert(b.keys, i, *k)
}
