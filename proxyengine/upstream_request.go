package proxyengine

import (
	"fmt"

	"crs/internal/piecewise"
	"crs/proxyengine/provider"
	"crs/proxyengine/translate"
)

// upstreamRequest is the client's request in the words of an account's own service: the request itself, or a translation.
type upstreamRequest struct {
	in    *provider.Inbound
	want  *provider.Intent
	codec translate.Codec // nil when nothing was translated
}

// translate puts the request into words that the account's platform understands.
func (x *exchange) translate(got *attempt) error {
	facts := x.e.platforms[got.acc.Platform]
	to, translated := facts.Translation(got.acc, x.route.service, x.intent.Model)
	if !translated {
		got.in, got.want = &x.in, &x.intent
		return nil
	}
	codec, ok := translate.Find(x.route.Service, to.To)
	if !ok {
		return fmt.Errorf("%s cannot be translated to %s", x.route.Service, to.To)
	}
	needs, err := x.translating(codec)
	if err != nil {
		return err
	}
	err = x.heavily(func() (err error) {
		got.in, got.want, err = codec.Request(&x.in, &x.intent, got.acc.Upstream(x.intent.Model))
		return err
	})
	if err != nil {
		return err
	}
	got.codec = codec
	x.memory.give(forTranslation, needs-int64(cap(got.in.Body))) // what only the making of it took
	return nil
}

// meter has what the client gets translated back. Figures are taken from the account's own answer.
func (r *upstreamRequest) meter(own provider.Meter, client *provider.Intent) provider.Meter {
	if r.codec == nil {
		return own
	}
	t := &translated{Meter: own, answer: r.codec.Answer(client, r.want), stream: client.Stream}
	t.own, _ = own.(provider.Transformer)
	return t
}

// translated is a Meter that gives the client its own protocol's words.
type translated struct {
	provider.Meter
	own    provider.Transformer // the meter itself, when what it counts has another shape on the wire
	answer translate.Answer
	stream bool
	out    []byte
	err    error
}

// Feed implements provider.Meter.
func (t *translated) Feed(p []byte) {
	t.Meter.Feed(p)
	if t.own != nil {
		p, t.err = t.own.Output()
	}
	if t.err == nil {
		t.out, t.err = t.answer.Feed(t.out, p)
	}
}

// Holds implements provider.Meter.
func (t *translated) Holds() int { return t.Meter.Holds() + t.answer.Holds() + cap(t.out) }

// Output implements provider.Transformer.
func (t *translated) Output() ([]byte, error) {
	out := t.out
	t.out = piecewise.Reusable(t.out)
	return out, t.err
}

// Finish implements provider.Transformer.
func (t *translated) Finish() ([]byte, error) {
	t.out = t.out[:0]
	if t.own != nil {
		rest, err := t.own.Finish()
		if err != nil {
			return nil, err
		}
		if t.out, err = t.answer.Feed(t.out, rest); err != nil {
			return nil, err
		}
	}
	return t.answer.Finish(t.out)
}

// ContentType implements provider.Transformer.
func (t *translated) ContentType() string {
	if t.stream {
		return "text/event-stream; charset=utf-8"
	}
	return "application/json"
}
