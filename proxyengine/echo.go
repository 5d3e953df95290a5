package proxyengine

import (
	"strings"
	"unicode"

	"github.com/tidwall/gjson"
	"golang.org/x/text/unicode/norm"
)

// echo looks for a text in what a client has sent in pieces, which an upstream may join and quote: by letters and digits alone,
// whatever stands between them, and in whatever script they are drawn.
type echo struct {
	want string
	// back is, for each beginning of want, how long the longest shorter one is that it ends with.
	back []int
	met  int // how much of want the pieces end with
}

func newEcho(text string) *echo {
	e := &echo{want: strings.Map(func(r rune) rune {
		if !counts(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, text)}
	e.back = make([]int, len(e.want)+1)
	for i := 1; i < len(e.want); i++ {
		e.back[i+1] = e.after(e.back[i], e.want[i])
	}
	return e
}

// after is how much is met once c follows what was met.
func (e *echo) after(met int, c byte) int {
	for met > 0 && (met == len(e.want) || e.want[met] != c) {
		met = e.back[met]
	}
	if met < len(e.want) && e.want[met] == c {
		met++
	}
	return met
}

// heard takes the next piece and reports whether the text has come by. It copies little of it, for it may be long.
func (e *echo) heard(piece string) bool {
	var parts norm.Iter
	for parts.InitString(norm.NFKC, piece); !parts.Done(); {
		for _, r := range string(parts.Next()) {
			if !counts(r) {
				continue
			}
			for _, c := range []byte(string(unicode.ToLower(r))) {
				e.met = e.after(e.met, c)
			}
			if e.met == len(e.want) && e.met > 0 {
				return true
			}
		}
	}
	return false
}

func counts(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// heardIn reports whether the text comes by in the values of JSON, one after another. The names of members and what kind a part is
// of stand between the pieces, and are no part of them.
func (e *echo) heardIn(v gjson.Result, depth int) (heard bool) {
	if !v.IsObject() && !v.IsArray() {
		return v.Type == gjson.String && e.heard(v.String())
	}
	v.ForEach(func(name, value gjson.Result) bool {
		if kind := name.String(); v.IsArray() || kind != "type" && kind != "role" {
			heard = depth > 0 && e.heardIn(value, depth-1)
		}
		return !heard
	})
	return heard
}
