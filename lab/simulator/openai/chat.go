package openai

import (
	"encoding/json"

	"crs/internal/usage"
	"crs/lab/simulator/provider"
)

// Chat is an answer to /v1/chat/completions or, when it is plain, to /v1/completions; as JSON or as a stream.
type Chat struct {
	Plain bool // texts instead of messages
	// Filter and PromptFilter are what Azure's filters found; nil where there are none.
	Filter, PromptFilter json.RawMessage

	call   *provider.Call
	step   *provider.Step
	text   string
	tokens usage.Tokens
	out    provider.Emitter // of a stream
}

// AnswerChat answers a chat.
func (a *API) AnswerChat(c *provider.Call, st *provider.Step) provider.Reply {
	return Chat{}.Answer(c, st, a.Usage, header(c))
}

func (a *API) answerCompletion(c *provider.Call, st *provider.Step) provider.Reply {
	return Chat{Plain: true}.Answer(c, st, a.Usage, header(c))
}

// Answer answers for everybody who speaks the protocol.
func (m Chat) Answer(c *provider.Call, st *provider.Step, u usage.Tokens, header string) provider.Reply {
	m.call, m.step, m.text, m.tokens = c, st, st.Text(&c.Prompt), st.Thought(u)
	r := provider.Answered(header, nil)
	r.Tokens = m.tokens
	if c.Prompt.Stream {
		r.Content, r.Stream, r.Trouble = provider.EventsType, m.stream, m.trouble
		return r
	}
	r.Body = m.whole()
	return r
}

// whole renders the whole completion as JSON.
func (m *Chat) whole() []byte {
	choice := m.message()
	if m.Plain {
		choice = m.textChoice(m.text, m.finish())
	}
	return provider.Object(append(m.head("chat.completion"), "choices", provider.List(choice),
		"prompt_filter_results", provider.If(m.PromptFilter != nil, m.PromptFilter), "usage", m.usage())...)
}

// head are the members before the choices, of an object or of a chunk of one.
func (m *Chat) head(object string) []any {
	prefix := "chatcmpl-"
	if m.Plain {
		prefix, object = "cmpl-", "text_completion"
	}
	return []any{
		"id", m.call.ID(prefix), "object", object, "created", m.call.At.Unix(), "model", m.call.Prompt.Model,
		"service_tier", provider.If(!m.Plain, of(m.call).tier()), "system_fingerprint", "fp_simulated",
	}
}

func (m *Chat) message() json.RawMessage {
	call := provider.Object("id", m.call.ID("call_"), "type", "function",
		"function", provider.Object("name", provider.ToolName, "arguments", provider.ToolInput))
	message := provider.Object("role", "assistant", "content", m.text,
		"reasoning_content", provider.If(m.step.Thinking, provider.Thoughts), "tool_calls", provider.If(m.step.Tool, provider.List(call)),
		"refusal", nil, "annotations", provider.List[any]())
	return provider.Object("index", 0, "message", message, "logprobs", nil, "finish_reason", m.finish(),
		"content_filter_results", provider.If(m.Filter != nil, m.Filter))
}

// textChoice renders a choice of the old completions; finish is "" while it goes on.
func (m *Chat) textChoice(text, finish string) json.RawMessage {
	return provider.Object("text", text, "index", 0, "logprobs", nil, "finish_reason", provider.OrNull(finish),
		"content_filter_results", provider.If(m.Filter != nil, m.Filter))
}

func (m *Chat) finish() string {
	if m.step.Tool && !m.Plain {
		return "tool_calls"
	}
	return "stop"
}

// usage renders the figures: the prompt includes what came from the cache and went into it.
func (m *Chat) usage() json.RawMessage {
	t := m.tokens
	return provider.Object("prompt_tokens", t.Prompt(), "completion_tokens", t.Output, "total_tokens", t.Total(),
		"prompt_tokens_details", provider.Object("cached_tokens", t.CacheRead, "cache_write_tokens", t.CacheWrite, "audio_tokens", 0),
		"completion_tokens_details", provider.Object("reasoning_tokens", t.Reasoning, "audio_tokens", 0,
			"accepted_prediction_tokens", 0, "rejected_prediction_tokens", 0))
}
