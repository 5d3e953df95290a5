package limit_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"crs/internal/limit"
	"crs/internal/unit"
)

// windows are some of each kind.
func windows() []limit.Window { return append(limit.Windows(), 1, 7, 90, 5*3600, 24*3600) }

// TestEveryRefusalHasAWord: metrics have a label for each, and one that is in no list would come as a surprise.
func TestEveryRefusalHasAWord(t *testing.T) {
	t.Parallel()
	words := limit.Words()
	for _, u := range unit.All() {
		for _, w := range windows() {
			r := limit.Per(u, w, 1)
			if e := limit.Over(&r, 1, 0, time.Time{}, time.Time{}); !slices.Contains(words, e.Word()) {
				t.Errorf("%s: %q is not among %v", r, e.Word(), words)
			}
		}
	}
	if most := len(unit.All())*(len(limit.Windows())+1) + 1; len(words) != most {
		t.Errorf("%d words, not %d", len(words), most)
	}
}

func TestWhatARuleCountsIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	for _, u := range unit.All() {
		for _, w := range windows() {
			r := limit.Per(u, w, 0)
			if got, err := limit.ParseRule(r.String()); err != nil || got != r {
				t.Errorf("%s is read as %+v, %v", r, got, err)
			}
		}
	}
	for text, want := range map[string]limit.Window{"cost/60s": limit.Minute, "cost/1m": limit.Minute, "cost/1d": 24 * 3600, "cost/1h30m": 5400} {
		if r, err := limit.ParseRule(text); err != nil || r.Window != want {
			t.Errorf("%s: %+v, %v", text, r, err)
		}
	}
	for _, text := range []string{"", "cost", "/", "cost/", "/day", "money/day", "Cost/day", "cost/fortnight", "cost/0s", "cost/-1h", "cost/1500ms", "cost/91d", "cost/day/week"} {
		if r, err := limit.ParseRule(text); err == nil {
			t.Errorf("%q is read as %+v", text, r)
		}
	}
}

func FuzzParseRule(f *testing.F) {
	for _, text := range []string{"cost/month", "requests/5h", "tokens/minute", "images/1h30m", "cost/total"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := limit.ParseRule(text)
		if err != nil {
			return
		}
		if again, err := limit.ParseRule(r.String()); err != nil || again != r {
			t.Errorf("%q is %s, which is read as %+v, %v", text, r, again, err)
		}
		if !r.Window.Slides() {
			return
		}
		if seconds, kept := r.Window.Steps(); kept > 62 || seconds*(kept-1) < int64(r.Window) {
			t.Errorf("%q has %d steps of %d s", text, kept, seconds)
		}
	})
}

func TestRulesStandInOrder(t *testing.T) {
	t.Parallel()
	var l limit.Limits
	for _, text := range []string{"cost/total", "images/day", "cost/day", "tokens/5h", "requests/minute", "cost/week", "tokens/minute", "cost/7s"} {
		r, err := limit.ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		r.Max = 5
		before := l.Rules
		was := slices.Clone(before)
		l.Set(r)
		if !slices.Equal(before, was) {
			t.Errorf("setting %s changed the list that was", text)
		}
	}
	l.Set(limit.Per(unit.Cost, limit.Week, 0))
	var names []string
	for _, r := range l.Rules {
		names = append(names, r.String())
	}
	if got := strings.Join(names, " "); got != "requests/minute tokens/minute tokens/5h cost/7s cost/day cost/total images/day" {
		t.Error(got)
	}
}

// TestAWindowOfAnyLengthAndAnyUnitHolds, and says when it has room again.
func TestAWindowOfAnyLengthAndAnyUnitHolds(t *testing.T) {
	gate(t, func(t *testing.T, g *limit.Gate) {
		ask := with(policy(limit.Per(unit.Requests, 5*3600, 3), limit.Per(unit.Images, limit.Day, 4)))
		for range 3 {
			admit(t, g, ask).Release()
		}
		r := refused(t, g, ask)
		if r.Limit != "requests per 5h" || r.RetryAfter < 5*time.Hour || r.RetryAfter > 5*time.Hour+6*time.Minute || !strings.Contains(r.Error(), "limit of 3 requests per 5h is reached") {
			t.Errorf("%+v: %v", r, r)
		}
		time.Sleep(r.RetryAfter)
		ask.Amounts[unit.Images] = 3
		p := admit(t, g, ask)
		p.Settle(unit.Amounts{unit.Images: 4})
		if r := refused(t, g, ask); r.Limit != "images per day" || r.Spent() || r.Reset.Hour() != 0 {
			t.Errorf("%+v: %v", r, r)
		}
	})
}

