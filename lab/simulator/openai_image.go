package simulator

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"strconv"

	"crs/internal/usage"
)

// picture is an answer to /v1/images, as JSON or as a stream.
type picture struct {
	call   *call
	step   *step
	kind   string // what its events are called
	tokens usage.Tokens
}

// pixel is a picture: one grey dot.
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="

// usualPainter is the model that paints when the request names none.
const usualPainter = `"gpt-image-1"`

// admitImage checks a request for pictures, which may come as a form with the picture that is to be edited.
func (a *openAI) admitImage(c *call) *failure {
	if f := a.identify(c); f != nil {
		return f
	}
	b := openAIBody{call: c, field: "prompt"}
	if !b.readForm(c.field("content-type")) && !b.read(c.body) {
		return unreadableBody()
	}
	if c.prompt.model == nil {
		c.prompt.model = []byte(usualPainter)
	}
	if f := b.checkModel(); f != nil {
		return f
	}
	return b.checkPrompt()
}

// readForm reads the body as a form and reports whether it is one.
func (b *openAIBody) readForm(contentType []byte) bool {
	kind, params, err := mime.ParseMediaType(string(contentType))
	if err != nil || kind != "multipart/form-data" {
		return false
	}
	form := multipart.NewReader(bytes.NewReader(b.call.body), params["boundary"])
	for {
		part, err := form.NextPart()
		if err != nil {
			return err == io.EOF
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return false
		}
		b.readFormField(part.FormName(), string(value))
	}
}

func (b *openAIBody) readFormField(name, value string) {
	switch name {
	case "model":
		b.call.prompt.model = appendText(nil, value)
	case "prompt":
		b.found = true
	case "stream":
		b.call.prompt.stream = value == "true"
	case "n":
		b.call.asked.count = smallCount([]byte(value))
	}
}

func (a *openAI) answerImage(c *call, st *step) reply { return a.paint(c, st, "image_generation") }

func (a *openAI) answerEdit(c *call, st *step) reply { return a.paint(c, st, "image_edit") }

func (a *openAI) paint(c *call, st *step, kind string) reply {
	all := st.openAITokens(a.usage)
	m := &picture{call: c, step: st, kind: kind, tokens: usage.Tokens{Input: all.Input, Output: all.Output}}
	r := reply{status: 200, content: jsonType, fields: a.fields(c), tokens: m.tokens}
	if c.prompt.stream {
		r.content, r.stream = eventsType, m
		return r
	}
	r.body = c.keep(m.append(c.scratch))
	return r
}

func (m *picture) append(b []byte) []byte {
	b = append(b, `{"created":`...)
	b = strconv.AppendInt(b, m.call.at.Unix(), 10)
	b = append(b, `,"data":[`...)
	for i := range max(1, m.call.asked.count) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"b64_json":"`+pixel+`"}`...)
	}
	b = append(b, ']', ',')
	return append(m.appendUsage(append(b, framed...)), '}')
}

const framed = `"background":"opaque","output_format":"png","quality":"high","size":"1024x1024"`

func (m *picture) appendUsage(b []byte) []byte {
	b = append(b, `,"usage":{"input_tokens":`...)
	b = strconv.AppendInt(b, m.tokens.Input, 10)
	b = append(b, `,"input_tokens_details":{"text_tokens":`...)
	b = strconv.AppendInt(b, m.tokens.Input, 10)
	b = append(b, `,"image_tokens":0},"output_tokens":`...)
	b = strconv.AppendInt(b, m.tokens.Output, 10)
	b = append(b, `,"total_tokens":`...)
	return append(strconv.AppendInt(b, m.tokens.Total(), 10), '}')
}

// events sends a draft of the picture and then the picture.
func (m *picture) events(out *sender) {
	if out.event(append(append(m.event("partial_image"), `,"partial_image_index":0`...), "}\n\n"...), true) {
		out.event(append(m.appendUsage(m.event("completed")), "}\n\n"...), false)
	}
}

func (m *picture) event(name string) []byte {
	name = m.kind + "." + name
	b := append(m.call.event[:0], "event: "+name+"\ndata: {\"type\":\""+name+"\",\"b64_json\":\""+pixel+"\",\"created_at\":"...)
	b = strconv.AppendInt(b, m.call.at.Unix(), 10)
	return append(append(b, ','), framed...)
}

// trouble renders what tells of a failure.
func (m *picture) trouble(f openAIFailure) []byte {
	b := appendError([]byte("event: error\ndata: {\"type\":\"error\",\"error\":"), f.on(m.call, m.step, nil))
	return append(b, "}\n\n"...)
}
