package redis_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/clock"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/outage"
	"crs/internal/store"
	"crs/internal/store/redis"
	"crs/internal/unit"
	"crs/internal/usage"
	"crs/lab/redistest"
)

// quick is a node that waits for nobody long, once it has found its store.
func quick(t testing.TB, url string, change ...func(*redis.NodeOptions)) *redis.Node {
	t.Helper()
	var s *redis.Store
	soonSaying(t, "the store to be opened", func() (err error) {
		s, err = redis.Open(context.Background(), redis.Options{URL: url, Dir: t.TempDir(), Wait: 300 * time.Millisecond})
		return err
	})
	t.Cleanup(func() { _ = s.Close() })
	return join(t, s, change...)
}

// load has requests come and go at gates and pools until stop is closed, and counts what was settled. Whatever fails fails
// the test.
type load struct {
	served, charged atomic.Int64
	wg              sync.WaitGroup
	stop            chan struct{}
}

func (l *load) run(t *testing.T, g *limit.Gate, p *account.Pool, a limit.Ask, seed uint64) {
	l.wg.Go(func() {
		rnd := rand.New(rand.NewPCG(seed, 1))
		for {
			select {
			case <-l.stop:
				return
			default:
			}
			permit, err := g.Admit(context.Background(), a)
			if err != nil {
				t.Errorf("not admitted: %v", err)
				return
			}
			lease, err := p.Pick(context.Background(), want(""))
			if err != nil {
				t.Errorf("no account: %v", err)
				return
			}
			time.Sleep(time.Duration(rnd.IntN(4)) * time.Millisecond)
			cost := rnd.Int64N(1000)
			l.served.Add(1)
			l.charged.Add(cost)
			permit.Release()
			permit.Settle(unit.Amounts{unit.Tokens: 1, unit.Cost: cost})
			lease.Release(account.Outcome{Result: account.Served})
		}
	})
}

// TestRedisMayGoAwayUnderLoad: killed, paused, and both again: no request fails, and nothing that was spent is lost or
// counted twice.
func TestRedisMayGoAwayUnderLoad(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]func(*testing.T, *redistest.Server){
		"killed": func(t *testing.T, s *redistest.Server) {
			s.Kill(t)
			time.Sleep(time.Second)
			s.Restart(t)
		},
		"paused": func(t *testing.T, s *redistest.Server) {
			s.Pause(t)
			time.Sleep(1500 * time.Millisecond)
			s.Resume(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.StartReal(t, "--appendonly", "yes", "--appendfsync", "always")
			a := ask(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Tokens, limit.Minute, 1<<50), limit.Per(unit.Cost, limit.Day, 1<<50)}, Concurrency: 100}})
			a.Amounts[unit.Cost] = 10
			l := load{stop: make(chan struct{})}
			var nodes []*redis.Node
			var all []*limit.Gate
			for i := range 2 {
				n := quick(t, server.URL())
				g, p := shared(n).Gate, pool(t, n, acc("a", 50), acc("b", 50))
				nodes, all = append(nodes, n), append(all, g)
				for j := range 8 {
					l.run(t, g, p, a, uint64(10*i+j))
				}
			}
			for range 2 {
				time.Sleep(300 * time.Millisecond)
				before := l.served.Load()
				trouble(t, server)
				for _, n := range nodes {
					soonSaying(t, "Redis to be asked again", n.Away)
				}
				t.Logf("%d requests were served while it was away and came back", l.served.Load()-before)
			}
			close(l.stop)
			l.wg.Wait()
			soon(t, "what was spent to be what was settled", func() bool {
				u := all[0].UseOn(t.Context(), a.Holders[0])
				return u.InFlight == 0 && u.Reserved[unit.Cost] == 0 && u.In(unit.Cost, limit.Total) == l.charged.Load()
			})
			time.Sleep(200 * time.Millisecond)
			for _, g := range all {
				if u := g.UseOn(t.Context(), a.Holders[0]); u.In(unit.Cost, limit.Total) != l.charged.Load() {
					t.Errorf("%+v; %d requests were charged %d", u, l.served.Load(), l.charged.Load())
				}
			}
		})
	}
}

