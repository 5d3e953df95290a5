package proxyengine

import (
	"errors"
	"io"
	"time"

	"crs/proxyengine/provider"
	"crs/proxyengine/scrub"
	"crs/proxyengine/upstream"
)

// held is the beginning of an answer that the client has not seen yet.
type held struct {
	answer *upstream.Answer
	src    metered
	meter  provider.Meter
	first  time.Duration // clock for the first byte of the body
	idle   time.Duration
	hold   time.Duration
	stream bool // of events
	flows  bool // it is to be let go as it comes: a stream, of events or not
	room   int  // for the first buffer

	buf     []byte
	weighed int64  // what buf takes of the budget
	rest    []byte // what came behind buf and found no room there; valid until more is read
	whole   bool   // buf is the whole body
	shown   bool   // it has shown content
}

const (
	// holdUpTo bounds what is held back of a stream.
	holdUpTo = 64 << 10
	// wholeUpTo is up to which size an answer in JSON is read whole before the client sees any of it, so that one that
	// breaks off can be asked for elsewhere.
	wholeUpTo = 1 << 20
)

func (x *exchange) newHeld(answer *upstream.Answer, meter provider.Meter, first time.Duration) *held {
	s := x.settings
	h := &held{
		answer: answer, src: metered{source: decoded(answer, &x.spot), x: x, meter: meter}, meter: meter, first: first, idle: s.Idle, hold: s.Hold,
		room: int(min(max(answer.Length, smallest), wholeUpTo)),
	}
	h.src.reshaper, _ = meter.(provider.Transformer)
	h.stream = hasPrefixFold(h.contentType(), "text/event-stream")
	h.flows = h.stream
	return h
}

// contentType is that of what the client gets.
func (h *held) contentType() string {
	if h.src.reshaper != nil {
		return h.src.reshaper.ContentType()
	}
	return h.answer.Header.Get("content-type")
}

// read fills buf until the answer shows content, or is whole, or has been held back for long enough.
func (h *held) read() error {
	if hasPrefixFold(h.answer.Header.Get("content-type"), "text/html") {
		return errWebPage
	}
	if !readable(h.answer.Header.Get("content-encoding")) {
		return errCoding
	}
	h.answer.SetIdle(h.first)
	if h.flows {
		return h.readStream()
	}
	return h.readWhole()
}

// readStream holds a stream back while it says nothing: message_start and pings are no content.
func (h *held) readStream() error {
	deadline := time.Time{}
	for !h.shown && h.meter.Failure() == nil && len(h.buf) < holdUpTo {
		err := h.next()
		if err == io.EOF {
			return h.end()
		}
		if err == errFull {
			break
		}
		if err != nil && !overdue(err, deadline) {
			return err
		}
		if h.shown = h.meter.HasContent(); deadline.IsZero() {
			deadline = time.Now().Add(h.hold)
		}
		left := time.Until(deadline)
		if left <= 0 {
			break
		}
		h.answer.SetIdle(min(left, h.idle))
	}
	h.answer.SetIdle(h.idle)
	return nil
}

// end is a stream that ended before it was let go.
func (h *held) end() error {
	if h.whole = h.meter.HasContent() || h.meter.Failure() != nil; !h.whole {
		return errEmpty
	}
	return nil
}

// overdue reports whether an error only means that the time to hold back is over.
func overdue(err error, deadline time.Time) bool {
	var e *upstream.Error
	return errors.As(err, &e) && e.Timeout && !deadline.IsZero() && !time.Now().Before(deadline)
}

// readWhole reads an answer in JSON to its end, unless it is large.
func (h *held) readWhole() error {
	for len(h.buf) < wholeUpTo {
		err := h.next()
		if err == io.EOF {
			h.whole = true
			return h.check()
		}
		if err == errFull {
			break
		}
		if err != nil {
			return err
		}
		h.answer.SetIdle(h.idle)
	}
	h.shown = true
	return nil
}

// check refuses what no client could read.
func (h *held) check() error {
	switch {
	case len(h.buf) == 0:
		return errEmpty
	case h.meter.Failure() == nil && !h.meter.Complete():
		return errNoJSON
	}
	return nil
}

// errFull means that nothing more can be held back.
var errFull = errors.New("no room to hold more of the answer back")

// next appends what comes next to buf.
func (h *held) next() error {
	b, err := h.src.Next()
	if err != nil {
		return err
	}
	if len(b) == 0 {
		return nil
	}
	if len(h.buf)+len(b) > cap(h.buf) && !h.grow(len(b)) {
		h.rest = b
		return errFull
	}
	h.buf = append(h.buf, b...)
	return nil
}

// clear takes what is the operator's out of an answer that is no stream, which has been cleared already. One that is too long to be
// held is looked at as it goes out.
func (h *held) clear(protocol string, words *scrub.Scrubber, fails bool) {
	switch {
	case h.flows:
	case !h.whole:
		h.src.clearing.watch(answersSoFar(protocol, h.buf[:min(len(h.buf), lightAnswer)]))
	case fails:
		h.inLane(func() { h.buf = append(h.buf[:0], words.Body(h.buf)...) })
	default:
		h.inLane(func() { h.buf = append(h.buf[:0], h.src.clearing.cleared(h.buf)...) })
	}
}

// inLane does a piece of work on what is held in the lane, if that is much.
func (h *held) inLane(work func()) {
	if len(h.buf) > lightAnswer {
		h.src.x.spot.Enter()
		defer h.src.x.spot.Leave()
	}
	work()
}

// letGo gives a part of what was held back as the client gets it.
func (h *held) letGo(part []byte) []byte {
	if c := h.src.clearing; !h.whole && !h.flows && c != nil && c.guard != nil {
		h.inLane(func() { part = c.guard.feed(part) })
	}
	return part
}

// answers reports whether an answer that is whole has what one in the client's protocol has.
func (h *held) answers(protocol string) bool { return !h.whole || h.flows || answers(protocol, h.buf) }

// grow makes room for n bytes more, if there is any: what cannot be held back is passed on as it comes.
func (h *held) grow(n int) bool {
	if n > wholeUpTo {
		return false
	}
	size := max(h.room, 2*cap(h.buf), len(h.buf)+n)
	takes := sizeOf(int64(size))
	if takes > smallAnswer && !h.src.x.weight.try(forAnswer, takes) {
		if size = len(h.buf) + n; h.buf != nil || size > smallAnswer {
			return false
		}
		takes = sizeOf(int64(size))
	}
	if takes <= smallAnswer {
		takes = 0
	}
	grown := append(getBuffer(size), h.buf...)
	h.free()
	h.buf, h.weighed = grown, takes
	return true
}

// drop gives everything back, for an answer that the client will not see.
func (h *held) drop() {
	h.answer.Abort()
	h.src.x.spot.Leave()
	h.free()
	h.src.x.weight.drop(forAnswer)
}

// free gives the buffer back.
func (h *held) free() {
	putBuffer(h.buf)
	if h.buf = nil; h.weighed > 0 {
		h.src.x.weight.give(forAnswer, h.weighed)
		h.weighed = 0
	}
}
