package redis_test

import (
	"context"
	"errors"
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
	"crs/internal/usage"
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
	// crash ends a node as kill -9 would, and starts another in its place; spent is what the ledger then knows, of a day.
	crash(node int, spent usage.Charges, day string)
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
	g      *limit.Gate
	p      *account.Pool
}

func (w *alone) gate(int) *limit.Gate    { return w.g }
func (w *alone) pool(int) *account.Pool  { return w.p }
func (w *alone) move(d time.Duration)    { w.clock.move(d) }
func (w *alone) step(d time.Duration)    { w.clock.set(d) }
func (w *alone) skew(int, time.Duration) {}
func (w *alone) settle()                 {}
func (w *alone) crash(_ int, spent usage.Charges, _ string) {
	w.g = limit.New(limit.Options{Clock: w.steady, Zone: time.UTC, Spent: map[string]usage.Charges{"key_k": spent}})
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
	day   string
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

func (w *several) start(i int, spent usage.Charges) {
	today := w.day
	now := func() time.Time {
		w.clock.mu.Lock()
		defer w.clock.mu.Unlock()
		return w.clock.now.Add(w.skews[i])
	}
	w.nodes[i] = w.store.Join(redis.NodeOptions{
		Now: now, Elapsed: w.clock.Elapsed, Zone: time.UTC, Lease: lasts, Renew: 2 * time.Millisecond,
		Charged: func(_ context.Context, day, _ string) (map[string]usage.Charges, error) {
			known := spent
			if day != today {
				known.Day = 0
			}
			return map[string]usage.Charges{"key_k": known}, nil
		},
	})
	w.gates[i] = limit.New(limit.Options{Clock: clock.New(now, w.clock.Elapsed), Zone: time.UTC, Shared: w.nodes[i].Counts()})
	w.pools[i] = emptyPool(now, w.nodes[i].Accounts())
	w.nodes[i].Calls(w.pools[i])
}

func (w *several) crash(i int, spent usage.Charges, day string) {
	w.day = day
	w.nodes[i].Kill()
	w.start(i, spent)
}

// The limits of the test: low, so that each is met often.
var (
	tight = key.Policy{
		Concurrency: 3, RequestsPerMinute: 9, TokensPerMinute: 500, DailyCost: 3000, WeeklyCost: 5000, TotalCost: 9000,
	}
	slotsOfA = 2
)

// model is what should be true. It is as plain as can be, and knows nothing of stores.
type model struct {
	world  world
	nodes  int
	shared bool // counts outlive a crash of one node

	now      time.Time     // as time has passed
	calendar time.Time     // what days go by
	off      time.Duration // how far the calendar is behind the clock that was set
	requests []event
	tokens   []event
	day      time.Time // when it ends
	spent    usage.Charges
	permits  []*held
	leases   []*held
}

type event struct{ second, n int64 }

// held is a permit or a lease.
type held struct {
	node         int
	permit       *limit.Permit
	lease        *account.Lease
	tokens, cost int64
	inside       bool
	settled      bool
	dead         time.Time // when a crashed node's is over; zero for a living one's
}

func (m *model) second() int64 {
	return m.now.Unix()
}

func within(events []event, second int64) (n int64) {
	for _, e := range events {
		if e.second > second-61 {
			n += e.n
		}
	}
	return n
}

// turn begins a new day. The test is too short for a new week to begin.
func (m *model) turn() {
	if !m.calendar.Before(m.day) {
		m.spent.Day, m.day = 0, m.day.AddDate(0, 0, 1)
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
	var inside, tokens, cost int64
	for _, h := range m.live(m.permits) {
		if h.inside {
			inside++
		}
		if h.reserves(m.shared) {
			tokens, cost = tokens+h.tokens, cost+h.cost
		}
	}
	s := m.second()
	switch {
	case within(m.requests, s) >= tight.RequestsPerMinute:
		return limit.RequestsPerMinute
	case within(m.tokens, s)+tokens >= tight.TokensPerMinute:
		return limit.TokensPerMinute
	case m.spent.Day+cost >= tight.DailyCost:
		return limit.DailyCost
	case m.spent.Week+cost >= tight.WeeklyCost:
		return limit.WeeklyCost
	case m.spent.Total+cost >= tight.TotalCost:
		return limit.TotalCost
	case inside >= int64(tight.Concurrency):
		return limit.Concurrency
	}
	return ""
}

// reserves: what is held back goes with the settlement; where nodes share, with the place at the latest.
func (h *held) reserves(shared bool) bool {
	if shared {
		return h.inside
	}
	return !h.settled
}

func (m *model) admit(t *rapid.T) {
	node := rapid.IntRange(0, m.nodes-1).Draw(t, "node")
	a := ask(tight)
	a.Tokens, a.Cost = rapid.Int64Range(0, 200).Draw(t, "tokens"), rapid.Int64Range(0, 900).Draw(t, "cost")
	m.world.settle()
	want := m.expected()
	p, err := m.world.gate(node).Admit(context.Background(), a)
	var r *limit.Refused
	switch {
	case err == nil && want == "":
		m.requests = append(m.requests, event{m.second(), 1})
		m.permits = append(m.permits, &held{node: node, permit: p, tokens: a.Tokens, cost: a.Cost, inside: true})
	case errors.As(err, &r) && r.Limit == want:
		if r.RetryAfter == 0 && want != limit.TotalCost || r.Used < r.Max {
			t.Fatalf("refused with %+v", r)
		}
	default:
		t.Fatalf("admitted with %v, and the model says %q", err, want)
	}
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
	tokens, cost := rapid.Int64Range(0, 200).Draw(t, "used"), rapid.Int64Range(0, 900).Draw(t, "charged")
	if h.inside {
		h.permit.Release() // what is served is over
		h.inside = false
	}
	h.permit.Settle(tokens, cost)
	h.permit.Settle(tokens, cost)
	h.settled = true
	m.world.settle()
	m.tokens = append(m.tokens, event{m.second(), tokens})
	m.spent.Day, m.spent.Week, m.spent.Total = m.spent.Day+cost, m.spent.Week+cost, m.spent.Total+cost
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
		m.requests, m.tokens = nil, nil
	}
	for _, all := range [][]*held{m.permits, m.leases} {
		for _, h := range all {
			if h.node == node && h.dead.IsZero() {
				h.dead = over
			}
		}
	}
	m.world.crash(node, m.spent, m.day.AddDate(0, 0, -1).Format(time.DateOnly))
}

// pass lets time pass: living nodes renew their leases meanwhile.
func (m *model) pass(t *rapid.T) {
	for left := rapid.Int64Range(1, 70).Draw(t, "seconds"); left > 0; left -= 9 {
		d := time.Duration(min(left, 9)) * time.Second
		m.world.settle()
		m.world.move(d)
		m.now = m.now.Add(d)
		nearer := min(max(m.off, -d/8), d/8)
		m.calendar, m.off = m.calendar.Add(d+nearer), m.off-nearer
		m.world.settle()
	}
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
	u := m.world.gate(0).UseOn(context.Background(), ask(tight).Key)
	inside := 0
	for _, h := range m.live(m.permits) {
		if h.inside {
			inside++
		}
	}
	if u.InFlight != inside || u.Spent.Total != m.spent.Total && len(m.permits) > 0 {
		t.Fatalf("in use: %+v; the model has %d inside and %+v spent", u, inside, m.spent)
	}
}

func TestAnySequenceOfEventsKeepsTheLimits(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 26, 23, 57, 0, 0, time.UTC) // a day ends soon
	run := func(t *rapid.T, m *model) {
		m.now, m.calendar, m.day = begin, begin, time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
		t.Repeat(map[string]func(*rapid.T){
			"admit": m.admit, "admit another": m.admit, "release": m.release, "settle": m.finish, "crash": m.crash,
			"lend": m.lend, "give back": m.giveBack, "time passes": m.pass, "the clock steps": m.step, "a node's clock is set": m.skew,
			"": m.check,
		})
	}
	t.Run("local", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			w := &alone{clock: tick{now: begin}}
			w.steady = clock.New(w.clock.Now, w.clock.Elapsed)
			w.crash(0, usage.Charges{}, "")
			run(t, &model{world: w, nodes: 1})
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
				w.start(i, usage.Charges{})
			}
			defer func() {
				for _, n := range w.nodes {
					n.Kill()
				}
			}()
			run(rt, &model{world: w, nodes: len(w.nodes), shared: true})
		})
	})
}
