package storetest

import (
	"reflect"
	"testing"
	"time"

	"crs/internal/store"
	"crs/internal/unit"
	"crs/internal/usage"
)

// costs are what a key was charged on a day, since another, and in all.
type costs struct{ Day, Since, Total int64 }

// charged asks what keys were charged.
func charged(t *testing.T, s store.Store, day, since string) map[string]costs {
	t.Helper()
	rows, err := s.Spent(t.Context(), []string{day, since, ""}, day)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]costs{}
	for key, row := range rows {
		if c := (costs{row[0][unit.Cost], row[1][unit.Cost], row[2][unit.Cost]}); c != (costs{}) {
			all[key] = c
		}
	}
	return all
}

func chargesAreTold(t *testing.T, open Opener) {
	s := opened(t, open)
	addUp(t, s, "n", 1, 1,
		sum(noon.AddDate(0, 0, -30), "k1", "a", "m", 1), sum(noon.AddDate(0, 0, -2), "k1", "a", "m", 2), sum(noon, "k1", "a", "m", 4),
		sum(noon, "k1", "b", "n", 8), sum(noon.AddDate(0, 0, -30), "k2", "a", "m", 16), sum(noon.AddDate(0, 0, 1), "k3", "a", "m", 1))
	want := map[string]costs{
		"k1": {200 * 12, 200 * 14, 200 * 15},
		"k2": {Total: 200 * 16},
		"k3": {Total: 200}, // on a day to come
	}
	if got := charged(t, s, "2026-11-23", "2026-11-20"); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// usesAreTold: of every unit, by the day and in all, and by the hour.
func usesAreTold(t *testing.T, open Opener) {
	s := opened(t, open)
	all := []usage.Sum{sum(noon, "k", "a", "m", 1), sum(noon, "k", "b", "n", 2), sum(noon.Add(time.Hour), "k", "a", "m", 4), sum(noon.AddDate(0, 0, -3), "k", "a", "m", 8)}
	for i := range all {
		for _, u := range unit.All() {
			if !u.Derived() {
				all[i].More[u] = all[i].Requests * int64(u+10)
			}
		}
	}
	addUp(t, s, "n", 1, 1, all[:2]...)
	addUp(t, s, "n", 1, 2, all[2:]...)
	of := func(n int64) (a unit.Amounts) {
		one := sum(noon, "k", "a", "m", 1)
		for _, u := range unit.All() {
			if a[u] = one.Amounts()[u] * n; !u.Derived() {
				a[u] = n * int64(u+10)
			}
		}
		return a
	}
	rows, err := s.Spent(t.Context(), []string{"2026-11-23", "2026-11-20", ""}, "2026-11-23")
	if err != nil {
		t.Fatal(err)
	}
	if want := []unit.Amounts{of(7), of(15), of(15)}; !reflect.DeepEqual(rows["k"], want) {
		t.Errorf("by days: got %v, want %v", rows["k"], want)
	}
	hours, err := s.Recent(t.Context(), noon.Add(30*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if want := map[usage.Hour]unit.Amounts{usage.HourOf(noon): of(3), usage.HourOf(noon.Add(time.Hour)): of(4)}; !reflect.DeepEqual(hours["k"], want) {
		t.Errorf("by hours: got %v, want %v", hours["k"], want)
	}
	if err := s.Forget(t.Context(), noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if hours, err = s.Recent(t.Context(), noon); err != nil || len(hours["k"]) != 1 {
		t.Errorf("after forgetting: %v, %v", hours, err)
	}
	if rows, err = s.Spent(t.Context(), []string{"2026-11-23"}, "2026-11-23"); err != nil || rows["k"][0] != of(7) {
		t.Errorf("days after forgetting: %v, %v", rows, err)
	}
}