// TestWhatOneHolderRefusesCountsForNone of the others.
func TestWhatOneHolderRefusesCountsForNone(t *testing.T) {
	gate(t, func(t *testing.T, g *limit.Gate) {
		one, team := policy(limit.Per(unit.Requests, limit.Minute, 9), limit.Per(unit.Requests, limit.Day, 9)), policy(limit.Per(unit.Requests, limit.Minute, 2))
		one.Limits.Concurrency, team.Limits.Concurrency = 5, 5
		ask := limit.Ask{Holders: []limit.Holder{{ID: "k", Limits: &one.Limits}, {ID: "team", Limits: &team.Limits}}, Amounts: unit.Amounts{unit.Tokens: 5, unit.Cost: 7}}
		kept := []*limit.Permit{admit(t, g, ask), charge(t, enter(t, g, ask), ask)}
		if r := refused(t, g, ask); r.Max != 2 {
			t.Errorf("%+v", r)
		}
		late := enter(t, g, limit.Ask{Holders: ask.Holders[:1]})
		late.Release()
		late.Settle(unit.Amounts{})
		for id, want := range map[string]int64{"k": 2, "team": 2} {
			if u := g.Use(id); u.InFlight != 2 || u.In(unit.Requests, limit.Minute) != want || u.Reserved[unit.Cost] != 14 || u.In(unit.Requests, limit.Day) != want {
				t.Errorf("%s: %+v", id, u)
			}
		}
		for _, p := range kept {
			p.Settle(unit.Amounts{unit.Cost: 1})
			p.Release()
		}
		if u := g.Use("team"); u.InFlight != 0 || u.In(unit.Cost, limit.Total) != 2 || u.Reserved != (unit.Amounts{}) {
			t.Errorf("%+v", u)
		}
	})
}

// TestWindowsOfHoursAreRecalled from what was written down before a process began.
func TestWindowsOfHoursAreRecalled(t *testing.T) {
	gate(t, func(t *testing.T, g *limit.Gate) {
		ask := with(policy(limit.Per(unit.Requests, limit.Minute, 2), limit.Per(unit.Requests, 5*3600, 10)))
		g.Recall(ask.Holders[0], []limit.Past{{Age: time.Hour, Used: unit.Amounts{unit.Requests: 7}}, {Age: 6 * time.Hour, Used: unit.Amounts{unit.Requests: 9}}})
		if u := g.Use("k"); u.In(unit.Requests, 5*3600) != 7 || u.In(unit.Requests, limit.Minute) != 0 {
			t.Errorf("%+v", u)
		}
		time.Sleep(4*time.Hour + 6*time.Minute)
		if u := g.Use("k"); u.In(unit.Requests, 5*3600) != 0 {
			t.Errorf("%+v", u)
		}
	})
}

// TestLongerSpansAreLearntWhenALimitNeedsThem.
func TestLongerSpansAreLearntWhenALimitNeedsThem(t *testing.T) {
	gate(t, func(t *testing.T, _ *limit.Gate) {
		asked := 0
		g := limit.New(limit.Options{Clock: testClock(), Zone: time.UTC, Furthest: limit.Week, Unknown: func() { asked++ }})
		admit(t, g, with(policy(limit.Per(unit.Cost, limit.Week, 5), limit.Per(unit.Cost, limit.Total, 5), limit.Per(unit.Cost, limit.Minute, 5)))).Release()
		if asked != 0 {
			t.Errorf("asked %d times for what is known", asked)
		}
		month := with(policy(limit.Per(unit.Cost, limit.Month, 5)))
		admit(t, g, month).Release()
		if asked != 1 {
			t.Errorf("asked %d times", asked)
		}
		var known limit.Spent
		known.Set(unit.Cost, limit.Month, 7)
		g.Raise(map[string]limit.Spent{"k": known})
		g.Knows(limit.Furthest(month.Holders))
		if r := refused(t, g, month); r.Used != 7 || asked != 1 {
			t.Errorf("%+v, asked %d times", r, asked)
		}
		admit(t, g, with(policy(limit.Per(unit.Cost, limit.Quarter, 50)))).Release()
		if asked != 2 {
			t.Errorf("asked %d times for a quarter", asked)
		}
	})
}
