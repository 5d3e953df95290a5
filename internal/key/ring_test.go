package key_test

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/secret"
	"crs/internal/store"
	"crs/internal/store/local"
	"crs/internal/unit"
)

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func ring(t *testing.T) (*key.Ring, *local.Store, *clock) {
	t.Helper()
	s, err := local.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	c := &clock{time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	return load(t, s, c), s, c
}

func load(t *testing.T, s *local.Store, c *clock) *key.Ring {
	t.Helper()
	r, err := key.Load(t.Context(), s, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func create(t *testing.T, r *key.Ring, k key.Key) (*key.Key, secret.String) {
	t.Helper()
	made, presented, err := r.Create(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	return made, presented
}

func refusal(t *testing.T, r *key.Ring, presented string) key.Reason {
	t.Helper()
	_, err := r.Verify(t.Context(), presented)
	var refused *key.Invalid
	if err != nil && !errors.As(err, &refused) {
		t.Fatal(err)
	}
	if refused == nil {
		return ""
	}
	return refused.Reason
}

func TestAKeyOpensUntilItIsTakenAway(t *testing.T) {
	t.Parallel()
	r, s, c := ring(t)
	_, presented := create(t, r, key.Key{Name: "alice"})
	text := presented.Reveal()
	if len(text) != 67 || text[:3] != "cr_" {
		t.Errorf("a key looks like %q", text)
	}
	edit := func(change func(*key.Key)) {
		t.Helper()
		if _, err := r.Edit(t.Context(), "alice", func(k *key.Key) error { change(k); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	steps := []struct {
		name string
		do   func()
		want key.Reason
	}{
		{"as made", func() {}, ""},
		{"disabled", func() { edit(func(k *key.Key) { k.Disabled = true }) }, key.Disabled},
		{"enabled", func() { edit(func(k *key.Key) { k.Disabled = false }) }, ""},
		{"deleted", func() { _, _ = r.Delete(t.Context(), "alice") }, key.Deleted},
		{"restored", func() { _, _ = r.Restore(t.Context(), "alice") }, ""},
		{"with an end", func() { edit(func(k *key.Key) { k.ExpiresAt = c.at.Add(time.Hour) }) }, ""},
		{"at its end", func() { c.at = c.at.Add(time.Hour) }, key.Expired},
		{"prolonged", func() { edit(func(k *key.Key) { k.ExpiresAt = c.at.Add(time.Hour) }) }, ""},
	}
	for _, step := range steps {
		step.do()
		if got := refusal(t, r, text); got != step.want {
			t.Errorf("%s: refused as %q, want %q", step.name, got, step.want)
		}
		if got := refusal(t, load(t, s, c), text); got != step.want {
			t.Errorf("%s, after a restart: refused as %q, want %q", step.name, got, step.want)
		}
	}
}

func TestWhatIsNoKeyIsRefused(t *testing.T) {
	t.Parallel()
	r, _, _ := ring(t)
	_, presented := create(t, r, key.Key{Name: "alice"})
	for text, want := range map[string]key.Reason{
		"":                                key.Missing,
		"sk-ant-api03-x":                  key.Unknown,
		"cr_":                             key.Unknown,
		presented.Reveal() + "0":          key.Unknown,
		presented.Reveal()[:66]:           key.Unknown,
		"cr_" + string(make([]byte, 600)): key.Unknown,
	} {
		if got := refusal(t, r, text); got != want {
			t.Errorf("%.20q: %q, want %q", text, got, want)
		}
	}
}

func TestAKeysTimeBeginsWithItsFirstUse(t *testing.T) {
	t.Parallel()
	r, s, c := ring(t)
	_, presented := create(t, r, key.Key{Name: "trial", ActivateFor: 24 * time.Hour})
	c.at = c.at.Add(1000 * time.Hour)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := r.Verify(t.Context(), presented.Reveal()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	c.at = c.at.Add(24*time.Hour - 1)
	if got := refusal(t, load(t, s, c), presented.Reveal()); got != "" {
		t.Errorf("a moment before its end it is refused as %q", got)
	}
	c.at = c.at.Add(1)
	if got := refusal(t, load(t, s, c), presented.Reveal()); got != key.Expired {
		t.Errorf("at its end: %q", got)
	}
}

func TestRotationChangesTheSecretAndNothingElse(t *testing.T) {
	t.Parallel()
	r, _, _ := ring(t)
	made, old := create(t, r, key.Key{Name: "alice", Policy: key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Requests, limit.Minute, 7)}}}})
	rotated, fresh, err := r.Rotate(t.Context(), made.ID)
	if err != nil {
		t.Fatal(err)
	}
	if refusal(t, r, old.Reveal()) != key.Unknown || refusal(t, r, fresh.Reveal()) != "" {
		t.Error("the old key still opens, or the new one does not")
	}
	if rotated.ID != made.ID || rotated.Policy.Limits.Max(unit.Requests, limit.Minute) != 7 {
		t.Errorf("rotated to %+v", rotated)
	}
}

func TestNamesAreTakenOnce(t *testing.T) {
	t.Parallel()
	r, _, _ := ring(t)
	var made int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, _, err := r.Create(t.Context(), key.Key{Name: "same"})
			var taken *key.Taken
			if err != nil && !errors.As(err, &taken) {
				t.Error(err)
			}
			if err == nil {
				mu.Lock()
				made++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if made != 1 {
		t.Fatalf("%d keys of one name", made)
	}
	if _, err := r.Delete(t.Context(), "same"); err != nil {
		t.Fatal(err)
	}
	_, _, err := r.Create(t.Context(), key.Key{Name: "same"})
	var taken *key.Taken
	if !errors.As(err, &taken) || !taken.Deleted {
		t.Errorf("over a deleted key: %v", err)
	}
	if err := r.Purge(t.Context(), "same"); err != nil {
		t.Fatal(err)
	}
	create(t, r, key.Key{Name: "same"})
	if r.Count() != 1 || len(r.List()) != 1 {
		t.Errorf("%d keys", r.Count())
	}
}

func TestDeletedKeysDoNotCount(t *testing.T) {
	t.Parallel()
	r, s, c := ring(t)
	create(t, r, key.Key{Name: "a"})
	create(t, r, key.Key{Name: "b"})
	do := func(_ *key.Key, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		name string
		do   func()
		want int
	}{
		{"made", func() {}, 2},
		{"one disabled", func() { do(r.Edit(t.Context(), "a", func(k *key.Key) error { k.Disabled = true; return nil })) }, 2},
		{"deleted", func() { do(r.Delete(t.Context(), "a")) }, 1},
		{"restored", func() { do(r.Restore(t.Context(), "a")) }, 2},
		{"deleted again", func() { do(r.Delete(t.Context(), "a")) }, 1},
		{"purged", func() { do(nil, r.Purge(t.Context(), "a")) }, 1},
	} {
		step.do()
		if n, again := r.Count(), load(t, s, c).Count(); n != step.want || again != step.want {
			t.Errorf("%s: there are %d keys, and %d after a restart, want %d", step.name, n, again, step.want)
		}
	}
}

func TestOfTwoEditsAtOnceOneIsToldSo(t *testing.T) {
	t.Parallel()
	r, s, c := ring(t)
	create(t, r, key.Key{Name: "alice"})
	other := load(t, s, c)
	set := func(n int64) func(*key.Key) error {
		return func(k *key.Key) error { k.Policy.Limits.Set(limit.Per(unit.Requests, limit.Minute, n)); return nil }
	}
	if _, err := other.Edit(t.Context(), "alice", set(1)); err != nil {
		t.Fatal(err)
	}
	_, err := r.Edit(t.Context(), "alice", set(2))
	var conflict *store.Conflict
	if !errors.As(err, &conflict) {
		t.Errorf("the second edit: %v", err)
	}
}

func TestNonsenseIsRefused(t *testing.T) {
	t.Parallel()
	r, _, _ := ring(t)
	for name, k := range map[string]key.Key{
		"no name":             {},
		"a flag for a name":   {Name: "--help"},
		"a control character": {Name: "a\x1b[31m"},
		"spaces around":       {Name: " a "},
		"too long":            {Name: fmt.Sprintf("%0101d", 1)},
		"negative limit":      {Name: "a", Policy: key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Day, -1)}}}},
		"queue for no limit":  {Name: "a", Policy: key.Policy{Limits: limit.Limits{Queue: 3}}},
		"bound to two":        {Name: "a", Policy: key.Policy{Account: "x", Group: "y"}},
	} {
		if _, _, err := r.Create(t.Context(), k); err == nil {
			t.Errorf("%s: made", name)
		}
	}
	if n := len(r.List()); n != 0 {
		t.Errorf("%d keys were made of nonsense", n)
	}
	if _, err := r.Get("nobody"); err == nil || err.Error() != `there is no key "nobody"` {
		t.Errorf("%v", err)
	}
}

func TestCharge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ multiplier, cost, want int64 }{
		{0, 123, 123}, {1000, 123, 123}, {1500, 1001, 1501}, {500, 3, 1}, {2000, 9e15, 18e15}, {1_000_000, 9e15, 9e18}, {1_000_000, 1e16, math.MaxInt64},
		{2000, math.MaxInt64, math.MaxInt64}, {1000, math.MaxInt64, math.MaxInt64}, {math.MaxInt64, 1000, math.MaxInt64},
	} {
		p := key.Policy{Multiplier: c.multiplier}
		if got := p.Charge(c.cost); got != c.want {
			t.Errorf("%d × %d/1000 = %d, want %d", c.cost, c.multiplier, got, c.want)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, n := range []int{1, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			docs := &memory{}
			r, err := key.Load(b.Context(), docs, time.Now)
			if err != nil {
				b.Fatal(err)
			}
			var presented secret.String
			for i := range n {
				_, presented, _ = r.Create(b.Context(), key.Key{Name: fmt.Sprint("k", i)})
			}
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				if _, err := r.Verify(b.Context(), presented.Reveal()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
