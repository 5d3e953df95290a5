package translate

import (
	"bytes"

	"crs/proxyengine/provider"
)

// fromChat reads an answer in OpenAI's chat completions: protocols.md, E.4.
type fromChat struct {
	v        *emitter
	queue    callQueue
	used     tokens
	stop     stop
	ended    bool // there was a finish_reason
	thinking bool
	declined bool
	held     []words // that came in the midst of a call
}

// words are a piece of a text, or of a thought.
type words struct {
	thought bool
	text    []byte
}

// event implements decoder.
func (s *fromChat) event(data []byte) error {
	if string(bytes.TrimSpace(data)) == "[DONE]" {
		s.ended = true
		return s.finish()
	}
	v, err := object(data)
	if err != nil {
		return err
	}
	if e := v.get("error"); e.given() {
		s.v.fail(openAIFailure(e))
		return nil
	}
	s.take(v.get("usage"))
	choice := v.get("choices").first()
	if choice == nil {
		return nil
	}
	s.v.begin(headOf(v, "created"))
	s.message(choice.get("delta"))
	s.reason(choice.get("finish_reason").word())
	s.take(choice.get("usage")) // where Moonshot puts it
	return nil
}

func headOf(v value, created string) head {
	seconds, _ := v.get(created).number()
	return head{id: v.get("id").text(), model: v.get("model").text(), created: int64(seconds)}
}

// message reads a message, or what is new of it.
func (s *fromChat) message(m value) {
	if m.bare() {
		return
	}
	for _, name := range [...]string{"reasoning_content", "reasoning"} {
		if t := m.get(name).text(); len(t) > 0 {
			s.say(words{true, t})
			break
		}
	}
	if t := m.get("content").text(); len(t) > 0 {
		s.say(words{false, t})
	}
	if t := m.get("refusal").text(); len(t) > 0 {
		s.declined = true
		s.say(words{false, t})
	}
	for i, c := range m.get("tool_calls").items() {
		s.thought()
		s.call(i, c)
	}
}

// thought ends a thought. It has no signature, but its upstream wants its words back.
func (s *fromChat) thought() {
	if s.thinking {
		s.thinking = false
		s.v.seal(seal{by: byChat})
	}
}

func (s *fromChat) say(w words) {
	switch {
	case !s.queue.idle():
		s.v.kept += len(w.text)
		s.held = append(s.held, words{w.thought, bytes.Clone(w.text)})
	case w.thought:
		s.thinking = true
		s.v.think(w.text)
	default:
		s.thought()
		s.v.text(w.text)
	}
}

// call reads what is new of a call. Most upstreams number them; where they do not, an id begins a new one.
func (s *fromChat) call(i int, c value) {
	id, f := c.get("id").word(), c.get("function")
	number, numbered := c.get("index").whole()
	if !numbered {
		number = int64(max(len(s.queue.calls)-1, i))
		if last := s.queue.find(number); last != nil && id != "" && last.id != id {
			number++
		}
	}
	w := s.queue.open(number, id, f.get("name").text())
	s.queue.args(w, f.get("arguments").text())
	s.queue.advance()
}

func (s *fromChat) reason(word string) {
	switch word {
	case "":
		return
	case "length":
		s.stop = atLimit
	case "tool_calls", "function_call":
		s.stop = forCalls
	case "content_filter":
		s.stop = refused
	}
	s.ended = true
}

// take reads a usage: prompt_tokens are with what was cached.
func (s *fromChat) take(u value) {
	if !u.isObject() {
		return
	}
	s.used = openAIUsage(u.get("prompt_tokens"), u.get("prompt_tokens_details"), u.get("completion_tokens"), u.get("completion_tokens_details"))
}

// openAIUsage parts the figures that OpenAI gives in sums.
func openAIUsage(in, inDetails, out, outDetails value) tokens {
	t := tokens{
		cacheRead: inDetails.get("cached_tokens").count(), cacheWrite: inDetails.get("cache_write_tokens").count(),
		output: out.count(), thought: outDetails.get("reasoning_tokens").count(),
	}
	t.input = max(in.count()-t.cacheRead-t.cacheWrite, 0)
	return t
}

// finish tells what is left. Some upstreams say that they stopped where they want calls answered.
func (s *fromChat) finish() error {
	if !s.ended {
		return errCut
	}
	s.queue.finish()
	for _, w := range s.held {
		s.say(w)
	}
	s.thought()
	switch {
	case s.stop == atEnd && s.v.calls > 0:
		s.stop = forCalls
	case s.stop == atEnd && s.declined:
		s.stop = refused
	}
	s.v.end(ending{stop: s.stop, used: s.used})
	return nil
}

// whole implements decoder.
func (s *fromChat) whole(v value) error {
	if e := v.get("error"); e.given() {
		s.v.fail(openAIFailure(e))
		return nil
	}
	choice := v.get("choices").first()
	if choice == nil {
		return errCut
	}
	s.take(v.get("usage"))
	h := headOf(v, "created")
	h.used = s.used
	s.v.begin(h)
	s.message(choice.get("message"))
	s.reason(choice.get("finish_reason").word())
	s.ended = true
	return s.finish()
}

// done implements decoder: some upstreams leave [DONE] out.
func (s *fromChat) done() error { return s.finish() }

// openAIFailure reads an error of OpenAI's, by its code, or its type where that says more.
func openAIFailure(e value) failure {
	f := failure{kind: provider.BadGateway, message: e.get("message").text()}
	if e.isText() {
		f.message = e.text()
	}
	for _, word := range [...]string{e.get("code").word(), e.get("type").word()} {
		switch word {
		case "rate_limit_exceeded", "rate_limit_error", "usage_limit_reached", "insufficient_quota":
			f.kind = provider.RateLimited
		case "server_is_overloaded", "slow_down", "overloaded":
			f.kind = provider.Unavailable
		case "context_length_exceeded", "invalid_prompt", "cyber_policy", "invalid_request_error":
			f.kind = provider.BadRequest
		default:
			continue
		}
		break
	}
	return f
}
