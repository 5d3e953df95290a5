package command

import (
	"maps"
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
		var s Span
		if err := s.Set(text); err != nil || time.Duration(s) != want {
			t.Errorf("%s is %v, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "5", "-5s", "a while"} {
		if err := new(Span).Set(text); err == nil {
			t.Errorf("%q is a duration", text)
		}
	}
}

func TestPairsAreTakenApart(t *testing.T) {
	t.Parallel()
	got, err := field.Pairs(Words([]string{"a=b", " c = d=e ", ""}))
	if err != nil || !maps.Equal(got, map[string]string{"a": "b", "c": "d=e"}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, pair := range []string{"a", "=b", "a=", "="} {
		if _, err := field.Pairs([]string{pair}); ctl.CodeOf(err) != ctl.BadRequest {
			t.Errorf("%q: %v", pair, err)
		}
	}
}

func TestJSONIsWantedEvenWhereArgumentsAreWrong(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]bool{
		"-o json": true, "-ojson": true, "-o=json": true, "--output json": true, "--output=json": true, "--bogus -o json": true,
		"": false, "-o": false, "-o table": false, "-- -o json": false, "json": false,
	} {
		if got := WantsJSON(strings.Fields(args)); got != want {
			t.Errorf("%q: %t", args, got)
		}
	}
}

func TestAFlagThatWasNotGivenIsNil(t *testing.T) {
	t.Parallel()
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	n := flags.Int("n", 7, "")
	if Given(flags, "n", *n) != nil {
		t.Error("a default is taken for given")
	}
	if err := flags.Parse([]string{"--n", "7"}); err != nil || *Given(flags, "n", *n) != 7 {
		t.Error("what is given as the default is not given")
	}
}