// TestAnOutageLeavesNoMoreToTellTheLongerItLasts: what is served meanwhile, Redis has never heard of, and nothing of it is to be given
// back; so it is not asked more than it can answer when it is back.
func TestAnOutageLeavesNoMoreToTellTheLongerItLasts(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]func(*testing.T, *redistest.Server){
		"killed": func(t *testing.T, s *redistest.Server) { s.Kill(t) },
		"paused": func(t *testing.T, s *redistest.Server) { s.Pause(t) },
		"full":   func(t *testing.T, s *redistest.Server) { s.Refuse(t, "OOM") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.StartReal(t)
			n := quick(t, server.URL())
			accounts := make([]account.Account, 20)
			for i := range accounts {
				accounts[i] = acc("a"+strconv.Itoa(i), 50)
			}
			l, a := load{stop: make(chan struct{})}, ask(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Day, 1<<50)}, Concurrency: 100}})
			g, p := shared(n).Gate, pool(t, n, accounts...)
			const atOnce = 16
			for i := range atOnce {
				l.run(t, g, p, a, uint64(i))
			}
			trouble(t, server)
			soon(t, "Redis to count as away", func() bool { return n.Away() != nil })
			var owed [2]int
			for i := range owed {
				before := l.served.Load()
				soon(t, "2000 more requests", func() bool { return l.served.Load() >= before+2000 })
				owed[i] = n.Owed()
			}
			close(l.stop)
			l.wg.Wait()
			if most := owed[0] + 2*atOnce; owed[1] > most {
				t.Errorf("after 2000 requests there were %d things to give back, and after 2000 more %d", owed[0], owed[1])
			}
		})
	}
}

// TestWhileRedisIsAwayANodeCountsAlone: its own requests, and what it knows of the others' spending; and afterwards all
// count together what was in flight then.
func TestWhileRedisIsAwayANodeCountsAlone(t *testing.T) {
	t.Parallel()
	server := redistest.StartReal(t, "--appendonly", "yes", "--appendfsync", "always")
	one, two := quick(t, server.URL()), quick(t, server.URL())
	g := []*limit.Gate{shared(one).Gate, shared(two).Gate}
	p := []*account.Pool{pool(t, one, acc("a", 2)), pool(t, two, acc("a", 2))}
	a := ask(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Requests, limit.Minute, 5), limit.Per(unit.Cost, limit.Day, 10*dollar)}, Concurrency: 2}})
	before := admit(t, g[0], a)
	admit(t, g[1], a).Settle(unit.Amounts{unit.Tokens: 0, unit.Cost: 4 * dollar})
	soon(t, "the first node to know what the second has spent", func() bool {
		u := g[0].UseOn(t.Context(), a.Holders[0])
		return u.In(unit.Cost, limit.Day) == 4*dollar
	})
	before.Release()
	third := admit(t, g[0], a) // this is how it gets to know
	server.Kill(t)
	during := admit(t, g[0], a)
	lease := pick(t, p[0], want(""))
	if r := turnedAway(t, g[0], a); r.Limit != limit.Concurrency || r.Used != 2 {
		t.Errorf("%+v", r)
	}
	third.Release()
	third.Settle(unit.Amounts{unit.Tokens: 0, unit.Cost: 6 * dollar})
	if r := turnedAway(t, g[0], a); r.Limit != limit.Name("daily cost") || r.Used != 10*dollar {
		t.Errorf("%+v", r)
	}
	server.Restart(t)
	soon(t, "both to count together again", func() bool {
		u := g[1].UseOn(t.Context(), a.Holders[0])
		return one.Away() == nil && two.Away() == nil && u.InFlight == 2 && u.In(unit.Requests, limit.Minute) == 4 && u.In(unit.Cost, limit.Day) == 10*dollar
	})
	if sights, _ := p[1].Explain(want("")); len(sights) != 1 {
		t.Error(sights)
	}
	pick(t, p[1], want(""))
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	if _, err := p[1].Pick(ctx, want("")); err == nil {
		t.Error("the slot that was lent during the outage was lent again")
	}
	during.Release()
	lease.Release(account.Outcome{})
}

func TestRefuseMeansThatNobodyIsServedWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.StartReal(t)
	n := quick(t, server.URL(), func(opt *redis.NodeOptions) { opt.Refuse = true })
	g := limit.New(limit.Options{Clock: clock.New(time.Now, nil), Zone: time.UTC, Shared: n.Counts()})
	server.Save(t)
	server.Kill(t)
	for _, p := range []key.Policy{{Limits: limit.Limits{Concurrency: 1}}, {}} {
		soon(t, "requests to be refused", func() bool {
			permit, err := g.Admit(t.Context(), ask(p))
			if err == nil {
				permit.Release()
				permit.Settle(unit.Amounts{unit.Tokens: 0, unit.Cost: 0})
			}
			var away *outage.Error
			return errors.As(err, &away)
		})
	}
	server.Restart(t)
	soon(t, "requests to be served", func() bool { _, err := g.Admit(t.Context(), ask(key.Policy{})); return err == nil })
}

