package model

import (
	"errors"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"crs/internal/bound"
)

// Place is where an upstream is told the name of a model or a deployment.
type Place uint8

// The places.
const (
	Body    Place = iota // in the body alone, where any name may stand; some are paths themselves
	Segment              // in a path, as one part of it
	Path                 // in a path, of which it may be several parts
)

// Check says what keeps a name of a model or a deployment from being said in a place: it must not lead to another one,
// however often somebody on the way decodes it. An empty name is none, which is not for this to say.
func Check(name string, at Place) error {
	switch {
	case len(name) > bound.Mapped:
		return errors.New("it is too long")
	case !utf8.ValidString(name):
		return errors.New("it is not UTF-8")
	}
	for range deepest {
		if err := checkPlain(name, at); err != nil {
			return err
		}
		plain, err := url.PathUnescape(name)
		if err != nil || plain == name {
			return nil
		}
		name = plain
	}
	return errors.New("it is percent-encoded again and again")
}

// deepest is how many times a name is decoded.
const deepest = 6

// lookalikes are what some servers take for a dot or a slash.
var lookalikes = strings.NewReplacer("．", ".", "․", ".", "‥", "..", "…", "...", "／", "/", "∕", "/", "⁄", "/", "＼", `\`, "﹨", `\`)

func checkPlain(name string, at Place) error {
	name = lookalikes.Replace(name)
	if strings.ContainsFunc(name, unprintable) {
		return errors.New("it holds a character that cannot be printed")
	}
	if at != Body {
		return checkPath(name, at)
	}
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '/' || r == '\\' }) {
		if strings.Contains(part, ".") && isDots(part) {
			return errors.New("a part of it is nothing but dots")
		}
	}
	return nil
}

func checkPath(name string, at Place) error {
	switch {
	case strings.ContainsAny(name, `?#\`):
		return errors.New(`it holds one of ? # \`)
	case at == Segment && strings.Contains(name, "/"):
		return errors.New("it holds a slash")
	case name == "":
		return nil
	}
	for part := range strings.SplitSeq(name, "/") {
		if isDots(part) {
			return errors.New("a part of it is empty, or nothing but dots")
		}
	}
	return nil
}

// isDots reports whether a part has nothing but dots and blanks before a ;, behind which some servers drop what stands there.
func isDots(part string) bool {
	part, _, _ = strings.Cut(part, ";")
	return strings.Trim(part, ". ") == ""
}

func unprintable(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// Escape puts a name into a path: everything that is not unreserved is escaped, slashes too.
func Escape(name string) string {
	const digits = "0123456789ABCDEF"
	out := make([]byte, 0, len(name)+8)
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~':
			out = append(out, c)
		default:
			out = append(out, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(out)
}
