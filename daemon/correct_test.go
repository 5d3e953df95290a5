package daemon_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"crs/ctl"
	"crs/daemon"
	limits "crs/internal/limit"
	"crs/internal/reconcile"
	"crs/internal/store/redis"
	"crs/lab/crstest"
)

// priced sets the prices of the model that crstest.Hello asks for, a multiple of $5 in and $25 out, wherever it is told.
func priced(t *testing.T, times ctl.USD, at *crstest.Box, all ...*crstest.Box) {
	t.Helper()
	const million = 1_000_000_000
	read, write, write1h := times*million/2, times*million*25/4, times*million*10
	edit := ctl.PriceEdit{Input: times * 5 * million, Output: times * 25 * million, CacheRead: &read, CacheWrite5m: &write, CacheWrite1h: &write1h}
	if _, err := at.SetPrice(t.Context(), "claude-opus-4-8", edit); err != nil {
		t.Fatal(err)
	}
	for _, b := range all {
		eventually(t, "every node has the price", func() bool {
			p, err := b.Price(t.Context(), "claude-opus-4-8")
			return err == nil && p.Input == edit.Input
		})
	}
}

// repriced has a node price everything again once the ledgers of all have been added up and are in the log that they share.
func repriced(t *testing.T, at *crstest.Box, requests int64) ctl.Repriced {
	t.Helper()
	var done ctl.Repriced
	eventually(t, "all requests are known everywhere", func() bool {
		tried, err := at.Reprice(t.Context(), ctl.Reprice{DryRun: true})
		return err == nil && tried.Total.Requests+tried.UnchangedRequests == requests && len(tried.LeftAlone) == 0
	})
	done, err := at.Reprice(t.Context(), ctl.Reprice{})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// TestNodesKnowACorrectedBudget: what was priced again at one node is what keys have used at every one, at once, in whichever direction.
// A request costs $0.009696.
func TestNodesKnowACorrectedBudget(t *testing.T) {
	t.Parallel()
	_, n := nodes(t, 2)
	n[0].Account("up")
	all := ctl.USD(50_000_000) // $0.05, for good
	me := n[0].Key("me", func(k *ctl.NewKey) { k.TotalCost = &all })
	for _, b := range n {
		eventually(t, "the node serves", func() bool { _, err := b.Client.Key(t.Context(), "me"); return err == nil })
	}
	const cost = ctl.USD(9_696_000)
	for _, b := range n {
		if got := b.Post(me, crstest.Hello); got.Status != 200 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
	}
	used := func(b *crstest.Box, want ctl.USD) {
		t.Helper()
		eventually(t, "a node knows what was used", func() bool {
			k, err := b.Client.Key(t.Context(), "me")
			if err == nil && k.Use.TotalCost != want {
				t.Logf("it has used %s, not %s", k.Use.TotalCost, want)
			}
			return err == nil && k.Use.TotalCost == want
		})
	}
	used(n[1], 2*cost)

	priced(t, 3, n[0], n...)
	if done := repriced(t, n[0], 2); done.Total.Cost != 6*cost || done.Total.CostBefore != 2*cost {
		t.Errorf("%+v", done.Total)
	}
	for _, b := range n { // $0.058176 of $0.05
		used(b, 6*cost)
		if got := b.Post(me, crstest.Hello); got.Status != 402 {
			t.Errorf("beyond the budget a node answers %d", got.Status)
		}
	}
	priced(t, 1, n[1], n...)
	repriced(t, n[1], 2)
	used(n[0], 2*cost)
	used(n[1], 2*cost)
	for _, b := range n {
		eventually(t, "a node serves again", func() bool { return b.Post(me, crstest.Hello).Status == 200 })
	}
	used(n[0], 4*cost)
}

// TestNodesThatPriceAgainAtOnce: one is told to wait or finds it done, and nothing is counted twice.
func TestNodesThatPriceAgainAtOnce(t *testing.T) {
	t.Parallel()
	_, n := nodes(t, 2)
	n[0].Account("up")
	me := n[0].Key("me", func(k *ctl.NewKey) { dear := ctl.USD(9e9); k.DailyCost = &dear })
	for range 3 {
		n[0].Post(me, crstest.Hello)
	}
	const cost = ctl.USD(9_696_000)
	for round := range 4 {
		times := ctl.USD(2 + round%2)
		priced(t, times, n[0], n...)
		eventually(t, "all requests are known everywhere", func() bool {
			tried, err := n[1].Reprice(t.Context(), ctl.Reprice{DryRun: true})
			return err == nil && tried.Total.Requests == 3
		})
		var wg sync.WaitGroup
		for _, b := range n {
			wg.Go(func() {
				if _, err := b.Reprice(t.Context(), ctl.Reprice{}); err != nil && code(err) != ctl.Conflict {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		u, err := n[1].Usage(t.Context(), ctl.UsageQuery{Since: "today"})
		if err != nil || u.Total.Cost != 3*times*cost {
			t.Errorf("round %d: %s, %v", round, u.Total.Cost, err)
		}
		k, err := n[1].Client.Key(t.Context(), "me")
		if err != nil || k.Use.DayCost != 3*times*cost {
			t.Errorf("round %d: the key has used %s, %v", round, k.Use.DayCost, err)
		}
	}
}

// TestWhatTheLedgerDoesNotHaveIsLeftAlone: hours whose records are gone, and days whose hours are.
func TestWhatTheLedgerDoesNotHaveIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("up")
	me := b.Key("me")
	b.Post(me, crstest.Hello)
	b.Idle()
	b.Halt()
	segments, err := filepath.Glob(filepath.Join(b.Ledger(), "*.log"))
	if err != nil || len(segments) != 1 {
		t.Fatal(segments, err)
	}
	if err := os.Remove(segments[0]); err != nil {
		t.Fatal(err)
	}
	b.Boot()
	b.Clock.Advance(2 * time.Hour)
	b.Post(me, crstest.Hello)
	priced(t, 2, b)
	b.Idle()
	done, err := b.Reprice(t.Context(), ctl.Reprice{})
	if err != nil {
		t.Fatal(err)
	}
	if len(done.LeftAlone) != 1 || done.LeftAlone[0] != (ctl.LeftAlone{Reason: "no_records", Requests: 1, Cost: 9_696_000}) || done.Total.Requests != 1 {
		t.Errorf("%+v", done)
	}
	if u, err := b.Usage(t.Context(), ctl.UsageQuery{Since: "all"}); err != nil || u.Total.Cost != 3*9_696_000 {
		t.Errorf("%+v, %v", u.Total, err)
	}
}

// TestAHalfAmendedBudgetIsMended: by the next run, where a process died between the sums and the budgets.
func TestAHalfAmendedBudgetIsMended(t *testing.T) {
	t.Parallel()
	server, n := nodes(t, 1)
	b := n[0]
	b.Account("up")
	me := b.Key("me", func(k *ctl.NewKey) { dear := ctl.USD(9e9); k.TotalCost = &dear })
	b.Post(me, crstest.Hello)
	const cost = ctl.USD(9_696_000)
	used := func(want ctl.USD) {
		t.Helper()
		eventually(t, "what was used is known", func() bool {
			k, err := b.Client.Key(t.Context(), "me")
			return err == nil && k.Use.TotalCost == want
		})
	}
	used(cost)
	repriced(t, b, 1)
	k, err := b.Client.Key(t.Context(), "me")
	if err != nil {
		t.Fatal(err)
	}
	s, err := redis.Open(t.Context(), redis.Options{URL: server.URL(), Dir: t.TempDir(), Wait: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	dying := s.Join(redis.NodeOptions{Now: time.Now, Zone: time.UTC})
	now := time.Now().UTC()
	more := limits.Amendment{Holder: k.ID, Day: now.Format(time.DateOnly), Hour: now.Truncate(time.Hour), Charged: 1e9}
	err = dying.Amend(t.Context(), limits.Holder{ID: k.ID, Limits: new(limits.Limits)}, "fix_1", []limits.Amendment{more})
	err = errors.Join(err, s.SaveState(t.Context(), "correction", []byte(`["`+k.ID+`"]`)), dying.Leave(context.Background()))
	if err != nil {
		t.Fatal(err)
	}
	used(cost + 1e9)
	if _, err := b.Reprice(t.Context(), ctl.Reprice{}); err != nil {
		t.Fatal(err)
	}
	used(cost)
	if got := b.Post(me, crstest.Hello); got.Status != 200 {
		t.Errorf("%d %s", got.Status, got.Body)
	}
}

// TestBillsAreOfPlatformsThatThereAre: a platform that has another name by now would be on no bill.
func TestBillsAreOfPlatformsThatThereAre(t *testing.T) {
	t.Parallel()
	var known []string
	for _, p := range daemon.Catalogue().Platforms {
		known = append(known, p.Name)
	}
	for _, f := range reconcile.Formats() {
		for _, name := range f.Platforms {
			if !slices.Contains(known, name) {
				t.Errorf("%s: there is no platform %s among %v", f.Provider, name, known)
			}
		}
	}
}
