package bedrock

import (
	"encoding/base64"
	"errors"
	"fmt"

	"crs/internal/jsonscan"
	"crs/internal/piecewise"
	"crs/internal/sse"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

// stream makes Anthropic's events of Bedrock's frames. The meter within counts what the client gets.
type stream struct {
	provider.Meter
	frames frames

	out     []byte
	taken   bool // Output has given out
	lost    bool // nobody took it, and it grew too large
	err     error
	decoded []byte
	changed []byte
}

var _ provider.Transformer = (*stream)(nil)

func newStream() *stream {
	s := &stream{Meter: anthropic.NewMeter(provider.Header{{Name: "content-type", Value: eventStream}})}
	s.frames.on = s.frame
	return s
}

const eventStream = "text/event-stream; charset=utf-8"

// ContentType implements provider.Transformer.
func (*stream) ContentType() string { return eventStream }

// Holds implements provider.Meter.
func (s *stream) Holds() int {
	return s.Meter.Holds() + cap(s.frames.rest) + cap(s.out) + cap(s.decoded) + cap(s.changed)
}

// Feed implements provider.Meter.
func (s *stream) Feed(p []byte) {
	if s.taken {
		s.out, s.taken = piecewise.Reusable(s.out), false
	}
	if s.err == nil {
		s.err = s.frames.feed(p)
	}
}

// Output implements provider.Transformer. Beside an error it gives the events that came before it.
func (s *stream) Output() ([]byte, error) {
	s.taken = true
	if s.lost {
		return nil, errors.New("the events were not taken")
	}
	return s.out, s.err
}

// Finish implements provider.Transformer.
func (s *stream) Finish() ([]byte, error) {
	switch {
	case s.err != nil:
		return nil, s.err
	case len(s.frames.rest) > 0:
		return nil, fmt.Errorf("%w: it ends within a frame", errFrame)
	case !s.Complete() && s.Failure() == nil:
		return nil, errors.New("the event stream ends without message_stop")
	}
	return nil, nil
}

// mostUntaken bounds what is kept for a client that has gone: the figures are still read, the events go nowhere.
const mostUntaken = 32 << 20

func (s *stream) frame(f frame) error {
	from := len(s.out)
	if err := s.append(f); err != nil {
		return err
	}
	s.Meter.Feed(s.out[from:])
	if s.lost = s.lost || len(s.out) > mostUntaken; s.lost {
		s.out = piecewise.Reusable(s.out)
	}
	return nil
}

func (s *stream) append(f frame) error {
	switch string(f.kind) {
	case "event":
		if string(f.event) != "chunk" {
			return nil // nothing else is Anthropic's
		}
		return s.chunk(f.payload)
	case "exception":
		message, _ := jsonscan.String(jsonscan.Get(f.payload, "message"))
		s.failure(string(f.exception), message)
	case "error":
		s.failure(string(f.code), string(f.message))
	}
	return nil
}

// chunk is {"bytes":"BASE64"}, of the data of one event.
func (s *stream) chunk(payload []byte) error {
	raw := jsonscan.Get(payload, "bytes")
	if len(raw) < 2 || raw[0] != '"' {
		return fmt.Errorf("%w: a chunk without bytes", errFrame)
	}
	text := raw[1 : len(raw)-1]
	if jsonscan.Escaped(text) { // a slash may be
		plain, _ := jsonscan.String(raw)
		text = []byte(plain)
	}
	var err error
	if s.decoded, err = base64.StdEncoding.AppendDecode(s.decoded[:0], text); err != nil {
		return fmt.Errorf("%w: the bytes of a chunk are not base64", errFrame)
	}
	err = s.event(s.decoded)
	s.decoded, s.changed = piecewise.Reusable(s.decoded), piecewise.Reusable(s.changed)
	return err
}

// event writes one event, by its type's name: all of it as it came, but for the model's name and Bedrock's own figures.
func (s *stream) event(data []byte) error {
	var kind, message, metrics jsonscan.Part
	err := jsonscan.Read(data, jsonscan.Want("type", &kind), jsonscan.Want("message", &message), jsonscan.Want(invocationMetrics, &metrics))
	if err != nil || len(kind.Raw) < 2 || kind.Raw[0] != '"' {
		return fmt.Errorf("%w: the bytes of a chunk are no event", errFrame)
	}
	switch {
	case message.Raw != nil:
		data = s.renamed(data, message.Get("model"))
	case metrics.Raw != nil:
		edits, _ := jsonscan.Without(data, invocationMetrics) // it has been read
		data = s.edited(data, edits...)
	}
	s.out = sse.AppendEvent(s.out, string(kind.Raw[1:len(kind.Raw)-1]), data)
	return nil
}

const invocationMetrics = "amazon-bedrock-invocationMetrics"

// renamed gives data with Anthropic's name in the place of Bedrock's.
func (s *stream) renamed(data []byte, model jsonscan.Part) []byte {
	id, ok := jsonscan.String(model.Raw)
	if !ok || plain(id) == id {
		return data
	}
	return s.edited(data, model.Replace(provider.Encode(plain(id))))
}

func (s *stream) edited(data []byte, edits ...jsonscan.Edit) []byte {
	s.changed = s.changed[:0]
	for _, part := range jsonscan.Apply(data, edits...) {
		s.changed = append(s.changed, part...)
	}
	return s.changed
}

// failure writes an error in Anthropic's words.
func (s *stream) failure(code, message string) {
	if message == "" {
		message = code
	}
	s.out = sse.AppendEvent(s.out, "error", anthropic.Error(errorType(code), message, ""))
}
