package gemini

import (
	"bytes"
	"errors"

	"crs/internal/piecewise"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
)

// reshaped is an answer of one API for a client of the other: every object of it is wrapped, or unwrapped. Errors look the
// same in both.
type reshaped struct {
	*gemini.Meter
	shape func(dst []byte, o *gemini.Object) []byte

	out    []byte
	one    []byte // an object in its new shape
	count  int    // of objects
	taken  bool   // Output has given out
	broken bool
	lost   bool // nobody took it, and it grew too large
}

var _ provider.Transformer = (*reshaped)(nil)

func newReshaped(m *gemini.Meter, shape func([]byte, *gemini.Object) []byte) *reshaped {
	r := &reshaped{Meter: m, shape: shape}
	m.On = r.object
	return r
}

// wrapped puts an answer into Code Assist's wrapper.
func wrapped(dst []byte, o *gemini.Object) []byte {
	dst = append(dst, `{"response":`...)
	return append(append(dst, o.Data...), '}')
}

// unwrapped takes it off. An object without an answer in it says something that only Code Assist's clients know.
func unwrapped(dst []byte, o *gemini.Object) []byte {
	if o.Response == nil && bytes.Contains(o.Data, []byte(`"candidates"`)) {
		return append(dst, o.Data...) // a gateway has taken it off already
	}
	return append(dst, o.Response...)
}

// ContentType implements provider.Transformer.
func (r *reshaped) ContentType() string {
	if r.Events() {
		return "text/event-stream"
	}
	return "application/json; charset=UTF-8"
}

// Holds implements provider.Meter.
func (r *reshaped) Holds() int { return r.Meter.Holds() + cap(r.out) + cap(r.one) }

// Feed implements provider.Meter.
func (r *reshaped) Feed(p []byte) {
	if r.taken {
		r.out, r.taken = piecewise.Reusable(r.out), false
	}
	r.Meter.Feed(p)
}

func (r *reshaped) object(o gemini.Object) {
	switch r.one = r.one[:0]; {
	case o.Broken:
		r.broken = true
	case o.Failed:
		r.one = append(r.one, o.Data...)
	default:
		r.one = r.shape(r.one, &o)
	}
	if !r.broken && len(r.one) > 0 {
		r.add(r.one)
	}
	if r.one = piecewise.Reusable(r.one); len(r.out) > mostUntaken {
		r.lost, r.out = true, nil
	}
}

// mostUntaken bounds what is kept for a client that has gone: the figures are still read, the objects go nowhere.
const mostUntaken = 2 * gemini.Largest

// add writes an object as the answer has them: an event, an element of an array, or the whole.
func (r *reshaped) add(object []byte) {
	switch {
	case r.Events():
		r.out = appendEvent(r.out, object)
		return
	case r.Array() && r.count == 0:
		r.out = append(r.out, '[')
	case r.Array():
		r.out = append(r.out, ",\r\n"...)
	}
	r.count++
	r.out = append(r.out, object...)
}

// appendEvent writes an event that ends as Google's own do: some of Google's libraries take a blank line of another kind for
// the end of all that came before it. A line break in JSON is white space, and is left out.
func appendEvent(dst, object []byte) []byte {
	dst = append(dst, "data: "...)
	for {
		end := bytes.IndexAny(object, "\r\n")
		if end < 0 {
			return append(append(dst, object...), "\r\n\r\n"...)
		}
		dst = append(dst, object[:end]...)
		object = object[end+1:]
	}
}

// Output implements provider.Transformer. Beside an error it gives what came before it.
func (r *reshaped) Output() ([]byte, error) {
	r.taken = true
	switch {
	case r.lost:
		return nil, errors.New("the answer was not taken")
	case r.broken:
		return r.out, errors.New("what the upstream sent is no answer")
	}
	return r.out, nil
}

// Finish implements provider.Transformer.
func (r *reshaped) Finish() ([]byte, error) {
	r.out, r.taken = piecewise.Reusable(r.out), true
	switch whole := r.Close(); {
	case !whole, r.broken:
		return r.out, errors.New("the answer ends within an object")
	case r.Events() && !r.Complete() && r.Failure() == nil:
		return r.out, errors.New("the stream ends before the answer does")
	case r.Array() && r.count == 0:
		r.out = append(r.out, "[]"...)
	case r.Array():
		r.out = append(r.out, ']')
	}
	return r.out, nil
}
