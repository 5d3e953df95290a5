package redis_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"crs/internal/clock"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/store/redis"
	"crs/internal/unit"
	"crs/lab/redistest"
)

const dollar = 1_000_000_000

// connect gives a store on a server.
func connect(t testing.TB, url string) *redis.Store {
	t.Helper()
	s, err := redis.Open(context.Background(), redis.Options{URL: url, Dir: t.TempDir(), Wait: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// join gives a node that leaves with the test.
func join(t testing.TB, s *redis.Store, change ...func(*redis.NodeOptions)) *redis.Node {
	t.Helper()
	opt := redis.NodeOptions{
		Now: time.Now, Zone: time.UTC,
		Spent: func(context.Context, time.Time, limit.Window) (map[string]limit.Spent, error) { return nil, nil },
	}
	for _, c := range change {
		c(&opt)
	}
	n := s.Join(opt)
	t.Cleanup(func() { _ = n.Leave(context.Background()) })
	return n
}

// gates gives gates of as many nodes on one store.
func gates(t testing.TB, s *redis.Store, n int, change ...func(*redis.NodeOptions)) []*limit.Gate {
	t.Helper()
	var all []*limit.Gate
	for range n {
		all = append(all, shared(join(t, s, change...)).Gate)
	}
	return all
}

type gate struct{ *limit.Gate }

func shared(n *redis.Node) gate {
	return gate{limit.New(limit.Options{Clock: clock.New(time.Now, nil), Zone: time.UTC, Shared: n.Counts()})}
}

func policy(concurrency int) key.Policy {
	return key.Policy{Limits: limit.Limits{Concurrency: concurrency}}
}

// everywhere runs a test on every kind of Redis there is here.
func everywhere(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Parallel()
	t.Run("miniredis", func(t *testing.T) { t.Parallel(); test(t, redistest.StartMini(t).URL()) })
	t.Run("redis-server", func(t *testing.T) { t.Parallel(); test(t, redistest.StartReal(t).URL()) })
	t.Run("cluster", func(t *testing.T) { t.Parallel(); test(t, redistest.StartCluster(t, 0).URL()) })
}

func ask(p key.Policy) limit.Ask {
	k := &key.Key{ID: "key_k", Policy: p}
	return limit.Ask{Holders: []limit.Holder{k.Holder()}}
}

// edited asks for the same key after its limits were changed: the limits that requests have been let in with stay as they are, and are
// still read.
func edited(a limit.Ask, change func(*limit.Limits)) limit.Ask {
	h := a.Holders[0]
	limits := *h.Limits
	change(&limits)
	h.Limits = &limits
	a.Holders = []limit.Holder{h}
	return a
}

// costs is what was spent on a day, in a week and in all.
func costs(day, week, total int64) (s limit.Spent) {
	s.Set(unit.Cost, limit.Day, day)
	s.Set(unit.Cost, limit.Week, week)
	s.Set(unit.Cost, limit.Total, total)
	return s
}

func admit(t testing.TB, g *limit.Gate, a limit.Ask) *limit.Permit {
	t.Helper()
	p, err := g.Admit(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func turnedAway(t testing.TB, g *limit.Gate, a limit.Ask) *limit.Exceeded {
	t.Helper()
	_, err := g.Admit(t.Context(), a)
	var r *limit.Exceeded
	if !errors.As(err, &r) {
		t.Fatalf("not refused: %v", err)
	}
	return r
}

// soon waits for what the sender does in its own time.
func soon(t testing.TB, what string, ok func() bool) {
	t.Helper()
	soonSaying(t, what, func() error {
		if !ok() {
			return errors.New("it never was")
		}
		return nil
	})
}

// soonSaying is soon, and says what was wrong at last.
func soonSaying(t testing.TB, what string, wrong func() error) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		err := wrong()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s: %v", what, err)
		}
	}
}

func TestNodesShareAKeysConcurrency(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		g := gates(t, connect(t, url), 2)
		a := ask(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Requests, limit.Minute, 3)}, Concurrency: 2}})
		one, two := admit(t, g[0], a), admit(t, g[1], a)
		for _, gate := range g {
			if r := turnedAway(t, gate, a); r.Limit != limit.Concurrency || r.Max != 2 || r.Used != 2 || r.RetryAfter != time.Second {
				t.Errorf("%+v", r)
			}
		}
		one.Release()
		one.Release()
		soon(t, "the other node to know of it", func() bool { return g[1].UseOn(t.Context(), a.Holders[0]).InFlight == 1 })
		three := admit(t, g[1], a) // the refused requests were not counted against the rate
		if r := turnedAway(t, g[0], a); r.Limit != limit.Name("requests per minute") || r.Used != 3 || r.RetryAfter < time.Second || r.RetryAfter > 62*time.Second {
			t.Errorf("%+v", r)
		}
		two.Release()
		three.Release()
	})
}

