package simulator

import (
	"errors"
	"time"

	"crs/lab/simulator/provider"
)

// sender puts one answer on the wire the way its step wants it.
type sender struct {
	conn            *conn
	http10, closing bool // the client does not know chunks; it wants the connection closed afterwards
	call            *provider.Call
	step            *provider.Step

	buf     []byte // not written yet
	framing framing
	content int  // content events sent
	stalled bool // the stall is over
	spoilt  bool // what was sent is no complete success
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
func (o *sender) run(r *provider.Reply) error {
	if err := o.prelude(); err != nil {
		return err
	}
	o.spoilt = r.Status >= 400
	if o.step.Verb == provider.DoGarbage && o.step.Word == "html" {
		o.spoilt = true
		r = &provider.Reply{Status: 200, Content: "text/html; charset=utf-8", Body: []byte(provider.Page)}
	}
	if r.Stream != nil {
		return o.stream(r)
	}
	return o.whole(r)
}

// prelude does what a step does before the status line.
func (o *sender) prelude() error {
	switch o.step.Verb {
	case provider.DoSlow:
		return o.conn.await(o.step.Wait)
	case provider.DoRefuse:
		return errBroken
	case provider.DoReset:
		if o.step.After == provider.NotGiven {
			return o.breakOff()
		}
	case provider.DoGarbage:
		if o.step.Word == "" {
			o.buf = append(o.buf, noise...)
			return o.breakOff()
		}
	}
	return nil
}

// whole sends an answer that is no stream.
func (o *sender) whole(r *provider.Reply) error {
	body := o.encodeWhole(r.Body)
	o.head(r, len(body))
	if o.call.Method == "HEAD" {
		return nil
	}
	switch o.step.Verb {
	case provider.DoStall:
		if err := o.pause(o.step.Wait); err != nil {
			return err
		}
	case provider.DoCut, provider.DoReset:
		if o.step.After != 0 {
			o.frame(body[:len(body)/2])
		}
		return o.breakOff()
	}
	if err := o.put(body); err != nil {
		return err
	}
	return o.finish()
}

func (o *sender) stream(r *provider.Reply) error {
	o.head(r, -1)
	var err error
	for e := range r.Stream {
		if err = o.event(e); err != nil {
			break
		}
	}
	if err == nil {
		err = o.strike(nil)
	}
	if err != nil && !errors.Is(err, errEnded) {
		return err
	}
	o.spoilt = o.spoilt || err != nil
	return o.finish()
}

// event sends the next event of a stream. An error means that nothing more is wanted.
func (o *sender) event(e provider.Event) error {
	o.spoilt = o.spoilt || e.Spoilt
	if err := o.strike(e.Text); err != nil {
		return err
	}
	if err := o.next(e.Text); err != nil {
		return err
	}
	o.call.Sent++
	if e.Content {
		o.content++
	}
	return nil
}

func (o *sender) next(p []byte) error {
	if o.step.Gap > 0 && o.call.Sent > 0 {
		if err := o.pause(o.step.Gap); err != nil {
			return err
		}
	}
	if o.step.Verb == provider.DoGarbage {
		o.frame(append(p[:len(p)/2:len(p)/2], "\n\n"...))
		return errEnded
	}
	return o.put(o.encode(p))
}

// strike does what the step has in store at this point of a stream: before its next event or, when that is nil, at its end.
func (o *sender) strike(next []byte) error {
	after, sent, last := o.step.After, o.call.Sent, next == nil
	switch o.step.Verb {
	case provider.DoStall:
		if !o.stalled && (last || sent >= after) {
			o.stalled = true
			return o.pause(o.step.Wait)
		}
	case provider.DoCut:
		if last || after == provider.NotGiven && o.content > 0 || after != provider.NotGiven && sent >= after {
			if o.call.Reply.Framed {
				o.frame(next[:len(next)/2]) // which an event of text does not need to be broken
			}
			return o.breakOff()
		}
	case provider.DoReset:
		if last || sent >= after {
			return o.breakOff()
		}
	case provider.DoError:
		if last || after == provider.NotGiven || o.content >= after && sent > 0 {
			o.frame(o.call.Reply.Trouble(o.step.Word))
			o.call.Sent++
			return errEnded
		}
	case provider.DoEmpty:
		return errEnded
	}
	return nil
}

// breakOff sends what there is and ends the answer there; the connection is closed without the end of the body.
func (o *sender) breakOff() error {
	if err := o.flush(); err != nil {
		return err
	}
	if o.step.Verb == provider.DoReset {
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