func TestARedisThatComesBackEmptyCountsNothing(t *testing.T) {
	t.Parallel()
	server := redistest.StartReal(t)
	n := quick(t, server.URL())
	g := shared(n).Gate
	a := ask(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Requests, limit.Minute, 2), limit.Per(unit.Cost, limit.Day, 10*dollar)}}})
	for range 2 {
		admit(t, g, a).Settle(unit.Amounts{unit.Tokens: 0, unit.Cost: dollar})
	}
	server.Save(t)
	server.Do(t, "FLUSHALL")
	soon(t, "the node to notice", func() bool { return errors.Is(n.Away(), store.ErrDamaged) })
	var r *limit.Exceeded
	if _, err := g.Admit(t.Context(), a); !errors.As(err, &r) || r.Limit != limit.Name("requests per minute") {
		t.Errorf("the minute's requests were forgotten: %v", err)
	}
	server.Kill(t) // without writing down that it is empty
	server.Restart(t)
	soon(t, "it to be asked again", func() bool { return n.Away() == nil })
}

// TestABudgetIsNoLessSpentWhenRedisLostItsLastMoments: the roll-ups know better.
func TestABudgetIsNoLessSpentWhenRedisLostItsLastMoments(t *testing.T) {
	t.Parallel()
	server := redistest.StartReal(t)
	known := atomic.Int64{}
	n := quick(t, server.URL(), func(o *redis.NodeOptions) {
		o.Spent = func(context.Context, time.Time, limit.Window) (map[string]limit.Spent, error) {
			v := known.Load()
			return map[string]limit.Spent{"key_k": costs(v, v, v)}, nil
		}
	})
	g := shared(n).Gate
	a := ask(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Day, 10*dollar)}}})
	server.Save(t)
	admit(t, g, a).Settle(unit.Amounts{unit.Tokens: 0, unit.Cost: 9 * dollar})
	soon(t, "it to be settled", func() bool { u := g.UseOn(t.Context(), a.Holders[0]); return u.In(unit.Cost, limit.Day) == 9*dollar })
	known.Store(9 * dollar)
	server.Kill(t)
	soon(t, "the node to notice", func() bool { return n.Away() != nil })
	server.Restart(t)
	soon(t, "Redis to be asked again", func() bool { return n.Away() == nil })
	admit(t, g, a).Settle(unit.Amounts{unit.Tokens: 0, unit.Cost: dollar})
	soon(t, "the budget to be spent", func() bool {
		_, err := g.Admit(t.Context(), a)
		var r *limit.Exceeded
		return errors.As(err, &r) && r.Spent() && r.Used == 10*dollar
	})
}

// TestRollupsAreNotAheadOfWhatWasTold: another node raises what a key has spent to what the roll-ups know. If those had what this node has
// yet to tell, that would be counted twice.
func TestRollupsAreNotAheadOfWhatWasTold(t *testing.T) {
	t.Parallel()
	s := redistest.StartReal(t)
	n := quick(t, s.URL())
	sums := n.Rollups()
	k := &key.Key{ID: "key_1", Policy: key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Day, 1_000_000)}}}}
	seat, err := n.Counts().Admit(t.Context(), k.Holder(), unit.Amounts{})
	if err != nil {
		t.Fatal(err)
	}
	s.Pause(t)
	seat.Settle(unit.Amounts{unit.Tokens: 0, unit.Cost: 500})
	began := time.Now()
	err = sums.AddUp(t.Context(), "node", nil, usage.Cursor{}, usage.Cursor{Segment: 1})
	s.Resume(t)
	if away := new(outage.Error); !errors.As(err, &away) || time.Since(began) > 10*time.Second {
		t.Errorf("before Redis was told: %v, after %s", err, time.Since(began))
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if err = sums.AddUp(t.Context(), "node", nil, usage.Cursor{}, usage.Cursor{Segment: 1}); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	if u, err := n.Counts().Use(t.Context(), k.Holder(), limit.Use{}); err != nil || u.In(unit.Cost, limit.Day) != 500 {
		t.Errorf("when it was added up, Redis had been told of %d: %v", u.In(unit.Cost, limit.Day), err)
	}
}
