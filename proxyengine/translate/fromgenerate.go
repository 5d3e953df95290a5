package translate

import (
	"time"

	"crs/proxyengine/provider"
)

// fromGenerate reads an answer of Gemini's generateContent: protocols.md, D.1, D.3 and I.4.
type fromGenerate struct {
	v     *emitter
	used  tokens
	stop  stop
	ended bool // there was a finishReason
}

// event implements decoder.
func (s *fromGenerate) event(data []byte) error {
	v, err := object(data)
	if err != nil {
		return err
	}
	return s.chunk(v)
}

// chunk reads an answer, or what is new of it. Google's Code Assist puts a wrapper around it.
func (s *fromGenerate) chunk(v value) error {
	if inner := v.get("response"); inner.isObject() {
		v = inner
	}
	if e := v.get("error"); e.given() {
		s.v.fail(googleFailure(e))
		return nil
	}
	s.take(v.get("usageMetadata"))
	if !s.v.begun {
		s.v.begin(head{id: v.get("responseId").text(), model: v.get("modelVersion").text(), created: createdAt(v), used: s.used})
	}
	if v.get("promptFeedback").get("blockReason").given() {
		s.stop, s.ended = refused, true
	}
	c := v.get("candidates").first()
	for _, part := range c.get("content").get("parts").items() {
		s.part(part)
	}
	s.reason(c.get("finishReason").word())
	return nil
}

func createdAt(v value) int64 {
	t, err := time.Parse(time.RFC3339, v.get("createTime").word())
	if err != nil {
		return 0
	}
	return t.Unix()
}

func (s *fromGenerate) part(p value) {
	switch call, data := p.get("functionCall"), p.get("inlineData"); {
	case call.isObject():
		s.call(call, p.get("thoughtSignature").text())
	case data.isObject():
		s.v.picture(data.get("mimeType").word(), data.get("data").text())
	case p.get("thought").flag():
		s.v.think(p.get("text").text())
	default:
		s.v.text(p.get("text").text())
	}
}

// call reads a call, which comes whole, with its signature.
func (s *fromGenerate) call(c value, sign text) {
	s.v.call(c.get("id").word(), c.get("name").text(), sign)
	args := c.get("args")
	if !args.isObject() {
		args = value("{}")
	}
	s.v.args(escaped(args))
}

func (s *fromGenerate) reason(word string) {
	switch word {
	case "", "FINISH_REASON_UNSPECIFIED":
		return
	case "MAX_TOKENS":
		s.stop = atLimit
	case "SAFETY", "RECITATION", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII",
		"IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION":
		s.stop = refused
	}
	s.ended = true
}

// take reads the figures: the prompt is with what was cached, the candidates are without the thoughts.
func (s *fromGenerate) take(u value) {
	if !u.isObject() {
		return
	}
	thought := u.get("thoughtsTokenCount").count()
	s.used = tokens{cacheRead: u.get("cachedContentTokenCount").count(), output: u.get("candidatesTokenCount").count() + thought, thought: thought}
	s.used.input = max(u.get("promptTokenCount").count()+u.get("toolUsePromptTokenCount").count()-s.used.cacheRead, 0)
}

// whole implements decoder.
func (s *fromGenerate) whole(v value) error {
	if err := s.chunk(v); err != nil || s.v.over {
		return err
	}
	return s.done()
}

// done implements decoder: a stream ends without a word.
func (s *fromGenerate) done() error {
	if !s.ended {
		return errCut
	}
	if s.stop == atEnd && s.v.calls > 0 {
		s.stop = forCalls
	}
	s.v.end(ending{stop: s.stop, used: s.used})
	return nil
}

func googleFailure(e value) failure {
	kind, known := map[string]provider.FaultKind{
		"INVALID_ARGUMENT": provider.BadRequest, "FAILED_PRECONDITION": provider.BadRequest, "NOT_FOUND": provider.NotFound,
		"RESOURCE_EXHAUSTED": provider.RateLimited, "UNAVAILABLE": provider.Unavailable, "DEADLINE_EXCEEDED": provider.GatewayTimeout,
	}[e.get("status").word()]
	if !known {
		kind = provider.BadGateway
	}
	return failure{kind: kind, message: e.get("message").text()}
}
