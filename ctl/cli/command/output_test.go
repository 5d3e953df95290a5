package command

import "testing"

func TestATableIsPlainAndItsNumbersLineUp(t *testing.T) {
	t.Parallel()
	a, out := printing()
	a.Table([]Column{Left("NAME"), Left("EMPTY"), Right("COUNT"), Left("NOTE")},
		[][]string{{"a", "", "1", "first"}, {"bcd", "", "1,000", ""}, {"漢字", "", "7", "wide"}}, []string{"total", "", "1,008", ""})
	want := `NAME   COUNT  NOTE
a          1  first
bcd    1,000
漢字       7  wide
total  1,008
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
}
