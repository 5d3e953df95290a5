package provider

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzPieces(f *testing.F) {
	f.Add("pong — the simulator", 3, 50)
	f.Add("", 1, 0)
	f.Add("é", 9, 3)
	f.Add("\xff\x80\x80", 2, 7)
	f.Fuzz(func(t *testing.T, text string, n, size int) {
		if n < 1 || n > 1000 || size < 0 || size > 10000 {
			return
		}
		text = strings.ToValidUTF8(text, "?")
		var all string
		for i := range n {
			p := Piece(text, i, n)
			if !utf8.ValidString(p) {
				t.Errorf("piece %d of %d of %q is %q", i, n, text, p)
			}
			all += p
		}
		if all != text {
			t.Errorf("the pieces make %q, want %q", all, text)
		}
		if got := exactly(text, size); len(got) != size || !utf8.ValidString(got) {
			t.Errorf("%q has %d bytes, want %d", got, len(got), size)
		}
	})
}

// FuzzOpening looks at what an answer quotes of a text: its beginning, between two characters.
func FuzzOpening(f *testing.F) {
	f.Add("a\u00e9\U0001f600" + strings.Repeat("é", 60))
	f.Add(strings.Repeat("x", 59) + "é")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		quote, _ := strings.CutPrefix(echo(text), "You said “")
		quote, ok := strings.CutSuffix(quote, "” — that is all I know.")
		begin := strings.TrimSuffix(quote, "…")
		if !ok || !utf8.ValidString(quote) || !strings.HasPrefix(strings.TrimSpace(text), begin) && begin != "" {
			t.Errorf("%q is quoted as %q", text, quote)
		}
	})
}
