package openai

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"

	"crs/internal/usage"
	"crs/lab/simulator/provider"
)

func (a *API) answerCompact(c *provider.Call, st *provider.Step) provider.Reply {
	return compact(c, st.Thought(a.Usage), header(c))
}

// compact answers /v1/responses/compact: what the user said last, and everything before as one sealed item.
func compact(c *provider.Call, t usage.Tokens, header string) provider.Reply {
	text := provider.Object("type", "input_text", "text", c.Prompt.Text)
	r := provider.Answered(header, provider.Object(
		"id", c.ID("resp_"), "object", "response.compaction", "created_at", c.At.Unix(), "output", provider.List(
			provider.Object("id", c.ID("msg_"), "type", "message", "status", "completed", "role", "user", "content", provider.List(text)),
			provider.Object("id", c.ID("cmp_"), "type", "compaction", "encrypted_content", sealed)),
		"usage", responseUsage(t)))
	r.Tokens = t
	return r
}

func (a *API) answerEmbeddings(c *provider.Call, st *provider.Step) provider.Reply {
	return AnswerEmbeddings(c, st.Thought(a.Usage), header(c))
}

// AnswerEmbeddings gives every text of the input its vector. Only input is billed, and nothing is cached.
func AnswerEmbeddings(c *provider.Call, t usage.Tokens, header string) provider.Reply {
	const usual = 1536 // dimensions
	a := of(c)
	size := a.number("dimensions")
	if size == 0 {
		size = usual
	}
	var all []json.RawMessage
	for i := range a.parts {
		all = append(all, provider.Object("object", "embedding", "index", i, "embedding", vector(i, size, a.fields.Is("encoding_format", `"base64"`))))
	}
	figures := provider.Object("prompt_tokens", t.Input, "total_tokens", t.Input)
	r := provider.Answered(header, provider.Object("object", "list", "data", provider.List(all...), "model", c.Prompt.Model, "usage", figures))
	r.Tokens = usage.Tokens{Input: t.Input}
	return r
}

// vector is the made-up vector of a text: a list of numbers, or their bytes in base64.
func vector(text, size int, packed bool) any {
	numbers := make([]float32, size)
	for i := range numbers {
		numbers[i] = float32((i*7+text*3)%200-100) / 1000
	}
	if !packed {
		return numbers
	}
	raw, _ := binary.Append(nil, binary.LittleEndian, numbers) // numbers always go
	return base64.StdEncoding.EncodeToString(raw)
}
