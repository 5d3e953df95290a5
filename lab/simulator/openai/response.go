package openai

import (
	"encoding/json"

	"crs/internal/usage"
	"crs/lab/simulator/provider"
)

// response is an answer to /v1/responses, as JSON or as a stream.
type response struct {
	call   *provider.Call
	step   *provider.Step
	text   string
	tokens usage.Tokens
	tables [][]Failure // of what can go wrong

	out      provider.Emitter // of a stream
	sequence int              // number of the next event
	item     int              // the output item it is at
}

// sealed is what encrypted reasoning looks like.
const sealed = "gAAAAABpsimulatedB1nUIgWfzr0bZ3kYb8Q5g3m2sUeOqkM0dVh4s1xT7aWcEoRjLyPvKtHxFzNi6u9QDG=="

// AnswerResponse answers in the Responses protocol.
func (a *API) AnswerResponse(c *provider.Call, st *provider.Step) provider.Reply {
	return AnswerResponse(c, st, a.Usage, header(c))
}

// AnswerResponse answers for everybody who speaks the protocol; u is what that bills by default.
func AnswerResponse(c *provider.Call, st *provider.Step, u usage.Tokens, header string, before ...[]Failure) provider.Reply {
	m := &response{call: c, step: st, text: st.Text(&c.Prompt), tokens: st.Thought(u), tables: append(before, Failures())}
	r := provider.Answered(header, nil)
	r.Tokens = m.tokens
	if c.Prompt.Stream {
		r.Content, r.Stream, r.Trouble = provider.EventsType, m.stream, m.trouble
		return r
	}
	r.Body = m.object("completed", nil)
	return r
}

// object renders the whole object in one of its states: in_progress, completed or failed.
func (m *response) object(state string, failed any) json.RawMessage {
	a := of(m.call)
	var ended, figures any
	output, tier := provider.List[any](), "auto"
	if state == "completed" {
		ended, output, tier, figures = m.call.At.Unix(), m.output(), a.tier(), responseUsage(m.tokens)
	}
	members := []any{
		"id", m.call.ID("resp_"), "object", "response", "created_at", m.call.At.Unix(), "completed_at", ended, "status", state,
		"error", failed, "incomplete_details", nil, "model", m.call.Prompt.Model, "output", output,
	}
	members = append(members, a.repeated()...)
	return provider.Object(append(members, "service_tier", tier, "usage", figures)...)
}

func (m *response) output() json.RawMessage {
	var items []json.RawMessage
	if m.step.Thinking {
		items = append(items, m.thought(true))
	}
	items = append(items, m.message(true))
	if m.step.Tool {
		items = append(items, m.toolCall(true))
	}
	return provider.List(items...)
}

func (m *response) thought(done bool) json.RawMessage {
	summary := provider.List[any]()
	if done {
		summary = provider.List(summaryPart(provider.Thoughts))
	}
	return provider.Object("id", m.call.ID("rs_"), "type", "reasoning", "summary", summary,
		"encrypted_content", provider.If(done && of(m.call).sealed(), sealed))
}

func summaryPart(text string) json.RawMessage {
	return provider.Object("type", "summary_text", "text", text)
}

func (m *response) message(done bool) json.RawMessage {
	content := provider.List[any]()
	if done {
		content = provider.List(textPart(m.text))
	}
	return provider.Object("id", m.call.ID("msg_"), "type", "message", "status", progress(done), "role", "assistant", "content", content)
}

func textPart(text string) json.RawMessage {
	return provider.Object("type", "output_text", "annotations", provider.List[any](), "logprobs", provider.List[any](), "text", text)
}

func (m *response) toolCall(done bool) json.RawMessage {
	arguments := ""
	if done {
		arguments = provider.ToolInput
	}
	return provider.Object("id", m.call.ID("fc_"), "type", "function_call", "status", progress(done), "arguments", arguments,
		"call_id", m.call.ID("call_"), "name", provider.ToolName)
}

func progress(done bool) string {
	if done {
		return "completed"
	}
	return "in_progress"
}

// responseUsage renders the figures: the input includes what came from the cache and went into it.
func responseUsage(t usage.Tokens) json.RawMessage {
	return provider.Object("input_tokens", t.Prompt(),
		"input_tokens_details", provider.Object("cached_tokens", t.CacheRead, "cache_write_tokens", t.CacheWrite),
		"output_tokens", t.Output, "output_tokens_details", provider.Object("reasoning_tokens", t.Reasoning), "total_tokens", t.Total())
}
