// Package bound says how long text from outside may be where crs keeps it, logs it, or says it again. What a client or an
// upstream sends is its own business on its way through; what stays behind has a size that is known beforehand.
package bound

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The most bytes of each kind of text.
const (
	Name     = 256      // a name that a client sends, of a model above all: a longer one is refused
	Session  = 64       // a conversation's name: a longer one is hashed
	Quote    = 64       // a client's text where a refusal quotes it
	Message  = 2000     // what a refusal says
	Log      = 1000     // text from outside in a line of the log
	Evidence = 1000     // what an upstream said, in a record
	ID       = 64       // ids and words of crs' own
	Mapped   = 2048     // what an operator calls a model upstream; ARNs are long
	Raw      = 16 << 10 // an upstream's own usage, in JSON
)

const ellipsis = "…"

// Cut gives text as it is when it is valid UTF-8 of at most so many bytes; else what is left of it, with an ellipsis where
// something was cut.
func Cut(text string, most int) string {
	if len(text) <= most {
		return strings.ToValidUTF8(text, "?")
	}
	end := most - len(ellipsis)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.ToValidUTF8(text[:end], "?") + ellipsis
}

// Short gives at most so many characters of text, with an ellipsis behind them where something was cut.
func Short(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + ellipsis
	}
	return text
}

// Quoted is a client's text as a refusal may repeat it: in quotes, its beginning only, and its length where that is not all.
func Quoted(text string) string {
	if len(text) <= Quote {
		return fmt.Sprintf("%q", text)
	}
	return fmt.Sprintf("%q (%d bytes)", Cut(text, Quote), len(text))
}
