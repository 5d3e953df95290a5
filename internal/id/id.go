// Package id makes the names of things that have no better one. They sort by the time they were made at.
package id

import (
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// Len is the length of an id without its prefix.
const Len = ulid.EncodedSize

// New gives an id such as "req_01k9w3x4y5z6a7b8c9d0e1f2g3". It is safe for concurrent use.
func New(prefix string, at time.Time) string {
	u := ulid.MustNew(ulid.Timestamp(at), ulid.DefaultEntropy())
	var text [Len]byte
	_ = u.MarshalTextTo(text[:]) // fails only for a wrong length
	for i, c := range text {
		if 'A' <= c && c <= 'Z' {
			text[i] = c + 'a' - 'A'
		}
	}
	return prefix + "_" + string(text[:])
}

// Time is when an id was made, to the millisecond. ok is false when text is not an id.
func Time(text string) (at time.Time, ok bool) {
	_, rest, found := strings.Cut(text, "_")
	if !found || len(rest) != Len {
		return time.Time{}, false
	}
	u, err := ulid.ParseStrict(strings.ToUpper(rest))
	if err != nil {
		return time.Time{}, false
	}
	return u.Timestamp(), true
}
