package cli

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"crs/ctl"
	"crs/ctl/field"
)

func TestDurationsMayBeInDays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"30d": 30 * 24 * time.Hour, "1w": 7 * 24 * time.Hour, "20s": 20 * time.Second, "0s": 0} {
		var s span
		if err := s.Set(text); err != nil || time.Duration(s) != want {
			t.Errorf("%s is %v, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "5", "-5s", "a while"} {
		if err := new(span).Set(text); err == nil {
			t.Errorf("%q is a duration", text)
		}
	}
}

func TestPairsAreTakenApart(t *testing.T) {
	t.Parallel()
	got, err := field.Pairs(words([]string{"a=b", " c = d=e ", ""}))
	if err != nil || !maps.Equal(got, map[string]string{"a": "b", "c": "d=e"}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, pair := range []string{"a", "=b", "a=", "="} {
		if _, err := field.Pairs([]string{pair}); ctl.CodeOf(err) != ctl.BadRequest {
			t.Errorf("%q: %v", pair, err)
		}
	}
}

// keyEdit is what key flags say.
func keyEdit(t *testing.T, args ...string) (ctl.KeyEdit, error) {
	t.Helper()
	a, _ := printing()
	cmd, rest, err := a.root().Find(append([]string{"key", "edit", "x"}, args...))
	if err != nil {
		t.Fatal(err)
	}
	var f keyFlags
	cmd.ResetFlags()
	f.addTo(a, cmd)
	if err := cmd.ParseFlags(rest); err != nil {
		return ctl.KeyEdit{}, err
	}
	return f.edit(cmd, noon)
}

func TestOnlyWhatIsGivenChanges(t *testing.T) {
	t.Parallel()
	e, err := keyEdit(t)
	if err != nil || e != (ctl.KeyEdit{}) {
		t.Errorf("nothing: %+v, %v", e, err)
	}
	e, err = keyEdit(t, "--rpm", "0", "--allow-models", "", "--deny-models", "a, b,,", "--tag", "x", "--tag", "y", "--account", "", "--daily-cost", "$1.5", "--expires", "never", "--queue-wait", "1m")
	switch {
	case err != nil:
		t.Fatal(err)
	case e.RequestsPerMinute == nil || *e.RequestsPerMinute != 0, e.AllowModels == nil || len(*e.AllowModels) != 0 || *e.AllowModels == nil,
		!slices.Equal(*e.DenyModels, []string{"a", "b"}), !slices.Equal(*e.Tags, []string{"x", "y"}), *e.Account != "",
		*e.DailyCost != 1_500_000_000, !e.ExpiresAt.IsZero(), *e.QueueWaitSeconds != 60:
		t.Errorf("%+v", e)
	case e.TokensPerMinute != nil, e.Clients != nil, e.Group != nil, e.Multiplier != nil, e.ActivateFor != nil, e.WeeklyCost != nil:
		t.Errorf("what was not given is in %+v", e)
	}
}

func TestLimitsAreSaidByWhatTheyCount(t *testing.T) {
	t.Parallel()
	e, err := keyEdit(t, "--limit", "cost/month=$50", "--limit", "tokens/day=2M,requests/5h=0")
	if want := map[string]json.Number{"cost/month": "50", "tokens/day": "2000000", "requests/5h": "0"}; err != nil || e.Rules == nil || !maps.Equal(*e.Rules, want) {
		t.Errorf("%+v, %v", e, err)
	}
	for said, want := range map[string]string{
		"":              "--limit: no limit is said",
		"cost=5":        `--limit: "cost=5" is not UNIT/WINDOW=N`,
		"cost/month=x":  `--limit: "x" is no number to limit cost/month to`,
		"a/b=1,a/b=2":   "--limit: the limit a/b is said twice",
		"cost/month=-5": `--limit: "-5" is no number to limit cost/month to`,
	} {
		got := run(t, nil, "key", "edit", "x", "--limit", said)
		if got.code != 2 || !strings.HasPrefix(got.err, "error: "+want) || !strings.Contains(got.err, "\nhint: ") {
			t.Errorf("%q: %+v", said, got)
		}
	}
}

// TestLimitsAreCompleted from the daemon's catalogue, and from that of the program without one; a number comes behind.
func TestLimitsAreCompleted(t *testing.T) {
	t.Parallel()
	got := run(t, nil, "__complete", "key", "create", "x", "--limit", "")
	for _, want := range []string{"cost/month=\n", "requests/minute=\n", "images/day=\n", "cost/total=\n", "\n:6\n"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is not in\n%s", want, got.out)
		}
	}
	socket := fake(t, map[string]any{"GET /catalogue": ctl.Catalogue{LimitUnits: []string{"pages"}, LimitWindows: []string{"fortnight", "year"}}})
	got = run(t, nil, "__complete", "--socket", socket, "key", "edit", "x", "--limit", "")
	if !strings.HasPrefix(got.out, "pages/fortnight=\npages/year=\n:6\n") {
		t.Errorf("%+v", got)
	}
}

func TestAKeyIsNotBoundTwiceNorEndsTwice(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--account", "a", "--group", "g"}, {"--expires", "1d", "--activate-for", "1d"}} {
		if _, err := keyEdit(t, args...); ctl.CodeOf(err) != ctl.BadRequest {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestAFlagErrorSpeaksOfTheFlag(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--rpm x":                   `--rpm: "x" is not a whole number`,
		"--multiplier x":            `--multiplier: "x" is not a number`,
		"--daily-cost x":            `--daily-cost: "x" is not an amount in US dollars`,
		"--activate-for x":          `--activate-for: "x" is not a duration`,
		"--nothing":                 `unknown flag: --nothing`,
		"--rpm":                     `flag needs an argument: --rpm`,
		"--rpm 9999999999999999999": `--rpm: "9999999999999999999" is not a whole number`,
	} {
		got := run(t, nil, append([]string{"key", "create", "x"}, strings.Fields(args)...)...)
		if got.code != 2 || !strings.HasPrefix(got.err, "error: "+want) || !strings.HasSuffix(got.err, "\nhint: see: crs key create --help\n") {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

func TestJSONIsWantedEvenWhereArgumentsAreWrong(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]bool{
		"-o json": true, "-ojson": true, "-o=json": true, "--output json": true, "--output=json": true, "--bogus -o json": true,
		"": false, "-o": false, "-o table": false, "-- -o json": false, "json": false,
	} {
		if got := wantsJSON(strings.Fields(args)); got != want {
			t.Errorf("%q: %t", args, got)
		}
	}
}

func TestAFlagThatWasNotGivenIsNil(t *testing.T) {
	t.Parallel()
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	n := flags.Int("n", 7, "")
	if given(flags, "n", *n) != nil {
		t.Error("a default is taken for given")
	}
	if err := flags.Parse([]string{"--n", "7"}); err != nil || *given(flags, "n", *n) != 7 {
		t.Error("what is given as the default is not given")
	}
}
