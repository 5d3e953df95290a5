package simulator

import (
	"strconv"

	"crs/internal/usage"
)

// chat is an answer to /v1/chat/completions or, when it is plain, to /v1/completions; as JSON or as a stream.
type chat struct {
	call   *call
	step   *step
	text   string
	tokens usage.Tokens
	plain  bool // texts instead of messages
	azure  bool // with what Azure's filters found

	out  *sender // of a stream
	over bool    // nothing more is wanted
}

func (a *openAI) answerChat(c *call, st *step) reply {
	return answerChat(chat{call: c, step: st, tokens: st.openAITokens(a.usage)}, a.fields(c))
}

func (a *openAI) answerCompletion(c *call, st *step) reply {
	return answerChat(chat{call: c, step: st, tokens: st.openAITokens(a.usage), plain: true}, a.fields(c))
}

// answerChat answers for everybody who speaks the protocol.
func answerChat(m chat, fields []byte) reply {
	c := m.call
	m.text = m.step.text(&c.prompt)
	r := reply{status: 200, content: jsonType, fields: fields, tokens: m.tokens}
	if c.prompt.stream {
		streamed := m // so that only streams cost an allocation
		r.content, r.stream = eventsType, &streamed
		return r
	}
	r.body = c.keep(m.append(c.scratch))
	return r
}

// append renders the whole completion as JSON.
func (m *chat) append(b []byte) []byte {
	b = m.appendHead(b, "chat.completion")
	b = append(b, `,"choices":[`...)
	if m.plain {
		b = m.appendTextChoice(b, m.text, m.finish())
	} else {
		b = m.appendMessage(b)
	}
	b = append(b, ']')
	if m.azure {
		b = append(b, `,"prompt_filter_results":`+promptFilter...)
	}
	b = append(b, `,"usage":`...)
	return append(appendChatUsage(b, m.tokens), '}')
}

// appendHead renders what comes before the choices, of an object or of a chunk of one.
func (m *chat) appendHead(b []byte, object string) []byte {
	prefix := "chatcmpl-"
	if m.plain {
		prefix, object = "cmpl-", "text_completion"
	}
	b = append(b, `{"id":"`...)
	b = appendID(b, prefix, m.call.number)
	b = append(b, `","object":"`...)
	b = append(b, object...)
	b = append(b, `","created":`...)
	b = strconv.AppendInt(b, m.call.at.Unix(), 10)
	b = append(b, `,"model":`...)
	b = append(b, m.call.prompt.model...)
	if !m.plain {
		b = append(b, `,"service_tier":`...)
		b = append(b, m.call.asked.servedTier()...)
	}
	return append(b, `,"system_fingerprint":"fp_simulated"`...)
}

func (m *chat) appendMessage(b []byte) []byte {
	b = append(b, `{"index":0,"message":{"role":"assistant","content":`...)
	b = appendText(b, m.text)
	if m.step.thinking {
		b = append(b, `,"reasoning_content":`...)
		b = appendText(b, thoughts)
	}
	if m.step.tool {
		b = append(b, `,"tool_calls":[{"id":"`...)
		b = appendID(b, "call_", m.call.number)
		b = append(b, `","type":"function","function":{"name":"`+ToolName+`","arguments":`...)
		b = append(appendText(b, ToolInput), `}}]`...)
	}
	b = append(b, `,"refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"`...)
	b = append(b, m.finish()...)
	b = append(b, '"')
	if m.azure {
		b = append(b, `,"content_filter_results":`+contentFilter...)
	}
	return append(b, '}')
}

// appendTextChoice renders a choice of the old completions; finish is "" while it goes on.
func (m *chat) appendTextChoice(b []byte, text, finish string) []byte {
	b = append(b, `{"text":`...)
	b = appendText(b, text)
	b = append(b, `,"index":0,"logprobs":null`...)
	b = appendFinish(b, finish)
	if m.azure {
		b = append(b, `,"content_filter_results":`+contentFilter...)
	}
	return append(b, '}')
}

func appendFinish(b []byte, finish string) []byte {
	return appendOrNull(append(b, `,"finish_reason":`...), finish)
}

func (m *chat) finish() string {
	if m.step.tool && !m.plain {
		return "tool_calls"
	}
	return "stop"
}

// appendChatUsage renders a usage object in which the prompt includes what came from the cache and went into it.
func appendChatUsage(b []byte, t usage.Tokens) []byte {
	b = append(b, `{"prompt_tokens":`...)
	b = strconv.AppendInt(b, t.Prompt(), 10)
	b = append(b, `,"completion_tokens":`...)
	b = strconv.AppendInt(b, t.Output, 10)
	b = append(b, `,"total_tokens":`...)
	b = strconv.AppendInt(b, t.Total(), 10)
	b = append(b, `,"prompt_tokens_details":{"cached_tokens":`...)
	b = strconv.AppendInt(b, t.CacheRead, 10)
	b = append(b, `,"cache_write_tokens":`...)
	b = strconv.AppendInt(b, t.CacheWrite, 10)
	b = append(b, `,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":`...)
	b = strconv.AppendInt(b, t.Reasoning, 10)
	return append(b, `,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}`...)
}
