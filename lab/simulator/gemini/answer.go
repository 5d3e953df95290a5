package gemini

import (
	"encoding/json"

	"crs/internal/usage"
	"crs/lab/simulator/provider"
)

// candidate is an answer that Gemini generates, as JSON or as a stream.
type candidate struct {
	call    *provider.Call
	step    *provider.Step
	text    string
	tokens  usage.Tokens
	wrapped bool // as Code Assist does
	list    bool // the stream is a JSON array, not events

	out  provider.Emitter // of a stream
	sent int
	done int64 // tokens of output so far
}

// tokensOf is what an answer bills: there is no writing to a cache, and thinking is told.
func tokensOf(st *provider.Step, u usage.Tokens) usage.Tokens {
	t := st.Thought(u)
	t.CacheWrite = 0
	t.Reasoning = min(t.Reasoning, t.Output)
	return t
}

func newCandidate(c *provider.Call, st *provider.Step, u usage.Tokens) *candidate {
	return &candidate{call: c, step: st, tokens: tokensOf(st, u), text: st.Text(&c.Prompt), list: !wantsEvents(c)}
}

// AnswerWhole answers a prompt in one piece.
func (a *API) AnswerWhole(c *provider.Call, st *provider.Step) provider.Reply {
	return newCandidate(c, st, a.Usage).whole()
}

// AnswerStream answers it as a stream.
func (a *API) AnswerStream(c *provider.Call, st *provider.Step) provider.Reply {
	return newCandidate(c, st, a.Usage).streamed()
}

// wantsEvents tells a stream of events from one that is a JSON array.
func wantsEvents(c *provider.Call) bool { return c.Values().Get("alt") == "sse" }

// whole renders the answer as JSON.
func (m *candidate) whole() provider.Reply {
	var parts []json.RawMessage
	if m.step.Thinking {
		parts = append(parts, thought(provider.Thoughts))
	}
	parts = append(parts, textPart(m.text))
	if m.step.Tool {
		parts = append(parts, m.toolCall())
	}
	r := answered(m.object(m.tokens.Output, true, parts...))
	r.Tokens = m.tokens
	return r
}

func (m *candidate) streamed() provider.Reply {
	m.call.Prompt.Stream = true
	r := answered(nil)
	r.Tokens, r.Stream, r.Trouble = m.tokens, m.stream, m.trouble
	if !m.list {
		r.Content = "text/event-stream"
	}
	return r
}

// object renders parts with the figures as they are when so many tokens of output have been sent.
func (m *candidate) object(output int64, last bool, parts ...json.RawMessage) json.RawMessage {
	content := provider.Object("parts", provider.List(parts...), "role", "model")
	one := provider.Object("content", content, "finishReason", provider.If(last, "STOP"), "index", 0)
	o := provider.Object("candidates", provider.List(one), "usageMetadata", m.usage(output),
		"modelVersion", m.call.Prompt.Model, "responseId", m.call.ID(""))
	if m.wrapped {
		return provider.Object("response", o, "traceId", m.call.ID("trace"))
	}
	return o
}

func textPart(text string) json.RawMessage { return provider.Object("text", text) }

func thought(text string) json.RawMessage { return provider.Object("text", text, "thought", true) }

// toolCall comes in one piece, and signed when there was thinking before it.
func (m *candidate) toolCall() json.RawMessage {
	call := provider.Object("name", provider.ToolName, "args", json.RawMessage(provider.ToolInput))
	return provider.Object("functionCall", call, "thoughtSignature", provider.If(m.step.Thinking, provider.Signature))
}

// usage renders the figures: the prompt with what was cached of it, the output without the thinking. What is zero is left out.
func (m *candidate) usage(output int64) json.RawMessage {
	prompt, cached, thought := m.tokens.Prompt(), m.tokens.CacheRead, min(m.tokens.Reasoning, output)
	return provider.Object("promptTokenCount", prompt, "candidatesTokenCount", provider.If(output > thought, output-thought),
		"totalTokenCount", prompt+output, "cachedContentTokenCount", provider.If(cached > 0, cached),
		"cacheTokensDetails", provider.If(cached > 0, modality(cached)), "promptTokensDetails", modality(prompt),
		"thoughtsTokenCount", provider.If(thought > 0, thought))
}

func modality(n int64) json.RawMessage {
	return provider.List(provider.Object("modality", "TEXT", "tokenCount", n))
}

// stream gives the answer event by event. Each tells the tokens so far, the last has them all.
func (m *candidate) stream(yield func(provider.Event) bool) {
	m.out = provider.Emitter{Yield: yield}
	if m.step.Thinking {
		for i := range 2 {
			m.done = m.tokens.Reasoning * int64(i+1) / 2
			m.emit(thought(provider.Piece(provider.Thoughts, i, 2)))
		}
	}
	said := m.tokens.Output - m.tokens.Reasoning
	for i, n := 0, m.step.Pieces(m.text); i < n && !m.out.Over; i++ {
		m.done = m.tokens.Reasoning + said*int64(i+1)/int64(n+1)
		m.emit(textPart(provider.Piece(m.text, i, n)))
	}
	if m.step.Tool {
		m.emit(m.toolCall())
	}
	m.out.Send(m.frame(m.object(m.tokens.Output, true, textPart("")), true), false)
}

func (m *candidate) emit(part json.RawMessage) {
	if !m.out.Over {
		m.out.Send(m.frame(m.object(m.done, false, part), false), true)
		m.sent++
	}
}

// frame makes an event of an object, or an element of the array.
func (m *candidate) frame(object []byte, last bool) []byte {
	begin, end := "\n,\r\n", ""
	if m.sent == 0 {
		begin = "["
	}
	if last {
		end = "\n]"
	}
	if !m.list {
		begin, end = "data: ", "\r\n\r\n"
	}
	return []byte(begin + string(object) + end)
}

// trouble renders an error inside a stream: an event like any, or the last element of the array.
func (m *candidate) trouble(kind string) []byte {
	st := &provider.Step{Verb: provider.DoError, Word: kind}
	return m.frame(errorObject(find(st).on(m.call, st)), true)
}
