package simulator

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"

	"crs/internal/usage"
)

func (a *openAI) answerCompact(c *call, st *step) reply {
	return answerCompact(c, st.openAITokens(a.usage), a.fields(c))
}

// answerCompact answers /v1/responses/compact: what the user said last, and everything before as one sealed item.
func answerCompact(c *call, t usage.Tokens, fields []byte) reply {
	b := append(c.scratch, `{"id":"`...)
	b = appendID(b, "resp_", c.number)
	b = append(b, `","object":"response.compaction","created_at":`...)
	b = strconv.AppendInt(b, c.at.Unix(), 10)
	b = append(b, `,"output":[{"id":"`...)
	b = appendID(b, "msg_", c.number)
	b = append(b, `","type":"message","status":"completed","role":"user","content":[{"type":"input_text","text":"`...)
	b = append(b, c.prompt.text...)
	b = append(b, `"}]},{"id":"`...)
	b = appendID(b, "cmp_", c.number)
	b = append(b, `","type":"compaction","encrypted_content":"`+sealed+`"}],"usage":`...)
	b = appendResponseUsage(b, t)
	return reply{status: 200, content: jsonType, fields: fields, body: c.keep(append(b, '}')), tokens: t}
}

func (a *openAI) answerEmbeddings(c *call, st *step) reply {
	return answerEmbeddings(c, st.openAITokens(a.usage), a.fields(c))
}

// usualDimensions is how long a vector is unless the request says it.
const usualDimensions = 1536

// answerEmbeddings gives every text of the input its vector. Only input is billed, and nothing is cached.
func answerEmbeddings(c *call, t usage.Tokens, fields []byte) reply {
	t = usage.Tokens{Input: t.Input}
	size := c.asked.size
	if size == 0 {
		size = usualDimensions
	}
	b := append(c.scratch, `{"object":"list","data":[`...)
	for i := range c.asked.parts {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"object":"embedding","index":`...)
		b = strconv.AppendInt(b, int64(i), 10)
		b = append(b, `,"embedding":`...)
		b = append(appendVector(b, i, size, c.asked.base64), '}')
	}
	b = append(b, `],"model":`...)
	b = append(b, c.prompt.model...)
	b = append(b, `,"usage":{"prompt_tokens":`...)
	b = strconv.AppendInt(b, t.Input, 10)
	b = append(b, `,"total_tokens":`...)
	b = strconv.AppendInt(b, t.Input, 10)
	return reply{status: 200, content: jsonType, fields: fields, body: c.keep(append(b, '}', '}')), tokens: t}
}

// appendVector renders the made-up vector of a text: a list of numbers, or their bytes in base64.
func appendVector(b []byte, text, size int, packed bool) []byte {
	number := func(i int) float32 { return float32((i*7+text*3)%200-100) / 1000 }
	if packed {
		raw := make([]byte, 0, 4*size)
		for i := range size {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(number(i)))
		}
		return append(base64.StdEncoding.AppendEncode(append(b, '"'), raw), '"')
	}
	b = append(b, '[')
	for i := range size {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendFloat(b, float64(number(i)), 'g', -1, 32)
	}
	return append(b, ']')
}

// readDeployed reads a request to a deployment, which need not name a model, and is answered in the name of that.
func readDeployed(c *call, field, deployment string) *failure {
	b := openAIBody{call: c, field: field}
	if !b.read(c.body) {
		return unreadableBody()
	}
	c.prompt.model = c.keep(appendText(c.scratch, deployment))
	return b.checkPrompt()
}
