package provider

import (
	"bytes"
	"encoding/json"

	"crs/internal/bound"
	"crs/internal/jsonscan"
	"crs/internal/sse"
)

const (
	// BytesPerToken is about how long a token's text is.
	BytesPerToken = 4
	// MostRaw is the largest usage object that goes into the ledger.
	MostRaw = 16 << 10
	// mostName is longer than any name that an upstream gives.
	mostName = 1 << 10
)

// Tally is what has been counted of an answer so far.
type Tally struct {
	Count  Count
	Output int64 // bytes of text that came by, for what the figures do not count
	told   bool  // the upstream has counted its output
	upTo   int64 // as far as this
}

// Told takes note that the upstream has counted all that came by.
func (t *Tally) Told() { t.told, t.upTo = true, t.Output }

// End gives the count; raw is what the upstream said of it. Output that the upstream has not counted is counted by what came of it.
func (t *Tally) End(complete bool, raw []byte) Count {
	c := t.Count
	c.Complete = complete && c.Seen
	if more := (t.Output - t.upTo) / BytesPerToken; t.told {
		c.Tokens.Output += more
		c.Guessed = c.Guessed || more > 0
	} else {
		c.Tokens.Output = max(c.Tokens.Output, more)
		c.Guessed = c.Guessed || t.Output > 0
	}
	if odd(raw) {
		c.Question("the usage has figures that are no whole numbers: one with a fraction is rounded up, a negative one is nothing")
	}
	c.Raw = ledgerLine(raw)
	return c
}

// ledgerLine is what an upstream said, fit for a ledger's line.
func ledgerLine(text []byte) json.RawMessage {
	if len(text) == 0 || !json.Valid(text) {
		return nil
	}
	if bytes.ContainsAny(text, "\r\n") {
		var compact bytes.Buffer
		_ = json.Compact(&compact, text) // it is valid
		return compact.Bytes()
	}
	return bytes.Clone(text)
}

// TakeName keeps a text, and costs nothing when it is the same as before.
func TakeName(s *string, raw []byte) {
	if len(raw) == 0 || len(raw) > mostName || *s != "" && jsonscan.Equal(raw, *s) {
		return
	}
	if fresh, ok := jsonscan.String(raw); ok && fresh != "" {
		*s = fresh
	}
}

// Word is a short text that a client sends, such as the name of a tier; "" for anything else.
func Word(raw []byte) string {
	if len(raw) > bound.ID {
		return ""
	}
	word, _ := jsonscan.String(raw)
	return word
}

// TakeFigure keeps a count, unless it is none or zero, which says nothing. It is false for what is none.
func TakeFigure(n *int64, raw []byte) bool {
	fresh, ok := NearFigure(raw)
	if ok && fresh > 0 {
		*n = fresh
	}
	return ok
}

// StreamMeter is what the meters of streams of events have in common. Set Scanner.On, which looks at each event and sets the rest.
type StreamMeter struct {
	Scanner sse.Scanner
	Begun   bool   // content has come by
	Stopped bool   // the stream said that it is complete
	Failed  []byte // the error that came inside
}

// Feed implements Meter.
func (m *StreamMeter) Feed(p []byte) { m.Scanner.Feed(p) }

// Forget implements Meter.
func (m *StreamMeter) Forget() { m.Scanner.Forget() }

// HasContent implements Meter.
func (m *StreamMeter) HasContent() bool { return m.Begun }

// Failure implements Meter.
func (m *StreamMeter) Failure() []byte { return m.Failed }

// Complete implements Meter.
func (m *StreamMeter) Complete() bool { return m.Stopped }

// AtBoundary implements Meter.
func (m *StreamMeter) AtBoundary() bool { return m.Scanner.AtBoundary() }

// Fail keeps the first error of a stream.
func (m *StreamMeter) Fail(data []byte) {
	if m.Failed == nil {
		m.Failed = bytes.Clone(data)
	}
}

// Close looks at what the stream ended with, and gives what was cut of an event. Some gateways leave the last blank line out.
func (m *StreamMeter) Close() (cut sse.Event) {
	rest := m.Scanner.Close()
	if rest.Cut {
		return rest.Event
	}
	if len(rest.Data) > 0 {
		m.Scanner.On(rest.Event)
	}
	return sse.Event{}
}

// OnePiece is what the meters of answers in one JSON object have in common.
type OnePiece struct{}

// HasContent implements Meter: such an answer has begun when it is whole.
func (OnePiece) HasContent() bool { return true }

// AtBoundary implements Meter: nothing can be added to a JSON object.
func (OnePiece) AtBoundary() bool { return false }
