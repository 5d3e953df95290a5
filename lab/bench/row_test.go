package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestARatioIsOfTheMediansAgainstTheYardstickThatNeedsLeast(t *testing.T) {
	t.Parallel()
	rounds := func(m metric, values ...float64) (all []sample) {
		for _, v := range values {
			all = append(all, sample{m: v})
		}
		return all
	}
	c := criterion{work: "streams", metric: cpuPerEvent, judged: relay, against: []string{bareReader, bareWriter}, budget: 1.5}
	got := c.judge("stream-50", map[string][]sample{
		relay:      rounds(cpuPerEvent, 30, 20, 25),
		bareReader: rounds(cpuPerEvent, 40, 10, 50),
		bareWriter: rounds(cpuPerEvent, 20, 20, 10),
		nginx:      rounds(cpuPerEvent, 1, 1, 1),
	})
	if got.Against != bareWriter || got.Value != (spread{Median: 1.25, Low: 1, High: 2.5}) || got.Verdict != "within" {
		t.Errorf("got %+v", got)
	}
	if f := got.Figures[bareReader]; f != (spread{40, 10, 50}) {
		t.Errorf("the reader's figures are %+v", f)
	}

	c = criterion{work: "latency", metric: p99, judged: relay, over: direct, budget: 1}
	got = c.judge("latency", map[string][]sample{relay: rounds(p99, 3, 4, 8), direct: rounds(p99, 1, 2, 7)})
	if got.Value != (spread{Median: 2, Low: 1, High: 2}) || got.Verdict != "within 2×" {
		t.Errorf("got %+v", got)
	}

	c = criterion{work: "memory", metric: idleMemory, judged: relay, budget: 25}
	got = c.judge("memory-idle", map[string][]sample{relay: rounds(idleMemory, 51, 52, 50), bare: rounds(idleMemory, 9, 9, 9)})
	if got.Value != (spread{51, 50, 52}) || got.Verdict != "over" {
		t.Errorf("got %+v", got)
	}
}

func TestTheVerdictFollowsTheBudget(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value, budget float64
		want          string
	}{{1.9, 2, "within"}, {2, 2, "within"}, {2.01, 2, "within 2×"}, {4, 2, "within 2×"}, {4.01, 2, "over"}, {-1, 0.2, "within"}, {9, 0, ""}} {
		if got := verdict(c.value, c.budget); got != c.want {
			t.Errorf("%g with a budget of %g is %q, not %q", c.value, c.budget, got, c.want)
		}
	}
}

func TestEveryCriterionIsAboutASubjectOfItsRow(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range rows() {
		if seen[r.name] || r.measure == nil || len(r.criteria) == 0 {
			t.Errorf("row %q is there twice, or not whole", r.name)
		}
		seen[r.name] = true
		for _, c := range r.criteria {
			for _, name := range append(append([]string{c.judged}, c.against...), c.over) {
				if name != "" && (!slices.Contains(r.subjects, name) || name == nginx) {
					t.Errorf("row %s needs %s, which is not always measured", r.name, name)
				}
			}
		}
	}
}

func TestRowsAreChosenByName(t *testing.T) {
	t.Parallel()
	names := func(args ...string) []string {
		o, err := parse(args, new(strings.Builder))
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, r := range o.chosen() {
			all = append(all, r.name)
		}
		return all
	}
	if got := names(); !reflect.DeepEqual(got, rowNames()) {
		t.Errorf("by default: %v", got)
	}
	if got, want := names("-only", "json-4k,latency"), []string{"json-4k", "latency"}; !reflect.DeepEqual(got, want) {
		t.Errorf("only two: %v", got)
	}
	if got := names("-skip", "scale"); len(got) != len(rowNames())-1 || slices.Contains(got, "scale") {
		t.Errorf("all but one: %v", got)
	}
}

