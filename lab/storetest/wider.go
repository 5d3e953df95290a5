package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"crs/internal/audit"
	"crs/internal/store"
	"crs/internal/usage"
)

func namesAreUnique(t *testing.T, open Opener) {
	s := opened(t, open)
	put(t, s, store.Doc{Kind: store.Key, ID: "a", Name: "me", Body: []byte("1")})
	put(t, s, store.Doc{Kind: store.Group, ID: "a", Name: "me", Body: []byte("another kind")})
	_, err := s.Put(t.Context(), store.Doc{Kind: store.Key, ID: "b", Name: "me", Body: []byte("2")})
	var taken *store.Taken
	if !errors.As(err, &taken) || *taken != (store.Taken{Kind: store.Key, Name: "me", ID: "a"}) {
		t.Errorf("a second one of the name: %v", err)
	}
	put(t, s, store.Doc{Kind: store.Key, ID: "a", Version: 1, Name: "me", Body: []byte("kept")})
	put(t, s, store.Doc{Kind: store.Key, ID: "a", Version: 2, Name: "other", Body: []byte("renamed")})
	put(t, s, store.Doc{Kind: store.Key, ID: "b", Name: "me", Body: []byte("2")})
	if err := s.Delete(t.Context(), store.Key, "b"); err != nil {
		t.Fatal(err)
	}
	put(t, s, store.Doc{Kind: store.Key, ID: "c", Name: "me", Body: []byte("3")})
	for _, id := range []string{"x", "y"} {
		put(t, s, store.Doc{Kind: store.Key, ID: id, Body: []byte("no name")})
	}
	names := map[string]string{}
	for _, d := range all(t, s, store.Key) {
		names[d.ID] = d.Name
	}
	if want := map[string]string{"a": "other", "c": "me", "x": "", "y": ""}; !reflect.DeepEqual(names, want) {
		t.Errorf("names: %v", names)
	}
}

func namesRace(t *testing.T, open Opener) {
	s := opened(t, open)
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = s.Put(t.Context(), store.Doc{Kind: store.Key, ID: fmt.Sprint(i), Name: "me", Body: []byte("x")})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		var taken *store.Taken
		switch {
		case err == nil:
			won++
		case !errors.As(err, &taken):
			t.Error(err)
		}
	}
	if got := all(t, s, store.Key); won != 1 || len(got) != 1 {
		t.Errorf("%d won, %d are there", won, len(got))
	}
}

func factsAreClaimed(t *testing.T, open Opener) {
	s := open(t)
	if v, err := s.Meta(t.Context(), "seal"); v != "" || err != nil {
		t.Errorf("a fact that nobody claimed: %q, %v", v, err)
	}
	for _, value := range []string{"first", "second"} {
		if v, err := s.Claim(t.Context(), "seal", value); v != "first" || err != nil {
			t.Errorf("claiming %s gave %q, %v", value, v, err)
		}
	}
	_ = s.Close()
	if v, err := opened(t, open).Meta(t.Context(), "seal"); v != "first" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
}

func manyDocuments(t *testing.T, open Opener) {
	s := opened(t, open)
	const many = 40
	for i := range many {
		put(t, s, store.Doc{Kind: store.Key, ID: fmt.Sprintf("key_%05d", (i*7)%many), Name: fmt.Sprint("n", i), Body: []byte("{}")})
	}
	got := all(t, s, store.Key)
	if len(got) != many {
		t.Fatalf("%d came back", len(got))
	}
	for i, d := range got {
		if d.ID != fmt.Sprintf("key_%05d", i) || d.Version != 1 {
			t.Fatalf("number %d is %+v", i, d)
		}
	}
}

func batchesAreInOrder(t *testing.T, open Opener) {
	s := opened(t, open)
	mark := func(segment, offset int64) usage.Cursor { return usage.Cursor{Segment: segment, Offset: offset} }
	give := func(from, to usage.Cursor) error {
		return s.AddUp(t.Context(), "n", []usage.Sum{sum(noon, "k", "a", "m", 1)}, from, to)
	}
	if err := give(mark(0, 0), mark(1, 10)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, to usage.Cursor }{
		{mark(0, 0), mark(1, 20)},  // grew after an answer was lost
		{mark(1, 15), mark(1, 20)}, // a batch between was lost by the store
		{mark(2, 0), mark(2, 5)},
	} {
		var astray *usage.CursorMismatch
		if err := give(c.from, c.to); !errors.As(err, &astray) || astray.At != mark(1, 10) {
			t.Errorf("from %v to %v: %v", c.from, c.to, err)
		}
	}
	if err := give(mark(1, 10), mark(2, 0)); err != nil {
		t.Error(err)
	}
	if err := give(mark(1, 10), mark(2, 0)); err != nil {
		t.Errorf("the same once more: %v", err)
	}
	if got := total(t, s); got.Requests != 2 {
		t.Errorf("%d requests counted", got.Requests)
	}
}

