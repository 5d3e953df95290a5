// Package storetest holds what every store must do, as tests to run over each implementation.
package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"crs/internal/store"
	"crs/internal/usage"
)

// Opener opens the store under test. Calling it again within one test opens the same store once more, as a restarted
// daemon would; the caller closes each before the next.
type Opener func(t *testing.T) store.Store

// Run runs the suite. start gives each test an empty store of its own.
func Run(t *testing.T, start func(t *testing.T) Opener) {
	for name, test := range map[string]func(*testing.T, Opener){
		"a document that was written is read after a reopening":      documentsLast,
		"a write that names an old version is a conflict":            writesConflict,
		"of many writers of one document one wins each round":        writersRace,
		"a deleted document is gone and may be made again":           documentsGo,
		"state is replaced whole and missing state is nothing":       stateIsKept,
		"sums add up over batches":                                   sumsAddUp,
		"a batch given twice counts once":                            batchesCountOnce,
		"marks of two nodes are apart":                               nodesAreApart,
		"usage is grouped and selected as asked":                     usageIsGrouped,
		"charges are told by day, week and in total":                 chargesAreTold,
		"uses are told of every unit, by days and by hours":          usesAreTold,
		"a correction moves the hour, the day and the total, once":   correctionsMove,
		"of no corrections comes nothing":                            nothingIsCorrected,
		"hours are forgotten and days are not":                       hoursAreForgotten,
		"an unknown column is an error":                              unknownColumns,
		"bodies of any bytes come back as they were":                 bodiesAreBytes,
		"a conflict says which document and versions it is about":    conflictsExplain,
		"usage of nothing is no rows":                                nothingIsNoRows,
		"a batch without sums moves the mark":                        emptyBatches,
		"sums of one batch for the same row are all counted":         sameRowTwice,
		"documents of one kind do not show among those of another":   kindsAreApart,
		"a day that differs from its hour's UTC day is kept as told": daysAreTold,
		"a name has one owner and is free when that lets go":         namesAreUnique,
		"of many who want a name one gets it":                        namesRace,
		"a fact is what the first one claimed":                       factsAreClaimed,
		"many documents come back whole and in order":                manyDocuments,
		"a batch that begins elsewhere than the mark adds nothing":   batchesAreInOrder,
		"counts are exact to the last digit":                         largeCounts,
		"a sum that is beyond the largest number is that number":     fullSums,
		"names of models may hold anything":                          oddModels,
		"days cannot be grouped by hour":                             daysHaveNoHours,
		"nodes that add up at once lose nothing":                     nodesRace,
		"a context that has ended is an error":                       endedContexts,
		"what is taken out can be put in again, as it was":           movesWhole,
		"it says where it is":                                        placesAreSaid,
		"the audit log is read in the order in which it was written": auditIsRead,
		"an entry of the audit log that is given twice stands once":  auditCountsOnce,
		"what is too old is forgotten from the audit log":            auditIsForgotten,
		"the audit log keeps no more than so many bytes":             auditHasASize,
		"nodes that write to the audit log at once lose nothing":     auditRaces,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, start(t))
		})
	}
}

