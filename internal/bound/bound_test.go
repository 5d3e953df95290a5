package bound_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"crs/internal/bound"
)

func TestCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"", 5, ""}, {"short", 5, "short"}, {"longer", 5, "lo…"}, {"ééé", 6, "ééé"}, {"éééé", 6, "é…"}, {"a\xffb", 9, "a?b"}, {strings.Repeat("\x80", 9), 6, "…"},
	} {
		if got := bound.Cut(c.text, c.most); got != c.want {
			t.Errorf("%q at most %d: %q", c.text, c.most, got)
		}
	}
}

func TestQuoted(t *testing.T) {
	t.Parallel()
	if got := bound.Quoted("a\"b"); got != `"a\"b"` {
		t.Error(got)
	}
	if got := bound.Quoted(strings.Repeat("a", 9<<20)); !strings.HasSuffix(got, `…" (9437184 bytes)`) || len(got) > 100 {
		t.Error(got)
	}
}

func FuzzCutKeepsItsBound(f *testing.F) {
	f.Add("aé\xff", 5)
	f.Fuzz(func(t *testing.T, text string, most int) {
		most = 3 + most&0xfff
		got := bound.Cut(text, most)
		if len(got) > most || !utf8.ValidString(got) || bound.Cut(got, most) != got {
			t.Errorf("%q at most %d: %q", text, most, got)
		}
	})
}