func largeCounts(t *testing.T, open Opener) {
	s := opened(t, open)
	parts := []int64{1<<53 + 1, 1, 999_999_999, 1_000_000_001, 123_456_789_012_345, 1 << 61, 0, 7}
	var want int64
	for i, n := range parts {
		u := sum(noon, "k", "a", "m", 1)
		u.Tokens, u.Cost, u.Charged = usage.Tokens{Input: n}, n, n
		addUp(t, s, "n", 1, int64(i)+1, u)
		want += n
		if got := total(t, s); got.Cost != want || got.Charged != want || got.Tokens.Input != want {
			t.Fatalf("after %d: %d, want %d", n, got.Cost, want)
		}
	}
	u := sum(noon, "k", "a", "m", 1)
	u.Cost, u.Charged = math.MaxInt64-want, math.MaxInt64-want
	addUp(t, s, "n", 1, 99, u)
	if got := total(t, s); got.Cost != math.MaxInt64 {
		t.Errorf("the most there is: %d", got.Cost)
	}
	if c := charged(t, s, "2026-11-23", "2026-11-23"); c["k"].Total != math.MaxInt64 || c["k"].Day != math.MaxInt64 {
		t.Errorf("charged %v", c)
	}
}

func fullSums(t *testing.T, open Opener) {
	const most = math.MaxInt64
	full := sum(noon, "k", "a", "m", 1)
	for _, n := range full.Counts() {
		*n = most
	}
	other := full
	other.Model = "other"
	s := open(t)
	for i := range int64(3) {
		addUp(t, s, "n", 1, i+1, full, other, sum(noon, "modest", "a", "m", 1))
	}
	_ = s.Close()
	s = opened(t, open)
	for _, q := range []usage.Query{{Key: "k"}, {Key: "k", FirstDay: "2026-11-23"}, {Key: "k", By: []usage.Column{usage.ByModel}}, {}} {
		for _, u := range asked(t, s, q) {
			for i, n := range u.Counts() {
				if *n != most {
					t.Errorf("%+v: count %d is %d", q, i, *n)
				}
			}
		}
	}
	if rows := asked(t, s, usage.Query{Key: "modest"}); len(rows) != 1 || rows[0].Requests != 3 || rows[0].Charged != 600 {
		t.Errorf("another key's sums are %+v", rows)
	}
	c := charged(t, s, "2026-11-23", "2026-11-23")
	if c["k"] != (costs{most, most, most}) || c["modest"].Total != 600 {
		t.Errorf("charged %v", c)
	}
	if p, ok := s.(store.Portable); ok {
		if err := p.Export(t.Context(), func(store.Item) error { return nil }); err != nil {
			t.Errorf("taken out: %v", err)
		}
	}
}

func oddModels(t *testing.T, open Opener) {
	s := opened(t, open)
	odd := []string{"a b", "a%20b", "a%b", "%", "", "ü/\"'\n\t", "a  b "}
	for i, model := range odd {
		addUp(t, s, "n", 1, int64(i)+1, sum(noon, "k", "", model, 1))
	}
	for _, by := range [][]usage.Column{{usage.ByModel}, {usage.ByDay, usage.ByModel}} {
		seen := map[string]bool{}
		for _, u := range asked(t, s, usage.Query{By: by}) {
			seen[u.Model] = true
		}
		for _, u := range asked(t, s, usage.Query{By: by, FirstDay: "2026-11-23"}) {
			seen[u.Model] = seen[u.Model] && u.Requests == 1
		}
		for _, model := range odd {
			if !seen[model] {
				t.Errorf("%q is not among %v", model, seen)
			}
		}
	}
}

func daysHaveNoHours(t *testing.T, open Opener) {
	s := opened(t, open)
	if _, err := s.Usage(t.Context(), usage.Query{FirstDay: "2026-11-23", By: []usage.Column{usage.ByHour}}); err == nil {
		t.Error("usage of days was grouped by hour")
	}
}

