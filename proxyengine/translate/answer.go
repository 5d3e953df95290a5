package translate

import (
	"bytes"
	"errors"
	"time"

	"crs/internal/piecewise"
	"crs/internal/sse"
	"crs/proxyengine/provider"
)

// decoder reads an answer in a target's protocol, and has an encoder write it.
type decoder interface {
	// event reads one event of a stream.
	event(data []byte) error
	// whole reads an answer that is one object.
	whole(v value) error
	// done is the end of a stream.
	done() error
}

// encoder writes an answer in a client's protocol. It gets texts that it must not keep.
type encoder interface {
	begin(h head)
	text(t text)
	think(t text)
	// seal ends a thought.
	seal(s seal)
	// call begins a call; args are parts of its arguments.
	call(id string, name, sign text)
	args(t text)
	picture(mime string, data text)
	// end ends the answer, as fail does. Nothing comes behind them.
	end(e ending)
	fail(f failure)
}

// head is what an answer says of itself at its begin.
type head struct {
	id      text
	model   text
	created int64 // 0: not said
	used    tokens
}

// ending is how an answer ended.
type ending struct {
	stop     stop
	sequence text // that ended it, nil when not known
	used     tokens
}

type stop uint8

const (
	atEnd stop = iota
	atLimit
	atSequence
	forCalls
	refused
)

// tokens is what an answer used. input is without what was read from a cache or written to one.
type tokens struct{ input, cacheRead, cacheWrite, output, thought, searches int64 }

func (t tokens) prompt() int64 { return t.input + t.cacheRead + t.cacheWrite }

// failure is an error that came inside an answer.
type failure struct {
	kind    provider.FaultKind
	message text
}

// answer implements Answer.
type answer struct {
	w       *writer // what goes to the client; it has the caller's buffer while one is given
	emit    *emitter
	decoder decoder
	scanner sse.Scanner
	shape   shape
	body    []byte // an answer that is one object
	err     error
}

// shape is how the target answers. Some answer without a stream though one was asked for, so the first byte tells.
type shape uint8

const (
	unknown shape = iota
	stream
	whole
)

const (
	// most is the longest event, and the longest answer in one piece, that is translated. Pictures come in one event, and
	// the last event of a response repeats all of it.
	most = 64 << 20
)

var errCut = errors.New("the answer ended before its end")

// Answer implements Codec.
func (p Pair) Answer(client, _ *provider.Intent) Answer {
	now := p.Now
	if now == nil {
		now = time.Now
	}
	w := &writer{}
	a := &answer{w: w, emit: &emitter{encoder: p.encoder(client, w), model: client.Model, now: now, named: "call_"}}
	a.emit.gathers = !client.Stream
	if p.From == messages {
		a.emit.named, a.emit.own = "toolu_", true
	}
	a.decoder = p.decoder(a.emit)
	a.scanner = sse.Scanner{On: a.event, Max: most}
	return a
}

func (p Pair) encoder(client *provider.Intent, w *writer) encoder {
	switch {
	case p.From == chat && client.Stream:
		return &chatStream{chunks: chunks{w: w, figures: !client.HideUsage}}
	case p.From == chat:
		return &chatWhole{w: w}
	case p.From == completions && client.Stream:
		return &completionStream{chunks: chunks{w: w, figures: !client.HideUsage}}
	case p.From == completions:
		return &completionWhole{w: w}
	case client.Stream:
		return &messagesStream{w: w}
	}
	return &messagesWhole{w: w}
}

func (p Pair) decoder(v *emitter) decoder {
	switch p.To {
	case chat:
		return &fromChat{v: v, queue: callQueue{v: v}}
	case responses:
		return &fromResponses{v: v, queue: callQueue{v: v}}
	case generate:
		return &fromGenerate{v: v}
	}
	return &fromMessages{v: v}
}

// Feed implements Answer.
func (a *answer) Feed(dst, p []byte) ([]byte, error) {
	if a.shape == unknown {
		if p = bytes.TrimLeft(p, " \t\r\n"); len(p) == 0 {
			return dst, a.err
		}
		if a.shape = stream; p[0] == '{' || p[0] == '[' {
			a.shape = whole
		}
	}
	if a.shape == whole {
		if len(a.body)+len(p) > most {
			a.err = errors.New("the answer is too long to be translated")
		} else {
			a.body = piecewise.Append(a.body, p)
		}
		return dst, a.err
	}
	return a.write(dst, func() { a.scanner.Feed(p) })
}

// Holds implements Answer. What is kept whole is written once more at the end, and grows by doubling until then.
func (a *answer) Holds() int { return a.scanner.Holds() + 3*cap(a.body) + 3*a.emit.kept }

// Finish implements Answer. Some gateways leave the last blank line out.
func (a *answer) Finish(dst []byte) ([]byte, error) {
	return a.write(dst, func() {
		if a.shape == whole {
			a.fail(a.read())
			a.body = nil
			return
		}
		if rest := a.scanner.Close(); len(rest.Data) > 0 && !rest.Cut {
			a.event(rest.Event)
		}
		if a.err == nil && !a.emit.over {
			a.fail(a.decoder.done())
		}
	})
}

// write has the caller's buffer in place while work is done.
func (a *answer) write(dst []byte, work func()) ([]byte, error) {
	a.w.b = dst
	work()
	dst, a.w.b = a.w.b, nil
	return dst, a.err
}

func (a *answer) fail(err error) {
	if a.err == nil {
		a.err = err
	}
}

func (a *answer) event(e sse.Event) {
	if a.err != nil || a.emit.over {
		return
	}
	if e.Truncated {
		a.fail(errors.New("an event of the answer is too long to be translated"))
		return
	}
	a.emit.first(e.Data)
	a.fail(a.decoder.event(e.Data))
}

// read translates an answer in one piece. An array is what Gemini makes of a stream without alt=sse.
func (a *answer) read() error {
	a.emit.first(a.body)
	if a.body[0] != '[' {
		v, err := object(a.body)
		if err != nil {
			return err
		}
		return a.decoder.whole(v)
	}
	wrapper, err := object(append(append([]byte(`{"events":`), a.body...), '}'))
	if err != nil {
		return err
	}
	for _, v := range wrapper.get("events").items() {
		if !a.emit.over {
			if err := a.decoder.event(v); err != nil {
				return err
			}
		}
	}
	if a.emit.over {
		return nil
	}
	return a.decoder.done()
}