func TestNodesShareTokensAndBudgets(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		g := gates(t, connect(t, url), 2)
		a := ask(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Tokens, limit.Minute, 1000), limit.Per(unit.Cost, limit.Day, 10*dollar), limit.Per(unit.Cost, limit.Total, 12*dollar)}}})
		a.Amounts[unit.Tokens], a.Amounts[unit.Cost] = 600, 6*dollar
		one, two := admit(t, g[0], a), admit(t, g[1], a)
		if r := turnedAway(t, g[0], a); r.Limit != limit.Name("tokens per minute") || r.Used != 1200 || r.Reserved != 1200 {
			t.Errorf("%+v", r)
		}
		a = edited(a, func(l *limit.Limits) { l.Set(limit.Per(unit.Tokens, limit.Minute, 0)) })
		if r := turnedAway(t, g[1], a); r.Limit != limit.Name("daily cost") || r.Used != 12*dollar || r.Reserved != 12*dollar || r.Spent() || r.RetryAfter != limit.Soon {
			t.Errorf("%+v", r)
		}
		for _, p := range []*limit.Permit{one, two} {
			p.Release()
			p.Settle(unit.Amounts{unit.Tokens: 100, unit.Cost: 5 * dollar})
			p.Settle(unit.Amounts{unit.Tokens: 100, unit.Cost: 5 * dollar})
		}
		soon(t, "both to be settled", func() bool {
			_, err := g[0].Admit(t.Context(), a)
			var r *limit.Exceeded
			return errors.As(err, &r) && r.Spent() && r.Used == 10*dollar
		})
		r := turnedAway(t, g[1], a)
		if r.Limit != limit.Name("daily cost") || time.Until(r.Reset) > 24*time.Hour+time.Minute || r.Reset.Before(time.Now().Add(-time.Minute)) {
			t.Errorf("%+v", r)
		}
		a = edited(a, func(l *limit.Limits) { l.Set(limit.Per(unit.Cost, limit.Day, 0)) })
		admit(t, g[1], a).Settle(unit.Amounts{unit.Tokens: 0, unit.Cost: 2 * dollar})
		soon(t, "the total to be spent", func() bool {
			_, err := g[0].Admit(t.Context(), a)
			var r *limit.Exceeded
			return errors.As(err, &r) && r.Limit == limit.Name("total cost") && r.Spent() && r.RetryAfter == 0 && r.Reset.IsZero()
		})
	})
}