func nodesRace(t *testing.T, open Opener) {
	s := opened(t, open)
	const nodes, batches = 4, 20
	var wg sync.WaitGroup
	for n := range nodes {
		wg.Go(func() {
			for i := range int64(batches) {
				err := s.AddUp(t.Context(), fmt.Sprint("node", n), []usage.Sum{sum(noon, "k", "a", "m", 1), sum(noon, fmt.Sprint("k", n), "a", "m", 2)},
					usage.Cursor{Offset: i}, usage.Cursor{Offset: i + 1})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := total(t, s); got.Requests != 3*nodes*batches {
		t.Errorf("%d requests counted", got.Requests)
	}
	c := charged(t, s, "2026-11-23", "2026-11-23")
	if c["k"].Total != 200*nodes*batches || c["k1"].Day != 400*batches {
		t.Errorf("charged %v", c)
	}
}

func endedContexts(t *testing.T, open Opener) {
	s := opened(t, open)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := s.Put(ctx, store.Doc{Kind: store.Key, ID: "a", Body: []byte("1")}); err == nil {
		t.Error("a write")
	}
	if err := s.AddUp(ctx, "n", nil, usage.Cursor{}, usage.Cursor{Offset: 1}); err == nil {
		t.Error("adding up")
	}
	if _, err := s.All(ctx, store.Key); err == nil {
		t.Error("a read")
	}
}

func exported(t *testing.T, s store.Portable) (*store.Digest, []store.Item) {
	t.Helper()
	d := store.NewDigest()
	var items []store.Item
	err := s.Export(t.Context(), func(i store.Item) error {
		items = append(items, i)
		return d.Add(i)
	})
	if err != nil {
		t.Fatal(err)
	}
	return d, items
}

func movesWhole(t *testing.T, open Opener) {
	s, ok := opened(t, open).(store.Portable)
	if !ok {
		t.Fatal("it cannot be copied")
	}
	put(t, s, store.Doc{Kind: store.Key, ID: "a", Name: "me", Body: []byte("\x00\xff")})
	put(t, s, store.Doc{Kind: store.Key, ID: "a", Version: 1, Name: "me", Body: []byte("second")})
	put(t, s, store.Doc{Kind: store.Account, ID: "b", Body: []byte("{}")})
	if _, err := s.Claim(t.Context(), "seal", "fingerprint"); err != nil {
		t.Fatal(err)
	}
	addUp(t, s, "n", 3, 77, sum(noon, "k 1", "a", "m", 1), sum(noon.Add(time.Hour), "k2", "a", "m%", 2))
	appendAudit(t, s, everything, entry(1), entry(2), entry(3))
	appendAudit(t, s, audit.Limits{Since: noon.Add(2 * time.Minute), Bytes: 1 << 30}) // places do not begin with the first
	was, items := exported(t, s)
	usedBefore := asked(t, s, usage.Query{By: []usage.Column{usage.ByKey, usage.ByHour}})

	if err := s.Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	if empty, left := exported(t, s); len(left) != 0 {
		t.Errorf("after clearing: %v", empty.Count)
	}
	for _, half := range [][]store.Item{items[:len(items)/2], items[len(items)/2:]} {
		if err := s.Import(t.Context(), half); err != nil {
			t.Fatal(err)
		}
	}
	now, _ := exported(t, s)
	for _, p := range store.Parts() {
		if !was.Same(now, p) || was.Count[p] == 0 {
			t.Errorf("%s: %d before, %d now", p, was.Count[p], now.Count[p])
		}
	}
	if v := put(t, s, store.Doc{Kind: store.Key, ID: "a", Version: 2, Name: "me", Body: []byte("third")}); v != 3 {
		t.Errorf("the next version is %d", v)
	}
	var taken *store.Taken
	if _, err := s.Put(t.Context(), store.Doc{Kind: store.Key, ID: "other", Name: "me"}); !errors.As(err, &taken) {
		t.Errorf("its name: %v", err)
	}
	if used := asked(t, s, usage.Query{By: []usage.Column{usage.ByKey, usage.ByHour}}); !reflect.DeepEqual(used, usedBefore) {
		t.Errorf("usage: %v", used)
	}
	if m, err := s.MarkOf(t.Context(), "n"); err != nil || m != (usage.Cursor{Segment: 3, Offset: 77}) {
		t.Errorf("mark %v, %v", m, err)
	}
	if v, err := s.Meta(t.Context(), "seal"); v != "fingerprint" || err != nil {
		t.Errorf("fact %q, %v", v, err)
	}
	appendAudit(t, s, everything, entry(4))
	if ids, _ := auditOf(t, s, audit.Query{}); !slices.Equal(ids, []string{"aud_0002", "aud_0003", "aud_0004"}) {
		t.Errorf("audit log %v", ids)
	}
}

func placesAreSaid(t *testing.T, open Opener) {
	if s := opened(t, open); s.String() == "" {
		t.Error("it says nothing")
	}
}

func unknownColumns(t *testing.T, open Opener) {
	s := opened(t, open)
	if _, err := s.Usage(t.Context(), usage.Query{By: []usage.Column{"body; DROP TABLE doc"}}); err == nil {
		t.Error("an unknown column was accepted")
	}
}

func daysAreTold(t *testing.T, open Opener) {
	s := opened(t, open)
	late := sum(noon.Add(11*time.Hour), "k", "a", "m", 1)
	late.Day = "2026-11-24" // already tomorrow where the operator is
	early := late
	early.Day = "2026-11-23" // half past the hour is midnight in some places
	addUp(t, s, "n", 1, 1, late, early)
	if rows := asked(t, s, usage.Query{FirstDay: "2026-11-24"}); len(rows) != 1 || rows[0].Requests != 1 {
		t.Errorf("%v", rows)
	}
	if rows := asked(t, s, usage.Query{By: []usage.Column{usage.ByHour}}); len(rows) != 1 || rows[0].Requests != 2 {
		t.Errorf("%v", rows)
	}
}
