package translate

import (
	"bytes"

	"crs/proxyengine/provider"
)

// fromMessages reads an answer in Anthropic's Messages: protocols.md, A.11 and I.2.
type fromMessages struct {
	v    *emitter
	used tokens
	stop stop
	cut  text // the stop sequence that ended it
	open openBlock
}

// openBlock is the block that is being read.
type openBlock struct {
	kind  string
	sign  []byte
	input []byte // as it stood in the block's start
	args  bool   // some have come since
}

// event implements decoder.
func (s *fromMessages) event(data []byte) error {
	v, err := object(data)
	if err != nil {
		return err
	}
	switch string(v.get("type").text()) {
	case "message_start":
		s.start(v.get("message"))
	case "content_block_start":
		s.begin(v.get("content_block"))
	case "content_block_delta":
		s.delta(v.get("delta"))
	case "content_block_stop":
		s.close()
	case "message_delta":
		s.take(v.get("usage"))
		s.ended(v.get("delta"))
	case "message_stop":
		s.v.end(ending{stop: s.stop, sequence: s.cut, used: s.used})
	case "error":
		s.v.fail(anthropicFailure(v.get("error")))
	}
	return nil
}

func (s *fromMessages) start(m value) {
	s.take(m.get("usage"))
	s.v.begin(head{id: m.get("id").text(), model: m.get("model").text()})
}

// begin reads the start of a block. Blocks of tools that Anthropic runs are never asked for, and passed over.
func (s *fromMessages) begin(b value) {
	s.open = openBlock{kind: b.get("type").word()}
	switch s.open.kind {
	case "text":
		s.v.text(b.get("text").text())
	case "thinking":
		s.v.think(b.get("thinking").text())
		s.sign(b.get("signature").text())
	case "redacted_thinking":
		s.v.seal(seal{by: byAnthropic, sign: b.get("data").text(), hidden: true})
	case "tool_use":
		s.v.call(b.get("id").word(), b.get("name").text(), nil)
		s.open.input = bytes.Clone(b.get("input"))
		s.v.kept += len(s.open.input)
	}
}

func (s *fromMessages) sign(t text) {
	s.v.kept += len(t)
	s.open.sign = append(s.open.sign, t...)
}

func (s *fromMessages) delta(d value) {
	switch string(d.get("type").text()) {
	case "text_delta":
		s.v.text(d.get("text").text())
	case "thinking_delta":
		s.v.think(d.get("thinking").text())
	case "signature_delta":
		s.sign(d.get("signature").text())
	case "input_json_delta":
		if t := d.get("partial_json").text(); len(t) > 0 && s.open.kind == "tool_use" {
			s.open.args = true
			s.v.args(t)
		}
	}
}

// close ends a block. A call whose arguments have not come in parts has them in its start; some have none.
func (s *fromMessages) close() {
	switch {
	case s.open.kind == "thinking":
		s.v.seal(seal{by: byAnthropic, sign: s.open.sign})
	case s.open.kind == "tool_use" && !s.open.args && value(s.open.input).isObject():
		s.v.args(escaped(s.open.input))
	case s.open.kind == "tool_use" && !s.open.args:
		s.v.args(text("{}"))
	}
	s.open = openBlock{}
}

func (s *fromMessages) ended(d value) {
	switch d.get("stop_reason").word() {
	case "tool_use":
		s.stop = forCalls
	case "max_tokens", "model_context_window_exceeded":
		s.stop = atLimit
	case "refusal":
		s.stop = refused
	case "stop_sequence":
		s.stop = atSequence
		s.cut = bytes.Clone(d.get("stop_sequence").text())
	}
}

// take reads a usage. Its figures are cumulative, and a zero says nothing.
func (s *fromMessages) take(u value) {
	put := func(n *int64, v value) {
		if fresh := v.count(); fresh > 0 {
			*n = fresh
		}
	}
	put(&s.used.input, u.get("input_tokens"))
	put(&s.used.output, u.get("output_tokens"))
	put(&s.used.cacheRead, u.get("cache_read_input_tokens"))
	put(&s.used.cacheWrite, u.get("cache_creation_input_tokens"))
	put(&s.used.thought, u.get("output_tokens_details").get("thinking_tokens"))
}

// whole implements decoder.
func (s *fromMessages) whole(m value) error {
	if m.get("type").word() == "error" {
		s.v.fail(anthropicFailure(m.get("error")))
		return nil
	}
	s.start(m)
	for _, b := range m.get("content").items() {
		s.begin(b)
		s.close()
	}
	s.ended(m)
	s.v.end(ending{stop: s.stop, sequence: s.cut, used: s.used})
	return nil
}

// done implements decoder: a stream ends with message_stop.
func (s *fromMessages) done() error { return errCut }

func anthropicFailure(e value) failure {
	kind, known := map[string]provider.FaultKind{
		"invalid_request_error": provider.BadRequest, "authentication_error": provider.BadGateway,
		"permission_error": provider.BadGateway, "billing_error": provider.BadGateway, "not_found_error": provider.NotFound,
		"request_too_large": provider.TooLarge, "rate_limit_error": provider.RateLimited,
		"overloaded_error": provider.Unavailable, "timeout_error": provider.GatewayTimeout,
	}[e.get("type").word()]
	if !known {
		kind = provider.BadGateway
	}
	return failure{kind: kind, message: e.get("message").text()}
}
