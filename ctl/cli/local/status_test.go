package local

import (
	"fmt"
	"strings"
	"testing"

	"crs/ctl"
)

func TestStatusNamesSomeOfManyAlike(t *testing.T) {
	t.Parallel()
	var all []ctl.Condition
	for i := range 60 {
		all = append(all, ctl.Condition{Code: "account_rests", Severity: ctl.SeverityNote, Sentence: fmt.Sprintf("account %d rests", i), Hint: "that passes"})
	}
	a, out := printing()
	a.printConditions(all)
	if n := strings.Count(out.String(), "that passes"); n != mostAlike || !strings.Contains(out.String(), "and 50 more of account_rests: crs status -o json") {
		t.Errorf("%d are told:\n%s", n, out)
	}
}

func TestStatusSaysWhatIsNotWellBeforeWhatIsWorthKnowing(t *testing.T) {
	t.Parallel()
	failed := ctl.Condition{Severity: ctl.SeverityFailed, Sentence: "the store is away", Hint: "see that it runs"}
	warning := ctl.Condition{Severity: ctl.SeverityWarning, Sentence: "there are no keys", Hint: "make one"}
	note := ctl.Condition{Severity: ctl.SeverityNote, Sentence: "account a rests", Hint: "that passes"}
	for name, test := range map[string]struct {
		all  []ctl.Condition
		want string
	}{
		"all is well": {nil, "crs is well\n"},
		"two things":  {[]ctl.Condition{failed, warning}, "crs runs, but:\n  the store is away\n    see that it runs\n  there are no keys\n    make one\n"},
		"a note":      {[]ctl.Condition{note}, "crs is well\n\nworth knowing:\n  account a rests\n    that passes\n"},
		"both":        {[]ctl.Condition{warning, note}, "crs runs, but:\n  there are no keys\n    make one\n\nworth knowing:\n  account a rests\n    that passes\n"},
	} {
		a, out := printing()
		a.printConditions(test.all)
		if out.String() != test.want {
			t.Errorf("%s:\n%s", name, out)
		}
	}
}
