package simulator

import (
	"bytes"
	"strconv"

	"crs/internal/usage"
)

// response is an answer to /v1/responses, as JSON or as a stream.
type response struct {
	call   *call
	step   *step
	text   string
	tokens usage.Tokens

	out      *sender // of a stream
	sequence int64   // number of the next event
	item     int64   // the output item it is at
	over     bool    // nothing more is wanted
	fails    openAIFailure
}

// sealed is what encrypted reasoning looks like.
const sealed = "gAAAAABpsimulatedB1nUIgWfzr0bZ3kYb8Q5g3m2sUeOqkM0dVh4s1xT7aWcEoRjLyPvKtHxFzNi6u9QDG=="

func (a *openAI) answerResponse(c *call, st *step) reply {
	return answerResponse(c, st, a.usage, a.fields(c))
}

// answerResponse answers for everybody who speaks the protocol; t is what that bills by default.
func answerResponse(c *call, st *step, t usage.Tokens, fields []byte) reply {
	m := response{call: c, step: st, text: st.text(&c.prompt), tokens: st.openAITokens(t)}
	r := reply{status: 200, content: jsonType, fields: fields, tokens: m.tokens}
	if c.prompt.stream {
		streamed := m // so that only streams cost an allocation
		r.content, r.stream = eventsType, &streamed
		return r
	}
	r.body = c.keep(m.append(c.scratch, "completed"))
	return r
}

// append renders the whole object in one of its states: in_progress, completed or failed.
func (m *response) append(b []byte, state string) []byte {
	done := state == "completed"
	b = append(b, `{"id":"`...)
	b = appendID(b, "resp_", m.call.number)
	b = append(b, `","object":"response","created_at":`...)
	b = strconv.AppendInt(b, m.call.at.Unix(), 10)
	b = append(b, `,"completed_at":`...)
	if done {
		b = strconv.AppendInt(b, m.call.at.Unix(), 10)
	} else {
		b = append(b, "null"...)
	}
	b = append(b, `,"status":"`...)
	b = append(b, state...)
	b = append(b, `","error":`...)
	b = m.appendFailure(b, state == "failed")
	b = append(b, `,"incomplete_details":null,"model":`...)
	b = append(b, m.call.prompt.model...)
	b = append(b, `,"output":[`...)
	if done {
		b = m.appendOutput(b)
	}
	b = m.call.asked.appendMembers(append(b, ']'))
	b = m.appendTier(b, done)
	b = append(b, `,"usage":`...)
	if done {
		b = appendResponseUsage(b, m.tokens)
	} else {
		b = append(b, "null"...)
	}
	return append(b, '}')
}

func (m *response) appendFailure(b []byte, failed bool) []byte {
	if !failed {
		return append(b, "null"...)
	}
	b = append(b, `{"code":`...)
	b = appendText(b, m.fails.streamCode())
	b = append(b, `,"message":`...)
	b = appendText(b, m.fails.says(m.call, m.step))
	return append(b, '}')
}

// appendMembers renders what the answer repeats of the request.
func (a *asked) appendMembers(b []byte) []byte {
	for i := range echoed {
		b = append(b, ',', '"')
		b = append(b, echoed[i].name...)
		b = append(b, '"', ':')
		if a.members[i] == nil {
			b = append(b, echoed[i].usual...)
		} else {
			b = appendLine(b, a.members[i])
		}
	}
	return b
}

// appendLine appends JSON without line ends, which would end a line of an event.
func appendLine(b, raw []byte) []byte {
	for len(raw) > 0 {
		end := bytes.IndexAny(raw, "\r\n")
		if end < 0 {
			break
		}
		b, raw = append(b, raw[:end]...), raw[end+1:]
	}
	return append(b, raw...)
}

// appendTier tells the service tier, which is not settled before the end.
func (m *response) appendTier(b []byte, settled bool) []byte {
	b = append(b, `,"service_tier":`...)
	if !settled {
		return append(b, `"auto"`...)
	}
	return append(b, m.call.asked.servedTier()...)
}

// servedTier is the service tier that an answer has, as JSON.
func (a *asked) servedTier() string {
	switch string(a.tier) {
	case `"priority"`:
		return `"priority"`
	case `"flex"`:
		return `"flex"`
	}
	return `"default"`
}

func (m *response) appendOutput(b []byte) []byte {
	if m.step.thinking {
		b = append(m.appendThought(b, true), ',')
	}
	b = m.appendMessage(b, true)
	if m.step.tool {
		b = m.appendCall(append(b, ','), true)
	}
	return b
}

func (m *response) appendThought(b []byte, done bool) []byte {
	b = append(b, `{"id":"`...)
	b = appendID(b, "rs_", m.call.number)
	b = append(b, `","type":"reasoning","summary":[`...)
	if done {
		b = append(b, `{"type":"summary_text","text":`...)
		b = append(appendText(b, thoughts), '}')
	}
	b = append(b, ']')
	if done && m.call.asked.sealed {
		b = append(b, `,"encrypted_content":"`+sealed+`"`...)
	}
	return append(b, '}')
}

func (m *response) appendMessage(b []byte, done bool) []byte {
	b = append(b, `{"id":"`...)
	b = appendID(b, "msg_", m.call.number)
	b = append(b, `","type":"message","status":"`...)
	b = append(b, progress(done)...)
	b = append(b, `","role":"assistant","content":[`...)
	if done {
		b = appendPart(b, m.text)
	}
	return append(b, ']', '}')
}

func progress(done bool) string {
	if done {
		return "completed"
	}
	return "in_progress"
}

func appendPart(b []byte, text string) []byte {
	b = append(b, `{"type":"output_text","annotations":[],"logprobs":[],"text":`...)
	return append(appendText(b, text), '}')
}

func (m *response) appendCall(b []byte, done bool) []byte {
	b = append(b, `{"id":"`...)
	b = appendID(b, "fc_", m.call.number)
	b = append(b, `","type":"function_call","status":"`...)
	b = append(b, progress(done)...)
	b = append(b, `","arguments":`...)
	if done {
		b = appendText(b, ToolInput)
	} else {
		b = append(b, `""`...)
	}
	b = append(b, `,"call_id":"`...)
	b = appendID(b, "call_", m.call.number)
	return append(b, `","name":"`+ToolName+`"}`...)
}

// appendResponseUsage renders a usage object in which the input includes what came from the cache and went into it.
func appendResponseUsage(b []byte, t usage.Tokens) []byte {
	b = append(b, `{"input_tokens":`...)
	b = strconv.AppendInt(b, t.Prompt(), 10)
	b = append(b, `,"input_tokens_details":{"cached_tokens":`...)
	b = strconv.AppendInt(b, t.CacheRead, 10)
	b = append(b, `,"cache_write_tokens":`...)
	b = strconv.AppendInt(b, t.CacheWrite, 10)
	b = append(b, `},"output_tokens":`...)
	b = strconv.AppendInt(b, t.Output, 10)
	b = append(b, `,"output_tokens_details":{"reasoning_tokens":`...)
	b = strconv.AppendInt(b, t.Reasoning, 10)
	b = append(b, `},"total_tokens":`...)
	b = strconv.AppendInt(b, t.Total(), 10)
	return append(b, '}')
}
