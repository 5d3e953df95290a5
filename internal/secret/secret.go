// Package secret holds strings that must never reach a log, a message or a crash report by accident.
package secret

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// String is a token, password or key. Whatever formats, logs or marshals it gets "[redacted]" (or nothing, when it is
// empty); only Reveal gives the text, so that every use can be found by that name. The zero value is the empty secret.
type String struct{ text string }

// New wraps text.
func New(text string) String { return String{text} }

// Reveal gives the text. The caller answers for where it goes.
func (s String) Reveal() string { return s.text }

// Empty reports whether there is no text.
func (s String) Empty() bool { return s.text == "" }

// Equal compares in constant time.
func (s String) Equal(other String) bool {
	return subtle.ConstantTimeCompare([]byte(s.text), []byte(other.text)) == 1
}

// String gives the redacted form.
func (s String) String() string {
	if s.text == "" {
		return ""
	}
	return redacted
}

// Format covers every verb: %#v and %x must not show what %s hides.
func (s String) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// LogValue redacts in slog.
func (s String) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText redacts in JSON, TOML and anything else that marshals. Storing a secret takes Reveal and a seal.
func (s String) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a secret from a document that an operator wrote.
func (s *String) UnmarshalText(b []byte) error {
	s.text = string(b)
	return nil
}
