package daemon_test

import (
	"strconv"
	"testing"
	"time"

	"crs/ctl"
	"crs/lab/crstest"
	"crs/lab/redistest"
)

// steps are how a clock may be set.
var steps = []time.Duration{-24 * time.Hour, -time.Hour, time.Hour, 24 * time.Hour}

// hands move the clocks that limits go by: pass has time pass, set sets one of them. How far one was set is known to within a
// round trip to the store, which is less than within.
type hands struct {
	pass, set func(time.Duration)
	within    time.Duration
}

// setting are boxes with each store, of which the machine's clock is set, or the server's.
func setting(t *testing.T, test func(t *testing.T, b *crstest.Box, h hands)) {
	t.Helper()
	t.Run("local", func(t *testing.T) {
		t.Parallel()
		b := crstest.Start(t)
		test(t, b, hands{pass: b.Clock.Advance, set: b.Clock.Set})
	})
	for _, whose := range []string{"node", "server"} {
		t.Run("redis, where the "+whose+"'s clock is set", func(t *testing.T) {
			t.Parallel()
			server := redistest.StartReal(t)
			b := crstest.Start(t, crstest.Redis(server.URL()))
			h := hands{func(d time.Duration) { server.Advance(t, d); b.Clock.Advance(d) }, b.Clock.Set, time.Second}
			if whose == "server" {
				h.set = func(d time.Duration) { server.SetTime(t, d) }
			}
			test(t, b, h)
		})
	}
}

// TestAMinuteIsAMinuteWhateverTheClockSays: as many requests are let in as the limit allows, whichever way the clock is set, and
// who is refused is served when retry-after is over.
func TestAMinuteIsAMinuteWhateverTheClockSays(t *testing.T) {
	t.Parallel()
	setting(t, func(t *testing.T, b *crstest.Box, h hands) {
		b.Account("a")
		for i, step := range steps {
			key := b.Key("k"+strconv.Itoa(i), func(k *ctl.NewKey) { k.RequestsPerMinute = ptr(int64(3)) })
			served, got := 0, crstest.Answer{}
			for n := range 6 {
				if n == 2 {
					h.set(step)
				}
				if got = b.Post(key, crstest.Hello); got.Status == 200 {
					served++
				}
			}
			after, err := strconv.Atoi(got.Header.Get("retry-after"))
			if served != 3 || got.Status != 429 || err != nil || after < 1 || after > 61 {
				t.Errorf("set by %s: %d requests were served in a minute, and then %d with retry-after %q", step, served, got.Status, got.Header.Get("retry-after"))
			}
			h.pass(time.Duration(after)*time.Second + h.within)
			if got := b.Post(key, crstest.Hello); got.Status != 200 {
				t.Errorf("set by %s: when retry-after is over: %d %s", step, got.Status, got.Body)
			}
		}
	})
}

// TestASetClockGivesNoSecondBudget, nor locks it anybody out for longer than a day and the three hours that a day may take more.
func TestASetClockGivesNoSecondBudget(t *testing.T) {
	t.Parallel()
	for _, step := range steps {
		t.Run(step.String(), func(t *testing.T) {
			t.Parallel()
			setting(t, func(t *testing.T, b *crstest.Box, h hands) { oneBudgetADay(t, b, h, step) })
		})
	}
}

func oneBudgetADay(t *testing.T, b *crstest.Box, h hands, step time.Duration) {
	t.Helper()
	b.Account("a")
	key := b.Key("k", func(k *ctl.NewKey) { k.DailyCost = ptr(ctl.USD(1)) })
	eventually(t, "the budget is spent", func() bool { return b.Post(key, crstest.Hello).Status == 402 })
	for _, d := range []time.Duration{step, -step, step} { // there, back, and there again
		h.set(d)
		if got := b.Post(key, crstest.Hello); got.Status != 402 {
			t.Errorf("set by %s: %d %s", d, got.Status, got.Body)
		}
	}
	for _, d := range []time.Duration{0, -step} {
		h.set(d)
		served := 0
		for range 28 {
			h.pass(time.Hour)
			if b.Post(key, crstest.Hello).Status == 200 {
				served++
				eventually(t, "it is charged", func() bool { return b.Post(key, crstest.Hello).Status == 402 })
			}
		}
		if served < 1 || served > 2 { // two, when a day ends within the last hours
			t.Errorf("served %d times within 28 hours, with a budget of one a day", served)
		}
	}
}

// TestASetClockIsToldAndSurvivesAStart.
func TestASetClockIsToldAndSurvivesAStart(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k", func(k *ctl.NewKey) { k.DailyCost = ptr(ctl.USD(1)) })
	eventually(t, "the budget is spent", func() bool { return b.Post(key, crstest.Hello).Status == 402 })
	for _, step := range []time.Duration{24 * time.Hour, -48*time.Hour + time.Minute} {
		b.Clock.Set(step)
		if s, err := b.Status(t.Context()); err != nil || !s.Has("clock_set") {
			t.Errorf("set by %s: %+v, %v", step, s.Conditions, err)
		}
		b.Halt()
		b.Boot()
		if got := b.Post(key, crstest.Hello); got.Status != 402 {
			t.Errorf("set by %s, and started anew: %d %s", step, got.Status, got.Body)
		}
	}
}
