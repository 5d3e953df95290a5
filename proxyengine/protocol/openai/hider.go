package openai

import (
	"bytes"

	"crs/internal/piecewise"
	"crs/internal/sse"
	"crs/proxyengine/provider"
)

// hider is a chatMeter that leaves out of the stream the event which the client did not ask for: the one that holds the
// figures and nothing else. Every other byte passes as it came.
type hider struct {
	*chatMeter
	contentType string
	pending     []byte // the event that has begun
	passing     bool   // it is too long to be held back: its beginning is out already
	left        bool   // an event was left out whose last line ended with CR: an LF that follows belongs to it
	out         []byte
	taken       bool // out has been given out
}

var _ provider.Transformer = (*hider)(nil)

// mostPending bounds what is held back, as the scanner's own bound does: of an event that is longer, not even the scanner knows
// what it is.
const mostPending = sse.DefaultMax

// Feed implements provider.Meter. The scanner gets one line at a time, so that it is known where an event ends.
func (h *hider) Feed(p []byte) {
	h.renew()
	for len(p) > 0 {
		n := bytes.IndexAny(p, "\r\n") + 1
		if n == 0 {
			n = len(p)
		}
		h.line(p[:n])
		p = p[n:]
	}
}

// line takes a line with its end, or a part of one.
func (h *hider) line(p []byte) {
	swallow := h.left && p[0] == '\n'
	h.left, h.usageOnly = false, false
	h.Scanner.Feed(p)
	if swallow {
		return
	}
	h.pending = append(h.pending, p...)
	switch ended := h.Scanner.AtBoundary(); {
	case h.usageOnly && !h.passing:
		h.left = p[len(p)-1] == '\r'
		h.pending = piecewise.Reusable(h.pending)
	case ended, len(h.pending) > mostPending:
		h.out = append(h.out, h.pending...)
		h.pending, h.passing = piecewise.Reusable(h.pending), !ended
	}
}

// renew empties what was given out.
func (h *hider) renew() {
	if h.taken {
		h.out, h.taken = piecewise.Reusable(h.out), false
	}
}

// AtBoundary implements provider.Meter: the client has whole events only.
func (h *hider) AtBoundary() bool { return !h.passing }

// Output implements provider.Transformer.
func (h *hider) Output() ([]byte, error) {
	h.renew()
	h.taken = true
	return h.out, nil
}

// Finish implements provider.Transformer. An event that lacks only the blank line behind it is whole enough to be judged.
func (h *hider) Finish() ([]byte, error) {
	h.renew()
	h.usageOnly = false
	if rest := h.Scanner.Close(); len(rest.Data) > 0 && !rest.Cut {
		h.event(rest.Event)
	}
	if !h.usageOnly || h.passing {
		h.out = append(h.out, h.pending...)
	}
	h.pending, h.taken = nil, true
	return h.out, nil
}

// Holds implements provider.Meter.
func (h *hider) Holds() int { return h.chatMeter.Holds() + cap(h.pending) + cap(h.out) }

// ContentType implements provider.Transformer.
func (h *hider) ContentType() string { return h.contentType }