// TestAFormerRelayIsMeasuredRightAfterThePresentOne, and held against it by all that is measured of that.
func TestAFormerRelayIsMeasuredRightAfterThePresentOne(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"-former", "old", "-only", "json-4k,streams-1000,redis"}, new(strings.Builder))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range o.chosen() {
		compared := 0
		for _, c := range r.criteria {
			if slices.Equal(c.against, []string{former}) {
				compared++
			}
		}
		at := slices.Index(r.subjects, relay)
		switch {
		case at < 0:
			if compared > 0 || slices.Contains(r.subjects, former) {
				t.Errorf("%s has no relay, and compares it: %v", r.name, r.subjects)
			}
		case r.subjects[at+1] != former || 2*compared != len(r.criteria):
			t.Errorf("%s: %v, %d of %d compare", r.name, r.subjects, compared, len(r.criteria))
		}
	}
}

func TestFlagsThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"there is no row":           {"-only", "json-4kb"},
		"the rows are json-4k":      {"-skip", "x"},
		"-rounds":                   {"-rounds", "0"},
		"-seconds":                  {"-seconds", "0"},
		"every row":                 {"-write", "docs/performance.md", "-only", "json-4k"},
		"the flags are all":         {"json-4k"},
		"flag provided but not def": {"-fast"},
	} {
		if _, err := parse(args, new(strings.Builder)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: the error is %v", args, err)
		}
	}
}

func TestTheTableSaysWhatWasMeasured(t *testing.T) {
	t.Parallel()
	r := report{Rounds: 5, Seconds: 3, Keys: 100, Accounts: 10, Machine: machine{CPU: "EPYC", Cores: 2, Kernel: "6.1", Go: "go1.26", Date: "2026-11-23"}, Results: []Result{
		{
			Work: "JSON", Metric: cpuPerRequest, Judged: relay, Against: bare, Value: spread{2.346, 2.2, 2.5}, Budget: 2, Verdict: "within 2×",
			Figures: map[string]spread{relay: {Median: 45.06}, bare: {Median: 19.2}, nginx: {Median: 114.4}},
		},
		{Work: "latency", Metric: p50, Judged: relay, Over: direct, Value: spread{0.1, -0.05, 0.3}, Budget: 0.2, Verdict: "within", Figures: map[string]spread{relay: {}, direct: {}}},
		{Work: "start", Metric: startTime, Judged: crowded, Value: spread{1, 1, 1}, Figures: map[string]spread{crowded: {Median: 1}}},
	}}
	const want = `| work | figures | measured | budget | verdict |
|---|---|---|---|---|
| JSON | crs 45.1, bare 19.2, nginx 114 µs of CPU per request | 2.35× (2.20 to 2.50) | ≤ 2× | within 2× |
| latency | crs 0.00, direct 0.00 ms at p50 | +0.10 (-0.05 to 0.30) | ≤ 0.2 | within |
| start | crowded crs 1.00 s to start | 1.00 (1.00 to 1.00) | – | – |

2026-11-23: EPYC, 2 cores, Linux 6.1, go1.26. Rounds: 5, each measurement 3 s; medians, and in parentheses the lowest and the highest round. Many: 100 keys, 10 accounts.
`
	if got := r.markdown(); got != want {
		t.Errorf("got:\n%s\nnot:\n%s", got, want)
	}
	var terminal strings.Builder
	if err := r.print(&terminal); err != nil {
		t.Fatal(err)
	}
	for _, cells := range r.cells() {
		for _, cell := range cells {
			if !strings.Contains(terminal.String(), cell) {
				t.Errorf("the terminal is not told %q:\n%s", cell, terminal.String())
			}
		}
	}
}

func TestEverySubjectHasItsPlaceInTheTable(t *testing.T) {
	t.Parallel()
	for _, r := range rows() {
		for _, name := range r.subjects {
			if !slices.Contains(order[:], name) {
				t.Errorf("%s of row %s is nowhere in %v", name, r.name, order)
			}
		}
	}
}
