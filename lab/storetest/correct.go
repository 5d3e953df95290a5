package storetest

import (
	"reflect"
	"testing"
	"time"

	"crs/internal/usage"
)

// correctionsMove: the hour, its day and what the key was charged in all move together, once, and only where the hour is as it was said.
func correctionsMove(t *testing.T, open Opener) {
	s := opened(t, open)
	addUp(t, s, "n", 1, 1, sum(noon, "k", "a", "m", 1), sum(noon.Add(time.Hour), "k", "a", "m", 2), sum(noon, "k", "a", "other model", 1), sum(noon, "k2", "a", "m", 1))
	stale := sum(noon, "k2", "a", "m", 1)
	stale.Tokens.Input++
	all := []usage.Correction{
		{Was: sum(noon, "k", "a", "m", 1), Cost: 700, Charged: 900},
		{Was: stale, Cost: 1, Charged: 1},
		{Was: sum(noon, "nobody", "a", "m", 1), Cost: 1, Charged: 1},
		{Was: sum(noon.Add(time.Hour), "k", "a", "m", 2), Cost: 0, Charged: 1},
	}
	done, err := s.Correct(t.Context(), all)
	if err != nil || !reflect.DeepEqual(done, []bool{true, false, false, true}) {
		t.Fatalf("corrected: %v, %v", done, err)
	}
	again := []usage.Correction{{Was: sum(noon.Add(time.Hour), "k", "a", "m", 2), Cost: 5, Charged: 5}}
	if done, err = s.Correct(t.Context(), again); err != nil || done[0] {
		t.Errorf("what is not as it was said is corrected: %v, %v", done, err)
	}
	costs := func(q usage.Query) (all [][2]int64) {
		rows, err := s.Usage(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			all = append(all, [2]int64{r.Cost, r.Charged})
		}
		return all
	}
	byHour := usage.Query{Key: "k", Model: "m", By: []usage.Column{usage.ByHour}}
	if got, want := costs(byHour), [][2]int64{{700, 900}, {0, 1}}; !reflect.DeepEqual(got, want) {
		t.Errorf("hours: got %v, want %v", got, want)
	}
	byDay := usage.Query{FirstDay: "2026-11-23", By: []usage.Column{usage.ByKey, usage.ByModel}}
	if got, want := costs(byDay), [][2]int64{{700, 901}, {100, 200}, {100, 200}}; !reflect.DeepEqual(got, want) {
		t.Errorf("days: got %v, want %v", got, want)
	}
	if got := charged(t, s, "2026-11-23", "2026-11-23"); got["k"].Total != 1101 || got["k"].Day != 1101 || got["k2"].Total != 200 {
		t.Errorf("keys: %v", got)
	}
}

// nothingIsCorrected: of nothing comes nothing.
func nothingIsCorrected(t *testing.T, open Opener) {
	if done, err := opened(t, open).Correct(t.Context(), nil); err != nil || len(done) != 0 {
		t.Errorf("%v, %v", done, err)
	}
}
