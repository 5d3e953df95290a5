package redis_test

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"pgregory.net/rapid"

	"crs/internal/account"
	"crs/internal/clock"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/store/redis"
	"crs/internal/unit"
)

// lasts is the lease of the nodes in this test, in the clock that the test moves.
const lasts = 28 * time.Second

// tick is a clock that only the test moves, and sets.
type tick struct {
	mu      sync.Mutex
	now     time.Time
	elapsed time.Duration
}

func (c *tick) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *tick) Elapsed() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.elapsed
}

func (c *tick) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.elapsed = c.now.Add(d), c.elapsed+d
}

func (c *tick) set(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is a store with nodes on it, whose clocks the test moves.
type world interface {
	gate(node int) *limit.Gate
	pool(node int) *account.Pool
	// crash ends a node as kill -9 would, and starts another in its place. The ledger then knows what was spent, in spans that end when
	// it says, and what was used of late.
	crash(node int, spent limit.Spent, ends map[limit.Window]time.Time, late []limit.Past)
	// origin is where the store's clock for windows begins, in seconds.
	origin() int64
	// move has time pass. step sets the store's clock, and skew one node's own.
	move(d time.Duration)
	step(d time.Duration)
	skew(node int, d time.Duration)
	// settle waits until everything has been told, and every lease renewed.
	settle()
}

// alone is the local store.
type alone struct {
	clock  tick
	steady *clock.Clock
	limits limit.Ask
	began  time.Time
	g      *limit.Gate
	p      *account.Pool
}

func (w *alone) gate(int) *limit.Gate    { return w.g }
func (w *alone) pool(int) *account.Pool  { return w.p }
func (w *alone) move(d time.Duration)    { w.clock.move(d) }
func (w *alone) step(d time.Duration)    { w.clock.set(d) }
func (w *alone) skew(int, time.Duration) {}
func (w *alone) settle()                 {}
func (w *alone) origin() int64           { return w.began.Unix() }
func (w *alone) crash(_ int, spent limit.Spent, _ map[limit.Window]time.Time, late []limit.Past) {
	w.g = limit.New(limit.Options{Clock: w.steady, Zone: time.UTC, Spent: map[string]limit.Spent{"key_k": spent}})
	w.g.Recall(w.limits.Holders[0], late)
	w.p = emptyPool(w.clock.Now, nil)
}

func emptyPool(now func() time.Time, shared account.Shared) *account.Pool {
	p := account.NewPool(account.Options{
		Now: now, Platforms: map[string]account.Platform{"claude-console": {Services: []string{messages}}}, Shared: shared,
	})
	a := acc("a", slotsOfA)
	p.Set(&a)
	return p
}

// several is nodes on one miniredis.
type several struct {
	mini  *miniredis.Miniredis
	store *redis.Store
	clock tick
	skews [3]time.Duration
	ends  map[limit.Window]time.Time
	nodes [3]*redis.Node
	gates [3]*limit.Gate
	pools [3]*account.Pool
}

func (w *several) gate(i int) *limit.Gate   { return w.gates[i] }
func (w *several) pool(i int) *account.Pool { return w.pools[i] }
func (w *several) skew(i int, d time.Duration) {
	w.clock.mu.Lock()
	defer w.clock.mu.Unlock()
	w.skews[i] = d
}

// move goes in steps of a second, each of which both clocks make at once.
func (w *several) move(d time.Duration) {
	for ; d > 0; d -= time.Second {
		w.clock.mu.Lock()
		w.clock.now, w.clock.elapsed = w.clock.now.Add(time.Second), w.clock.elapsed+time.Second
		w.mini.SetTime(w.clock.now)
		w.clock.mu.Unlock()
	}
}

// step has every node look right before and right after it.
func (w *several) step(d time.Duration) {
	w.look()
	w.clock.set(d)
	w.mini.SetTime(w.clock.Now())
	w.look()
}

func (w *several) look() {
	for _, n := range w.nodes {
		if n != nil && n.TellTime(context.Background()) != nil {
			panic("no node can tell the time")
		}
	}
}

func (w *several) settle() {
	for _, n := range w.nodes {
		n.Settled()
	}
}

func (w *several) origin() int64 { return 0 }

func (w *several) start(i int, spent limit.Spent) {
	ends := w.ends
	now := func() time.Time {
		w.clock.mu.Lock()
		defer w.clock.mu.Unlock()
		return w.clock.now.Add(w.skews[i])
	}
	w.nodes[i] = w.store.Join(redis.NodeOptions{
		Now: now, Elapsed: w.clock.Elapsed, Zone: time.UTC, Lease: lasts, Renew: 2 * time.Millisecond,
		Spent: func(_ context.Context, now time.Time, _ limit.Window) (map[string]limit.Spent, error) {
			known := spent
			for _, s := range limit.Spans(now, time.UTC) {
				if !s.Begins[2].Equal(ends[s.Window]) {
					for _, u := range unit.All() {
						known.Set(u, s.Window, 0)
					}
				}
			}
			return map[string]limit.Spent{"key_k": known}, nil
		},
	})
	w.gates[i] = limit.New(limit.Options{Clock: clock.New(now, w.clock.Elapsed), Zone: time.UTC, Shared: w.nodes[i].Counts()})
	w.pools[i] = emptyPool(now, w.nodes[i].Accounts())
	w.nodes[i].Calls(w.pools[i])
}

func (w *several) crash(i int, spent limit.Spent, ends map[limit.Window]time.Time, _ []limit.Past) {
	w.ends = ends
	w.nodes[i].Kill()
	w.start(i, spent)
}

// slotsOfA is how many requests the account serves at once.
const slotsOfA = 2

// drawn are limits of a test: some of all that there are, low, so that each is met often.
func drawn(t *rapid.T) limit.Limits {
	l := limit.Limits{Concurrency: rapid.IntRange(0, 4).Draw(t, "concurrency")}
	windows := append(limit.Windows(), 7, 90, 5*3600)
	most := map[unit.Unit]int64{unit.Requests: 12, unit.Tokens: 800, unit.Cost: 5000}
	for range rapid.IntRange(1, 6).Draw(t, "rules") {
		u := rapid.SampledFrom(unit.All()).Draw(t, "unit")
		n := max(most[u], 20)
		l.Set(limit.Per(u, rapid.SampledFrom(windows).Draw(t, "window"), rapid.Int64Range(n/4, n).Draw(t, "most")))
	}
	return l
}

// model is what should be true. It is as plain as can be, and knows nothing of stores.
type model struct {
	world  world
	nodes  int
	shared bool // counts outlive a crash of one node
	policy key.Policy

	now      time.Time     // as time has passed
	calendar time.Time     // what days go by
	off      time.Duration // how far the calendar is behind the clock that was set
	events   []event
	ends     map[limit.Window]time.Time
	spent    limit.Spent
	permits  []*held
	leases   []*held
}

// event is what was used, and when.
type event struct {
	second int64
	used   unit.Amounts
	lost   bool // a crash has taken it out of short windows
}

// held is a permit or a lease.
type held struct {
	node     int
	permit   *limit.Permit
	lease    *account.Lease
	estimate unit.Amounts
	inside   bool
	limited  bool // it has one of a limited number of places
	settled  bool
	dead     time.Time // when a crashed node's is over; zero for a living one's
}

func (m *model) second() int64 {
	return m.now.Unix()
}

// within is what was used in a window that slides.
func (m *model) within(r limit.Rule) (n int64) {
	length, kept := r.Window.Steps()
	step := func(second int64) int64 { return (second - m.world.origin()) / length }
	for _, e := range m.events {
		if step(m.second())-step(e.second) < kept && (!e.lost || r.Window >= 3600) {
			n += e.used[r.Unit]
		}
	}
	return n
}

// turn begins spans of the calendar anew.
func (m *model) turn() {
	for _, s := range limit.Spans(m.calendar, time.UTC) {
		if !m.calendar.Before(m.ends[s.Window]) {
			for _, u := range unit.All() {
				m.spent.Set(u, s.Window, 0)
			}
			m.ends = maps.Clone(m.ends)
			m.ends[s.Window] = s.Begins[2]
		}
	}
}

// use counts what was used now.
func (m *model) use(used unit.Amounts) {
	m.turn()
	m.events = append(m.events, event{second: m.second(), used: used})
	for _, w := range limit.Windows() {
		if !w.Slides() {
			for _, u := range unit.All() {
				m.spent.Set(u, w, m.spent.In(u, w)+used[u])
			}
		}
	}
}

// live are those that count, seen as the store sees them when it is asked.
func (m *model) live(all []*held) (live []*held) {
	for _, h := range all {
		if h.dead.IsZero() || m.now.Before(h.dead) {
			live = append(live, h)
			continue
		}
		h.dead = time.Unix(1, 0) // for good, also if the clock is set back
	}
	return live
}

// expected is the limit that should refuse a request now, or "".
func (m *model) expected() limit.Name {
	m.turn()
	inside, reserved := 0, unit.Amounts{}
	for _, h := range m.live(m.permits) {
		if h.inside {
			inside++
		}
		if h.reserves(m.shared) {
			reserved = reserved.Add(h.estimate)
		}
	}
	for _, r := range m.policy.Limits.Rules {
		used := reserved[r.Unit]
		if r.Window.Slides() {
			used += m.within(r)
		} else {
			used += m.spent.In(r.Unit, r.Window)
		}
		if used >= r.Max {
			return r.Name()
		}
	}
	if most := m.policy.Limits.Concurrency; most > 0 && inside >= most {
		return limit.Concurrency
	}
	return ""
}

// holds reports whether it takes a place. Where nodes share and places are not limited, that goes with the settlement.
func (h *held) holds(shared bool) bool { return h.inside || shared && !h.limited && !h.settled }

// reserves: what is held back goes with the settlement; where nodes share, with the place at the latest.
func (h *held) reserves(shared bool) bool {
	if shared {
		return h.holds(true)
	}
	return !h.settled
}

func (m *model) admit(t *rapid.T) {
	node := rapid.IntRange(0, m.nodes-1).Draw(t, "node")
	a := ask(m.policy)
	a.Amounts = amounts(t, "estimate").Settled()
	m.world.settle()
	want := m.expected()
	p, err := m.world.gate(node).Admit(context.Background(), a)
	var r *limit.Exceeded
	switch {
	case err == nil && want == "":
		m.use(unit.AtOnce())
		m.permits = append(m.permits, &held{node: node, permit: p, estimate: a.Amounts, inside: true, limited: m.policy.Limits.Concurrency > 0})
	case errors.As(err, &r) && r.Limit == want:
		if r.RetryAfter == 0 && r.Window != limit.Total || r.Used < r.Max {
			t.Fatalf("refused with %+v", r)
		}
	default:
		t.Fatalf("admitted with %v, and the model says %q", err, want)
	}
}

// amounts are what a request may use.
func amounts(t *rapid.T, label string) (a unit.Amounts) {
	for _, u := range unit.All() {
		a[u] = rapid.Int64Range(0, map[unit.Unit]int64{unit.Tokens: 200, unit.Cost: 900}[u]+5).Draw(t, label)
	}
	return a
}

func (m *model) some(t *rapid.T, all []*held, which func(*held) bool) *held {
	var list []*held
	for _, h := range all {
		if h.dead.IsZero() && which(h) {
			list = append(list, h)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return rapid.SampledFrom(list).Draw(t, "held")
}

func (m *model) release(t *rapid.T) {
	if h := m.some(t, m.permits, func(h *held) bool { return h.inside }); h != nil {
		h.permit.Release()
		h.permit.Release()
		h.inside = false
	}
}

func (m *model) finish(t *rapid.T) {
	h := m.some(t, m.permits, func(h *held) bool { return !h.settled })
	if h == nil {
		return
	}
	m.turn()
	used := amounts(t, "used")
	if h.inside {
		h.permit.Release() // what is served is over
		h.inside = false
	}
	h.permit.Settle(used)
	h.permit.Settle(used)
	h.settled = true
	m.world.settle()
	m.use(used.Settled())
}

func (m *model) lend(t *rapid.T) {
	node := rapid.IntRange(0, m.nodes-1).Draw(t, "node")
	m.world.settle()
	room := len(m.live(m.leases)) < slotsOfA
	for tries := 0; ; tries++ {
		l, err := m.world.pool(node).Pick(context.Background(), want(""))
		switch {
		case err == nil && room:
			m.leases = append(m.leases, &held{node: node, lease: l, inside: true})
			return
		case err != nil && !room:
			return
		case err == nil || tries > 2000:
			t.Fatalf("lent with %v, and the model says that there is room: %v", err, room)
		}
		time.Sleep(time.Millisecond) // somebody's slot has just become free, and this node is about to hear of it
	}
}

func (m *model) giveBack(t *rapid.T) {
	h := m.some(t, m.leases, func(h *held) bool { return h.inside })
	if h == nil {
		return
	}
	h.lease.Release(account.Outcome{Result: account.Served})
	h.inside, h.dead = false, time.Unix(1, 0)
}

func (m *model) crash(t *rapid.T) {
	node := rapid.IntRange(0, m.nodes-1).Draw(t, "node")
	m.world.settle()
	m.turn()
	over := time.Unix(1, 0)
	if m.shared {
		over = m.now.Add(lasts)
	} else {
		for i := range m.events {
			m.events[i].lost = true
		}
	}
	for _, all := range [][]*held{m.permits, m.leases} {
		for _, h := range all {
			if h.node == node && h.dead.IsZero() {
				h.dead = over
			}
		}
	}
	var late []limit.Past
	for _, e := range m.events {
		late = append(late, limit.Past{Age: time.Duration(m.second()-e.second) * time.Second, Used: e.used})
	}
	m.world.crash(node, m.spent, m.ends, late)
}

// pass lets time pass: living nodes renew their leases meanwhile.
func (m *model) pass(t *rapid.T) {
	for left := rapid.Int64Range(1, 70).Draw(t, "seconds"); left > 0 || m.midnight(); left -= 9 {
		d := time.Duration(min(max(left, 3), 9)) * time.Second
		m.world.settle()
		m.world.move(d)
		m.now = m.now.Add(d)
		nearer := min(max(m.off, -d/8), d/8)
		m.calendar, m.off = m.calendar.Add(d+nearer), m.off-nearer
		m.world.settle()
	}
}

// midnight reports whether a day ends about now: to the millisecond, the store and the model need not agree on when.
func (m *model) midnight() bool {
	since := m.calendar.Sub(m.calendar.Truncate(24 * time.Hour))
	return since < 2*time.Second || since > 24*time.Hour-2*time.Second
}

// step sets the store's clock, which changes nothing but when the day ends, a little.
func (m *model) step(t *rapid.T) {
	d := rapid.SampledFrom([]time.Duration{-24 * time.Hour, -time.Hour, -20 * time.Second, 20 * time.Second, time.Hour, 24 * time.Hour}).Draw(t, "by")
	if (m.off + d).Abs() > 47*time.Hour {
		return
	}
	m.world.settle()
	m.world.step(d)
	m.off += d
	m.world.settle()
}

// skew sets a node's own clock, which must not matter.
func (m *model) skew(t *rapid.T) {
	node := rapid.IntRange(0, m.nodes-1).Draw(t, "node")
	m.world.skew(node, time.Duration(rapid.Int64Range(-90, 90).Draw(t, "by"))*time.Second)
}

// check is true at any time.
func (m *model) check(t *rapid.T) {
	m.world.settle()
	m.turn()
	m.second()
	u := m.world.gate(0).UseOn(context.Background(), ask(m.policy).Holders[0])
	inside := 0
	for _, h := range m.live(m.permits) {
		if h.holds(m.shared) {
			inside++
		}
	}
	if u.InFlight != inside && m.policy.Limits.Limited() {
		t.Fatalf("in use: %+v; the model has %d inside and %+v spent", u, inside, m.spent)
	}
	for _, r := range m.policy.Limits.Rules {
		want := int64(0)
		if r.Window.Slides() {
			want = m.within(r)
		} else {
			want = m.spent.In(r.Unit, r.Window)
		}
		if got := u.In(r.Unit, r.Window); got != want && len(m.permits) > 0 {
			t.Fatalf("%s: %d in use; the model has %d", r, got, want)
		}
	}
}

func TestAnySequenceOfEventsKeepsTheLimits(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 5, 31, 23, 57, 0, 0, time.UTC) // a day, a week and a month end soon
	run := func(t *rapid.T, m *model) {
		m.now, m.calendar, m.ends = begin, begin, map[limit.Window]time.Time{}
		for _, s := range limit.Spans(begin, time.UTC) {
			m.ends[s.Window] = s.Begins[2]
		}
		t.Repeat(map[string]func(*rapid.T){
			"admit": m.admit, "admit another": m.admit, "release": m.release, "settle": m.finish, "crash": m.crash,
			"lend": m.lend, "give back": m.giveBack, "time passes": m.pass, "the clock steps": m.step, "a node's clock is set": m.skew,
			"": m.check,
		})
	}
	t.Run("local", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			w := &alone{clock: tick{now: begin}, began: begin}
			w.steady = clock.New(w.clock.Now, w.clock.Elapsed)
			policy := key.Policy{Limits: drawn(t)}
			w.limits = ask(policy)
			w.crash(0, limit.Spent{}, nil, nil)
			run(t, &model{world: w, nodes: 1, policy: policy})
		})
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		mini := miniredis.RunT(t)
		s := connect(t, "redis://"+mini.Addr()+"/0")
		rapid.Check(t, func(rt *rapid.T) {
			w := &several{mini: mini, store: s, clock: tick{now: begin}}
			w.step(0)
			redis.Empty(s)
			for i := range w.nodes {
				w.start(i, limit.Spent{})
			}
			defer func() {
				for _, n := range w.nodes {
					n.Kill()
				}
			}()
			run(rt, &model{world: w, nodes: len(w.nodes), shared: true, policy: key.Policy{Limits: drawn(rt)}})
		})
	})
}
