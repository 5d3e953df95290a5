package scrub

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// view is a text as it reads once something was decoded in it.
type view struct {
	text string
	// at are where each byte of text begins in the original, and where the last one ends; nil when it is the original.
	at    []int
	depth int
}

func plainView(text string) view { return view{text: text} }

// cut notes a part of the view, in the original's bytes.
func (v *view) cut(cuts []cut, from, to int, word string) []cut {
	if v.at != nil {
		from, to = v.at[from], v.at[to]
	}
	return append(cuts, cut{from, to, word})
}

// unbroken is a text without its line breaks, and without what an event has at the beginning of each line.
func unbroken(text string) view {
	var joined strings.Builder
	at := make([]int, 0, len(text)+1)
	for i := 0; i < len(text); {
		if c := text[i]; c != '\r' && c != '\n' {
			joined.WriteByte(c)
			at = append(at, i)
			i++
			continue
		}
		rest := strings.TrimLeft(text[i:], "\r\n")
		if data, ok := strings.CutPrefix(rest, "data:"); ok {
			rest = strings.TrimPrefix(data, " ")
		}
		i = len(text) - len(rest)
	}
	return view{joined.String(), append(at, len(text)), 1}
}

// deepest is how often a text is decoded: an error is quoted in JSON in JSON, or in a URL's query in another's.
const deepest = 4

// decoded gives the text with one layer of percent-encoding, of JSON's or a page's escapes taken off; more is false when
// there is none.
func (v *view) decoded() (next view, more bool) {
	if v.depth == deepest || !strings.ContainsAny(v.text, `%\&`) {
		return view{}, false
	}
	text := make([]byte, 0, len(v.text))
	at := make([]int, 0, len(v.text)+1)
	for i := 0; i < len(v.text); {
		if c := v.text[i]; c != '%' && c != '\\' && c != '&' {
			text, at = append(text, c), append(at, v.origin(i))
			i++
			continue
		}
		what, n := decodeAt(v.text[i:])
		more = more || n > len(what)
		for range len(what) {
			at = append(at, v.origin(i))
		}
		text = append(text, what...)
		i += n
	}
	return view{string(text), append(at, v.origin(len(v.text))), v.depth + 1}, more
}

func (v *view) origin(i int) int {
	if v.at == nil {
		return i
	}
	return v.at[i]
}

// decodeAt gives what stands at the beginning of text, and in how many bytes.
func decodeAt(text string) (what string, n int) {
	switch text[0] {
	case '%':
		if c, ok := number(text, 1, 2); ok {
			return string([]byte{byte(c)}), 3
		}
	case '\\':
		return unescape(text)
	case '&':
		return entity(text)
	}
	return text[:1], 1
}

// number reads one of n hexadecimal digits.
func number(text string, from, n int) (c rune, ok bool) {
	if len(text) < from+n || !isHex(text[from]) {
		return 0, false
	}
	read, err := strconv.ParseUint(text[from:from+n], 16, 32)
	return rune(read), err == nil
}

// unescape reads an escape of JSON's, or of a programming language's.
func unescape(text string) (what string, n int) {
	if len(text) == 1 {
		return text, 1
	}
	switch text[1] {
	case 'u':
		if c, ok := number(text, 2, 4); ok {
			return string(c), 6
		}
	case 'x':
		if c, ok := number(text, 2, 2); ok {
			return string(c), 4
		}
	case 'n', 'r', 't', 'b', 'f':
		return " ", 2
	}
	if text[1] >= utf8.RuneSelf || wordy(text[1]) {
		return text[:1], 1
	}
	return text[1:2], 2
}

// entity reads a character as web pages escape it.
func entity(text string) (what string, n int) {
	end := strings.IndexByte(text[:min(len(text), len("&#1114111;"))], ';') + 1
	what = html.UnescapeString(text[:end])
	if end == 0 || utf8.RuneCountInString(what) != 1 {
		return text[:1], 1
	}
	return what, end
}