func TestTheQueueOfAKeyIsServedInOrderAcrossNodes(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		g := gates(t, connect(t, url), 3)
		a := ask(key.Policy{Limits: limit.Limits{Concurrency: 1, Queue: 6, QueueWait: time.Minute}})
		inside := admit(t, g[0], a)
		var mu sync.Mutex
		var order []int
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				p := admit(t, g[i%3], a)
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				p.Release()
			})
			soon(t, "the next to queue", func() bool { u := g[0].UseOn(t.Context(), a.Holders[0]); return u.Queued == i+1 })
		}
		if r := turnedAway(t, g[1], a); r.Limit != limit.Concurrency || r.Position != 0 {
			t.Errorf("a full queue: %+v", r)
		}
		start := time.Now()
		inside.Release()
		wg.Wait()
		for i, n := range order {
			if i != n {
				t.Fatalf("served in the order %v", order)
			}
		}
		t.Logf("six were called one after the other within %v", time.Since(start))
		a = edited(a, func(l *limit.Limits) { l.QueueWait = 300 * time.Millisecond })
		inside = admit(t, g[2], a)
		if r := turnedAway(t, g[1], a); r.Position != 1 || r.Waited < 300*time.Millisecond {
			t.Errorf("%+v", r)
		}
		inside.Release()
		soon(t, "nobody to be inside", func() bool {
			u := g[0].UseOn(t.Context(), a.Holders[0])
			return u.InFlight == 0 && u.Queued == 0
		})
	})
}

func TestWhatTheRollupsKnowIsWhatAKeyHasSpent(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		s := connect(t, url)
		g := gates(t, s, 1, func(o *redis.NodeOptions) {
			o.Spent = func(context.Context, time.Time, limit.Window) (map[string]limit.Spent, error) {
				return map[string]limit.Spent{"key_k": costs(dollar, 2*dollar, 3*dollar)}, nil
			}
		})
		for _, p := range []key.Policy{{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Day, dollar)}}}, {Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Week, 2*dollar)}}}, {Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Total, 3*dollar)}}}} {
			if r := turnedAway(t, g[0], ask(p)); !r.Spent() {
				t.Errorf("%+v", r)
			}
		}
		admit(t, g[0], ask(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Day, dollar+1), limit.Per(unit.Cost, limit.Week, 2*dollar+1), limit.Per(unit.Cost, limit.Total, 3*dollar+1)}}}))
	})
}

// TestWhatIsShownAfterMidnightIsOfTheNewDay although the node that shows it has a clock by which the old one lasts.
func TestWhatIsShownAfterMidnightIsOfTheNewDay(t *testing.T) {
	t.Parallel()
	mini := miniredis.RunT(t)
	w := &several{mini: mini, store: connect(t, "redis://"+mini.Addr()), clock: tick{now: time.Date(2026, 5, 31, 23, 59, 0, 0, time.UTC)}}
	w.step(0)
	w.skew(0, -82*time.Second)
	w.start(0, limit.Spent{})
	t.Cleanup(w.nodes[0].Kill)
	daily := limit.Per(unit.Requests, limit.Day, 5)
	a := ask(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{daily}}})
	admit(t, w.gates[0], a).Settle(unit.Amounts{})
	for _, want := range []int64{1, 0} {
		if u := w.gates[0].UseOn(t.Context(), a.Holders[0]); u.In(unit.Requests, limit.Day) != want {
			t.Errorf("at %s: %d requests, want %d", w.clock.Now(), u.In(unit.Requests, limit.Day), want)
		}
		w.move(65 * time.Second)
		w.look()
	}
}

// TestWhatAKeySpendsWithoutABudgetIsShown, and not what Redis had counted while it had one.
func TestWhatAKeySpendsWithoutABudgetIsShown(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		g := gates(t, connect(t, url), 1)[0]
		a := ask(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Day, 10*dollar)}, Concurrency: 5}})
		spend := func() {
			p := admit(t, g, a)
			p.Release()
			p.Settle(unit.Amounts{unit.Cost: dollar})
		}
		spend()
		soon(t, "Redis to be told", func() bool {
			u := g.UseOn(t.Context(), a.Holders[0])
			return u.In(unit.Cost, limit.Total) == dollar
		})
		a = edited(a, func(l *limit.Limits) { l.Set(limit.Per(unit.Cost, limit.Day, 0)) })
		spend()
		if u := g.UseOn(t.Context(), a.Holders[0]); u.In(unit.Cost, limit.Day) != 2*dollar || u.In(unit.Cost, limit.Total) != 2*dollar {
			t.Errorf("%+v", u.Spent)
		}
	})
}
