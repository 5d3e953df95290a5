package scrub

import (
	"math/rand/v2"
	"regexp/syntax"
	"strings"
	"testing"
	"unicode"
)

// TestWhatAShapeFitsHasItsSign: a rule's hints and its sign only spare looking, and never what would be found.
func TestWhatAShapeFitsHasItsSign(t *testing.T) {
	t.Parallel()
	for _, r := range rules {
		parsed, err := syntax.Parse(r.shape.String(), syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		w := writer{rand.New(rand.NewPCG(1, 2))}
		fits := 0
		for range 5000 {
			text := " " + string(w.write(nil, parsed)) + " "
			if !r.shape.MatchString(text) || strings.ContainsAny(text, foreign) {
				continue // it ends in a word where it should not
			}
			fits++
			if !r.may(text, lower(text)) {
				t.Fatalf("%q is not looked at, and %s fits it", text, r.shape)
			}
		}
		if fits < 50 {
			t.Errorf("%s was tried %d times", r.shape, fits)
		}
	}
}

// foreign are letters that s and k stand for too where case does not count. Nothing is called so.
const foreign = "\u017f\u212a"

// writer writes texts that a regular expression fits.
type writer struct{ *rand.Rand }

func (w writer) write(to []byte, re *syntax.Regexp) []byte {
	switch re.Op {
	case syntax.OpLiteral:
		for _, c := range re.Rune {
			if re.Flags&syntax.FoldCase != 0 && w.IntN(2) == 0 {
				c = unicode.ToLower(c)
			}
			to = append(to, string(c)...)
		}
	case syntax.OpCharClass:
		i := 2 * w.IntN(len(re.Rune)/2)
		low, high := re.Rune[i], min(re.Rune[i+1], re.Rune[i]+25)
		to = append(to, string(low+w.Int32N(high-low+1))...)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		to = append(to, 'z')
	case syntax.OpConcat, syntax.OpCapture:
		for _, part := range re.Sub {
			to = w.write(to, part)
		}
	case syntax.OpAlternate:
		to = w.write(to, re.Sub[w.IntN(len(re.Sub))])
	case syntax.OpQuest:
		to = w.times(to, re.Sub[0], 0, 1)
	case syntax.OpStar:
		to = w.times(to, re.Sub[0], 0, 6)
	case syntax.OpPlus:
		to = w.times(to, re.Sub[0], 1, 6)
	case syntax.OpRepeat:
		most := re.Max
		if most < 0 {
			most = re.Min + 3
		}
		to = w.times(to, re.Sub[0], re.Min, most)
	}
	return to
}

func (w writer) times(to []byte, part *syntax.Regexp, least, most int) []byte {
	for range least + w.IntN(most-least+1) {
		to = w.write(to, part)
	}
	return to
}
