package simulator

import (
	"errors"
	"time"
)

// sender puts one answer on the wire the way its step wants it.
type sender struct {
	conn  *conn
	call  *call
	step  *step
	date  []byte // the Date field's line
	fault []byte // the error event of an error step

	buf     []byte // not written yet
	framing framing
	content int   // content events sent
	stalled bool  // the stall is over
	spoilt  bool  // what was sent is no complete success
	err     error // why the stream stopped
	encoding
}

// framing is how the client learns where the body ends.
type framing int

const (
	byLength framing = iota
	byChunks
	byClose
)

var (
	// errBroken means that the step broke the answer off: the connection must be closed as it is.
	errBroken = errors.New("the step breaks the answer off")
	// errEnded means that the step ends a stream early, but properly.
	errEnded = errors.New("the step ends the stream")
)

// flushAt is how much is collected before it is written, where nothing waits.
const flushAt = 16 << 10

// run puts r on the wire, all but what is left in the buffer: whoever calls settles the books before the client can
// have seen the end. An error means that nothing can follow.
func (o *sender) run(r *reply) error {
	if err := o.prelude(); err != nil {
		return err
	}
	o.spoilt = r.status >= 400
	if o.step.verb == vGarbage && o.step.word == "html" {
		o.spoilt = true
		r = &reply{status: 200, content: "text/html; charset=utf-8", body: []byte(page)}
	}
	if r.stream != nil {
		return o.stream(r)
	}
	return o.whole(r)
}

// prelude does what a step does before the status line.
func (o *sender) prelude() error {
	switch o.step.verb {
	case vSlow:
		return o.conn.await(o.step.wait)
	case vRefuse:
		return errBroken
	case vReset:
		if o.step.after == notGiven {
			return o.breakOff()
		}
	case vGarbage:
		if o.step.word == "" {
			o.buf = append(o.buf, noise...)
			return o.breakOff()
		}
	}
	return nil
}

// whole sends an answer that is no stream.
func (o *sender) whole(r *reply) error {
	body := o.encodeWhole(r.body)
	o.head(r, len(body))
	if string(o.call.method) == "HEAD" {
		return nil
	}
	switch o.step.verb {
	case vStall:
		if err := o.pause(o.step.wait); err != nil {
			return err
		}
	case vCut, vReset:
		if o.step.after != 0 {
			o.frame(body[:len(body)/2])
		}
		return o.breakOff()
	}
	if err := o.put(body); err != nil {
		return err
	}
	return o.finish()
}

func (o *sender) stream(r *reply) error {
	o.head(r, -1)
	r.stream.events(o)
	if o.err == nil {
		o.err = o.strike(nil)
	}
	if o.err != nil && !errors.Is(o.err, errEnded) {
		return o.err
	}
	o.spoilt = o.spoilt || o.err != nil
	return o.finish()
}

// event sends the next event of a stream; content says whether it carries content, which "after" of an error counts.
// False means that nothing more is wanted.
func (o *sender) event(p []byte, content bool) bool {
	if o.err = o.strike(p); o.err == nil {
		o.err = o.next(p)
	}
	if o.err != nil {
		return false
	}
	o.call.sent.events++
	if content {
		o.content++
	}
	return true
}

func (o *sender) next(p []byte) error {
	if o.step.gap > 0 && o.call.sent.events > 0 {
		if err := o.pause(o.step.gap); err != nil {
			return err
		}
	}
	if o.step.verb == vGarbage {
		o.frame(append(p[:len(p)/2:len(p)/2], "\n\n"...))
		return errEnded
	}
	return o.put(o.encode(p))
}

// strike does what the step has in store at this point of a stream: before its next event or, when that is nil, at its end.
func (o *sender) strike(next []byte) error {
	after, sent, last := o.step.after, o.call.sent.events, next == nil
	switch o.step.verb {
	case vStall:
		if !o.stalled && (last || sent >= after) {
			o.stalled = true
			return o.pause(o.step.wait)
		}
	case vCut:
		if last || after == notGiven && o.content > 0 || after != notGiven && sent >= after {
			if o.call.reply.framed {
				o.frame(next[:len(next)/2]) // which an event of text does not need to be broken
			}
			return o.breakOff()
		}
	case vReset:
		if last || sent >= after {
			return o.breakOff()
		}
	case vError:
		if last || after == notGiven || o.content >= after && sent > 0 {
			o.frame(o.fault)
			o.call.sent.events++
			return errEnded
		}
	case vEmpty:
		return errEnded
	}
	return nil
}

// breakOff sends what there is and ends the answer there; the connection is closed without the end of the body.
func (o *sender) breakOff() error {
	if err := o.flush(); err != nil {
		return err
	}
	if o.step.verb == vReset {
		o.conn.reset()
	}
	return errBroken
}

func (o *sender) pause(d time.Duration) error {
	if err := o.flush(); err != nil {
		return err
	}
	return o.conn.await(d)
}

func (o *sender) flush() error {
	if len(o.buf) == 0 {
		return nil
	}
	_, err := o.conn.Conn.Write(o.buf)
	o.buf = o.buf[:0]
	return err
}

// noise is no HTTP: the beginning of a TLS alert, as from a port that speaks something else.
const noise = "\x15\x03\x01\x00\x02\x02\x28 this is not HTTP\r\n\r\n"

// page is what gateways and captive portals answer instead of JSON.
const page = "<!DOCTYPE html>\n<html><head><title>Just a moment...</title></head>" +
	"<body><h1>Checking your browser</h1><p>This is not the API.</p></body></html>\n"
