package proxyengine

import (
	"errors"
	"io"
	"time"

	"crs/proxyengine/provider"
	"crs/proxyengine/scrub"
	"crs/proxyengine/upstream"
)

// prefetched is a good answer: its beginning, which the client has not seen yet, and what comes behind that. It owns the upstream's
// answer, and whoever has it must drop or close it.
type prefetched struct {
	metered
	answer *upstream.Answer
	stream bool // of events
	flows  bool // it is to be let go as it comes: a stream, of events or not

	buf       []byte
	bufWeight int64  // what buf takes of the budget
	rest      []byte // what came behind buf and found no room there; valid until more is read
	whole     bool   // buf is the whole body
	shown     bool   // it has shown content
}

const (
	// holdUpTo bounds what is held back of a stream.
	holdUpTo = 64 << 10
	// wholeUpTo is up to which size an answer in JSON is read whole before the client sees any of it, so that one that
	// breaks off can be asked for elsewhere.
	wholeUpTo = 1 << 20
)

func (x *exchange) prefetch(got *attempt, answer *upstream.Answer) *prefetched {
	meter := got.meter(got.provider.Meter(got.want, got.acc, answer.Header), &x.intent)
	h := &prefetched{answer: answer, metered: metered{source: decoded(answer, &x.spot), x: x, meter: meter}}
	h.transformer, _ = meter.(provider.Transformer)
	h.stream = hasPrefixFold(h.contentType(), "text/event-stream")
	h.flows = h.stream || x.e.service(got.want.Service).Flows
	h.filter = x.newAnswerFilter(got.acc, h)
	answer.SetIdle(clocks(x.settings, got.want.Stream, 0).FirstByte)
	return h
}

// contentType is that of what the client gets.
func (h *prefetched) contentType() string {
	if h.transformer != nil {
		return h.transformer.ContentType()
	}
	return h.answer.Header.Get("content-type")
}

// read fills buf until the answer shows content, or is whole, or has been held back for long enough.
func (h *prefetched) read() error {
	if hasPrefixFold(h.answer.Header.Get("content-type"), "text/html") {
		return errWebPage
	}
	if !readable(h.answer.Header.Get("content-encoding")) {
		return errCoding
	}
	if h.flows {
		return h.readStream()
	}
	return h.readWhole()
}

// readStream holds a stream back while it says nothing: message_start and pings are no content.
func (h *prefetched) readStream() error {
	deadline := time.Time{}
	for !h.shown && h.meter.Failure() == nil && len(h.buf) < holdUpTo {
		err := h.next()
		if err == io.EOF {
			return h.streamEnded()
		}
		if err == errFull {
			break
		}
		if err != nil && !overdue(err, deadline) {
			return err
		}
		if h.shown = h.meter.HasContent(); deadline.IsZero() {
			deadline = time.Now().Add(h.x.settings.Hold)
		}
		left := time.Until(deadline)
		if left <= 0 {
			break
		}
		h.answer.SetIdle(min(left, h.x.settings.Idle))
	}
	h.answer.SetIdle(h.x.settings.Idle)
	return nil
}

// streamEnded is about one that ended before it was let go.
func (h *prefetched) streamEnded() error {
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
func (h *prefetched) readWhole() error {
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
		h.answer.SetIdle(h.x.settings.Idle)
	}
	h.shown = true
	return nil
}

// check refuses what no client could read.
func (h *prefetched) check() error {
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
func (h *prefetched) next() error {
	b, err := h.Next()
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
func (h *prefetched) clear(protocol string, words *scrub.Scrubber, fails bool) {
	switch {
	case h.flows:
	case !h.whole:
		h.filter.watch(answersSoFar(protocol, h.buf[:min(len(h.buf), lightAnswer)]))
	case fails:
		h.inSlowLane(func() { h.buf = append(h.buf[:0], words.Body(h.buf)...) })
	default:
		h.inSlowLane(func() { h.buf = append(h.buf[:0], h.filter.cleared(h.buf)...) })
	}
}

// inSlowLane does a piece of work on what is held in the slow lane, if that is much.
func (h *prefetched) inSlowLane(work func()) { h.x.spot.work(len(h.buf) > lightAnswer, work) }

// letGo gives a part of what was held back as the client gets it.
func (h *prefetched) letGo(part []byte) []byte {
	if c := h.filter; !h.whole && !h.flows && c != nil && c.long != nil {
		h.inSlowLane(func() { part = c.long.feed(part) })
	}
	return part
}

// answers reports whether an answer that is whole has what one in the client's protocol has.
func (h *prefetched) answers(protocol string) bool {
	return !h.whole || h.flows || answers(protocol, h.buf)
}

// grow makes room for n bytes more, if there is any: what cannot be held back is passed on as it comes.
func (h *prefetched) grow(n int) bool {
	if n > wholeUpTo {
		return false
	}
	room := int(min(max(h.answer.Length, smallest), wholeUpTo))
	size := max(room, 2*cap(h.buf), len(h.buf)+n)
	takes := sizeOf(int64(size))
	if takes > smallAnswer && !h.x.memory.try(forAnswer, takes) {
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
	h.buf, h.bufWeight = grown, takes
	return true
}

// drop gives everything back, for an answer that the client will not see.
func (h *prefetched) drop() {
	h.answer.Abort()
	h.x.spot.Leave()
	h.free()
	h.x.memory.drop(forAnswer)
}

// close gives everything back once the client has it.
func (h *prefetched) close() {
	h.free()
	h.answer.Close()
}

// free gives the buffer back.
func (h *prefetched) free() {
	putBuffer(h.buf)
	if h.buf = nil; h.bufWeight > 0 {
		h.x.memory.give(forAnswer, h.bufWeight)
		h.bufWeight = 0
	}
}