func opened(t *testing.T, open Opener) store.Store {
	t.Helper()
	s := open(t)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func put(t *testing.T, s store.Store, d store.Doc) int64 {
	t.Helper()
	v, err := s.Put(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func all(t *testing.T, s store.Store, kind store.Kind) []store.Doc {
	t.Helper()
	docs, err := s.All(t.Context(), kind)
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

func documentsLast(t *testing.T, open Opener) {
	s := open(t)
	put(t, s, store.Doc{Kind: store.Key, ID: "b", Body: []byte(`{"n":1}`)})
	put(t, s, store.Doc{Kind: store.Key, ID: "a", Body: []byte(`{"n":2}`)})
	if v := put(t, s, store.Doc{Kind: store.Key, ID: "b", Version: 1, Body: []byte(`{"n":3}`)}); v != 2 {
		t.Errorf("the second write gave version %d", v)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want := []store.Doc{
		{Kind: store.Key, ID: "a", Version: 1, Body: []byte(`{"n":2}`)},
		{Kind: store.Key, ID: "b", Version: 2, Body: []byte(`{"n":3}`)},
	}
	if got := all(t, opened(t, open), store.Key); !reflect.DeepEqual(got, want) {
		t.Errorf("read %v", got)
	}
}

func writesConflict(t *testing.T, open Opener) {
	s := opened(t, open)
	put(t, s, store.Doc{Kind: store.Key, ID: "a", Body: []byte("1")})
	for _, version := range []int64{0, 2, -1} {
		_, err := s.Put(t.Context(), store.Doc{Kind: store.Key, ID: "a", Version: version, Body: []byte("2")})
		var c *store.Conflict
		if !errors.As(err, &c) {
			t.Errorf("a write over version %d: %v", version, err)
		}
	}
	if got := all(t, s, store.Key); len(got) != 1 || string(got[0].Body) != "1" {
		t.Errorf("a refused write left %v", got)
	}
}

func conflictsExplain(t *testing.T, open Opener) {
	s := opened(t, open)
	_, err := s.Put(t.Context(), store.Doc{Kind: store.Account, ID: "x", Version: 3, Body: []byte("2")})
	var c *store.Conflict
	if !errors.As(err, &c) || *c != (store.Conflict{Kind: store.Account, ID: "x", Want: 3, Got: 0}) {
		t.Errorf("%+v", err)
	}
}

func writersRace(t *testing.T, open Opener) {
	s := opened(t, open)
	version := put(t, s, store.Doc{Kind: store.Account, ID: "a", Body: []byte("start")})
	for round := range 5 {
		var wins int
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				_, err := s.Put(t.Context(), store.Doc{Kind: store.Account, ID: "a", Version: version, Body: fmt.Append(nil, round, i)})
				if err == nil {
					mu.Lock()
					wins++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if version++; wins != 1 {
			t.Fatalf("round %d: %d writers won", round, wins)
		}
	}
}

func documentsGo(t *testing.T, open Opener) {
	s := opened(t, open)
	put(t, s, store.Doc{Kind: store.Group, ID: "a", Body: []byte("1")})
	for range 2 {
		if err := s.Delete(t.Context(), store.Group, "a"); err != nil {
			t.Fatal(err)
		}
	}
	if got := all(t, s, store.Group); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
	if v := put(t, s, store.Doc{Kind: store.Group, ID: "a", Body: []byte("2")}); v != 1 {
		t.Errorf("made again at version %d", v)
	}
}

func kindsAreApart(t *testing.T, open Opener) {
	s := opened(t, open)
	put(t, s, store.Doc{Kind: store.Group, ID: "same", Body: []byte("group")})
	put(t, s, store.Doc{Kind: store.Key, ID: "same", Body: []byte("key")})
	if got := all(t, s, store.Group); len(got) != 1 || string(got[0].Body) != "group" {
		t.Errorf("groups: %v", got)
	}
}

func bodiesAreBytes(t *testing.T, open Opener) {
	s := opened(t, open)
	body := make([]byte, 256<<10)
	for i := range body {
		body[i] = byte(i * 7)
	}
	put(t, s, store.Doc{Kind: store.Setting, ID: "é/'\x00", Body: body})
	got := all(t, s, store.Setting)
	if len(got) != 1 || got[0].ID != "é/'\x00" || string(got[0].Body) != string(body) {
		t.Errorf("%d documents came back otherwise", len(got))
	}
}

func stateIsKept(t *testing.T, open Opener) {
	s := open(t)
	if b, err := s.LoadState(t.Context(), "sticky"); b != nil || err != nil {
		t.Errorf("state that was never saved: %q, %v", b, err)
	}
	for _, body := range []string{"one", "another"} {
		if err := s.SaveState(t.Context(), "sticky", []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	_ = s.Close()
	if b, err := opened(t, open).LoadState(t.Context(), "sticky"); string(b) != "another" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func sum(hour time.Time, key, account, model string, n int64) usage.Sum {
	return usage.Sum{
		Hour: hour, Day: hour.Format("2006-01-02"), Key: key, Account: account, Model: model, Requests: n,
		Tokens: usage.Tokens{Input: 10 * n, Output: 20 * n, CacheRead: 30 * n, CacheWrite: 40 * n, CacheWrite1h: 50 * n, Reasoning: 5 * n},
		Cost:   100 * n, Charged: 200 * n,
	}
}

func addUp(t *testing.T, s store.Store, node string, segment, offset int64, sums ...usage.Sum) {
	t.Helper()
	from, err := s.MarkOf(t.Context(), node)
	if err == nil {
		err = s.AddUp(t.Context(), node, sums, from, usage.Cursor{Segment: segment, Offset: offset})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func asked(t *testing.T, s store.Store, q usage.Query) []usage.Sum {
	t.Helper()
	sums, err := s.Usage(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

func total(t *testing.T, s store.Store) usage.Sum {
	t.Helper()
	rows := asked(t, s, usage.Query{})
	if len(rows) != 1 {
		t.Fatalf("%d rows without groups", len(rows))
	}
	return rows[0]
}

func sumsAddUp(t *testing.T, open Opener) {
	s := open(t)
	addUp(t, s, "n", 1, 10, sum(noon, "k", "a", "m", 1), sum(noon, "k", "a", "other", 2))
	addUp(t, s, "n", 1, 20, sum(noon, "k", "a", "m", 3))
	_ = s.Close()
	want := sum(noon, "", "", "", 6)
	want.Hour, want.Day = time.Time{}, ""
	if got := total(t, opened(t, open)); got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func batchesCountOnce(t *testing.T, open Opener) {
	s := opened(t, open)
	for _, at := range []int64{10, 10, 5} {
		addUp(t, s, "n", 1, at, sum(noon, "k", "a", "m", 1))
	}
	addUp(t, s, "n", 2, 1, sum(noon, "k", "a", "m", 1))
	addUp(t, s, "n", 1, 99, sum(noon, "k", "a", "m", 1))
	if got := total(t, s); got.Requests != 2 {
		t.Errorf("%d requests counted", got.Requests)
	}
	if m, err := s.MarkOf(t.Context(), "n"); err != nil || m != (usage.Cursor{Segment: 2, Offset: 1}) {
		t.Errorf("mark %v, %v", m, err)
	}
}

func emptyBatches(t *testing.T, open Opener) {
	s := opened(t, open)
	addUp(t, s, "n", 3, 7)
	if m, err := s.MarkOf(t.Context(), "n"); err != nil || m != (usage.Cursor{Segment: 3, Offset: 7}) {
		t.Errorf("mark %v, %v", m, err)
	}
}

func sameRowTwice(t *testing.T, open Opener) {
	s := opened(t, open)
	addUp(t, s, "n", 1, 1, sum(noon, "k", "a", "m", 1), sum(noon, "k", "a", "m", 4))
	if got := total(t, s); got.Requests != 5 {
		t.Errorf("%d requests counted", got.Requests)
	}
}

func nodesAreApart(t *testing.T, open Opener) {
	s := opened(t, open)
	addUp(t, s, "one", 1, 10, sum(noon, "k", "a", "m", 1))
	addUp(t, s, "two", 1, 10, sum(noon, "k", "a", "m", 1))
	if got := total(t, s); got.Requests != 2 {
		t.Errorf("%d requests counted", got.Requests)
	}
	if m, err := s.MarkOf(t.Context(), "three"); err != nil || m != (usage.Cursor{}) {
		t.Errorf("the mark of a new node is %v, %v", m, err)
	}
}

func usageIsGrouped(t *testing.T, open Opener) {
	s := opened(t, open)
	next := noon.Add(time.Hour)
	day := noon.AddDate(0, 0, 1)
	addUp(t, s, "n", 1, 1,
		sum(noon, "k1", "a1", "m1", 1), sum(noon, "k1", "a2", "m2", 2), sum(next, "k2", "a1", "m1", 4), sum(day, "k2", "a2", "m1", 8))
	type row struct {
		label    string
		requests int64
	}
	label := func(u usage.Sum) string {
		hour := ""
		if !u.Hour.IsZero() {
			hour = u.Hour.Format("02T15")
		}
		return u.Key + u.Account + u.Model + hour + u.Day
	}
	for name, c := range map[string]struct {
		q    usage.Query
		want []row
	}{
		"by key":             {usage.Query{By: []usage.Column{usage.ByKey}}, []row{{"k1", 3}, {"k2", 12}}},
		"by account":         {usage.Query{By: []usage.Column{usage.ByAccount}}, []row{{"a1", 5}, {"a2", 10}}},
		"by model":           {usage.Query{By: []usage.Column{usage.ByModel}}, []row{{"m1", 13}, {"m2", 2}}},
		"by hour":            {usage.Query{By: []usage.Column{usage.ByHour}}, []row{{"23T12", 3}, {"23T13", 4}, {"24T12", 8}}},
		"by day":             {usage.Query{By: []usage.Column{usage.ByDay}}, []row{{"2026-11-23", 7}, {"2026-11-24", 8}}},
		"by key and model":   {usage.Query{By: []usage.Column{usage.ByKey, usage.ByModel}}, []row{{"k1m1", 1}, {"k1m2", 2}, {"k2m1", 12}}},
		"since":              {usage.Query{Since: next}, []row{{"", 12}}},
		"until is exclusive": {usage.Query{Until: next}, []row{{"", 3}}},
		"one day":            {usage.Query{FirstDay: "2026-11-23", LastDay: "2026-11-23"}, []row{{"", 7}}},
		"from a day":         {usage.Query{FirstDay: "2026-11-24", By: []usage.Column{usage.ByDay}}, []row{{"2026-11-24", 8}}},
		"one key":            {usage.Query{Key: "k1"}, []row{{"", 3}}},
		"one account":        {usage.Query{Account: "a2", By: []usage.Column{usage.ByKey}}, []row{{"k1", 2}, {"k2", 8}}},
		"one model":          {usage.Query{Model: "m2"}, []row{{"", 2}}},
		"nothing":            {usage.Query{Model: "m3"}, nil},
	} {
		var got []row
		for _, u := range asked(t, s, c.q) {
			got = append(got, row{label(u), u.Requests})
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func nothingIsNoRows(t *testing.T, open Opener) {
	s := opened(t, open)
	if rows := asked(t, s, usage.Query{By: []usage.Column{usage.ByKey}}); len(rows) != 0 {
		t.Errorf("%v", rows)
	}
	if rows := asked(t, s, usage.Query{}); len(rows) != 0 {
		t.Errorf("%v", rows)
	}
}

func hoursAreForgotten(t *testing.T, open Opener) {
	s := opened(t, open)
	addUp(t, s, "n", 1, 1, sum(noon, "k", "a", "m", 1), sum(noon.Add(time.Hour), "k", "a", "m", 2))
	if err := s.Forget(t.Context(), noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if rows := asked(t, s, usage.Query{By: []usage.Column{usage.ByHour}}); len(rows) != 1 || rows[0].Requests != 2 {
		t.Errorf("hours left: %v", rows)
	}
	if rows := asked(t, s, usage.Query{FirstDay: "2026-01-01"}); len(rows) != 1 || rows[0].Requests != 3 {
		t.Errorf("days left: %v", rows)
	}
	if c := charged(t, s, "2026-11-23", "2026-11-23"); c["k"].Total != 600 {
		t.Errorf("charged %v", c)
	}
}
