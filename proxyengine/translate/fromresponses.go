package translate

import (
	"bytes"

	"crs/proxyengine/provider"
)

// fromResponses reads an answer in OpenAI's responses: protocols.md, E.4 and I.3.
type fromResponses struct {
	v        *emitter
	queue    callQueue
	said     bool // of the item that is being told, something has been
	thinking bool
	declined bool
	searches int64
}

// event implements decoder.
func (s *fromResponses) event(data []byte) error {
	if string(bytes.TrimSpace(data)) == "[DONE]" {
		return errCut // behind response.completed nobody listens
	}
	v, err := object(data)
	if err != nil {
		return err
	}
	switch string(v.get("type").text()) {
	case "response.created", "response.in_progress", "response.queued":
		s.begin(v.get("response"))
	case "response.output_item.added":
		s.added(v)
	case "response.reasoning_summary_part.added":
		if s.thinking && s.said {
			s.v.think(text(`\n\n`))
		}
	case "response.reasoning_summary_text.delta", "response.reasoning_text.delta":
		s.think(v.get("delta").text())
	case "response.output_text.delta":
		s.say(v.get("delta").text())
	case "response.refusal.delta":
		s.declined = true
		s.say(v.get("delta").text())
	case "response.function_call_arguments.delta":
		s.args(v, v.get("delta").text())
	case "response.output_item.done":
		s.item(v.get("output_index").count(), v.get("item"))
	case "response.completed", "response.incomplete", "response.done":
		s.finish(v.get("response"))
	case "response.failed":
		s.v.fail(openAIFailure(v.get("response").get("error")))
	case "response.cancelled":
		s.v.fail(failure{kind: provider.BadGateway, message: text("the response was cancelled")})
	case "error":
		if e := v.get("error"); e.isObject() {
			v = e
		}
		s.v.fail(openAIFailure(v))
	}
	return nil
}

func (s *fromResponses) begin(r value) { s.v.begin(headOf(r, "created_at")) }

func (s *fromResponses) added(v value) {
	s.v.begin(head{})
	s.said = false
	item := v.get("item")
	s.thinking = item.get("type").word() == "reasoning"
	if item.get("type").word() == "function_call" {
		s.queue.open(v.get("output_index").count(), item.get("call_id").word(), item.get("name").text())
		s.queue.advance()
	}
}

func (s *fromResponses) think(t text) {
	if len(t) > 0 {
		s.thinking, s.said = true, true
		s.queue.finish()
		s.v.think(t)
	}
}

func (s *fromResponses) say(t text) {
	if len(t) > 0 {
		s.said = true
		s.queue.finish()
		s.v.text(t)
	}
}

func (s *fromResponses) args(v value, t text) {
	if c := s.queue.find(v.get("output_index").count()); c != nil {
		s.queue.args(c, t)
		s.queue.advance()
	}
}

// item reads an item that is whole. What of it has not come in parts is told now.
func (s *fromResponses) item(number int64, item value) {
	switch item.get("type").word() {
	case "reasoning":
		s.reasoned(item)
	case "message":
		for _, part := range item.get("content").items() {
			s.declined = s.declined || part.get("type").word() == "refusal"
			if !s.said {
				s.v.begin(head{})
				s.sayPart(part)
			}
		}
	case "function_call":
		s.v.begin(head{})
		c := s.queue.open(number, item.get("call_id").word(), item.get("name").text())
		if len(c.args) == 0 {
			s.queue.args(c, item.get("arguments").text())
		}
		c.whole = true
		s.queue.advance()
	case "web_search_call":
		s.searches++
	}
	s.said, s.thinking = false, false
}

func (s *fromResponses) sayPart(part value) {
	for _, name := range [...]string{"text", "refusal"} {
		if t := part.get(name).text(); len(t) > 0 {
			s.queue.finish()
			s.v.text(t)
		}
	}
}

// reasoned ends a thought. It can be taken up again with what is encrypted in it; without that it is only told.
func (s *fromResponses) reasoned(item value) {
	s.v.begin(head{})
	if !s.said {
		for i, part := range item.get("summary").items() {
			if i > 0 {
				s.v.think(text(`\n\n`))
			}
			s.think(part.get("text").text())
		}
	}
	if sign := item.get("encrypted_content").text(); len(sign) > 0 {
		s.v.seal(seal{by: byOpenAI, sign: sign})
	} else if s.said {
		s.v.seal(seal{})
	}
}

func (s *fromResponses) finish(r value) {
	s.begin(r)
	s.queue.finish()
	u := r.get("usage")
	used := openAIUsage(u.get("input_tokens"), u.get("input_tokens_details"), u.get("output_tokens"), u.get("output_tokens_details"))
	used.searches = s.searches
	why := atEnd
	switch reason := r.get("incomplete_details").get("reason").word(); {
	case reason == "content_filter":
		why = refused
	case reason != "" || r.get("status").word() == "incomplete":
		why = atLimit
	case s.v.calls > 0:
		why = forCalls
	case s.declined:
		why = refused
	}
	s.v.end(ending{stop: why, used: used})
}

// whole implements decoder, for an upstream that does not stream.
func (s *fromResponses) whole(r value) error {
	if e := r.get("error"); e.given() {
		s.v.fail(openAIFailure(e))
		return nil
	}
	s.begin(r)
	for i, item := range r.get("output").items() {
		s.item(int64(i), item)
	}
	if r.get("status").word() == "" && r.get("output") == nil {
		return errCut
	}
	s.finish(r)
	return nil
}

// done implements decoder: a stream ends with its last event.
func (s *fromResponses) done() error { return errCut }
