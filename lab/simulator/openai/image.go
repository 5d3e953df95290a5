package openai

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"

	"crs/internal/usage"
	"crs/lab/simulator/provider"
)

// picture is an answer to /v1/images, as JSON or as a stream.
type picture struct {
	call   *provider.Call
	step   *provider.Step
	kind   string // what its events are called
	tokens usage.Tokens
}

const (
	// pixel is a picture: one grey dot.
	pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
	// painter is the model that paints when the request names none.
	painter = `"gpt-image-1"`
)

// admitImage checks a request for pictures, which may come as a form with the picture that is to be edited.
func (a *API) admitImage(c *provider.Call) *provider.Failure {
	if f := a.identify(c); f != nil {
		return f
	}
	fields, ok := readForm(c.Header.Get("content-type"), c.Body)
	if !ok {
		fields, ok = provider.ReadObject(c.Body)
	}
	if !ok {
		return unreadable()
	}
	if fields["model"] == nil {
		fields["model"] = json.RawMessage(painter)
	}
	take(c, fields, "prompt")
	if f := checkModel(fields); f != nil {
		return f
	}
	return checkPrompt(of(c), "prompt")
}

// readForm reads a body that is a form, as if it were JSON; false means that it is none.
func readForm(contentType string, body []byte) (provider.Fields, bool) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/form-data" {
		return nil, false
	}
	fields, form := provider.Fields{}, multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		part, err := form.NextPart()
		if err != nil {
			return fields, err == io.EOF
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, false
		}
		switch name := part.FormName(); name {
		case "model", "prompt":
			fields[name] = provider.JSON(string(value))
		case "stream", "n":
			fields[name] = value
		}
	}
}

func (a *API) paint(kind string) func(*provider.Call, *provider.Step) provider.Reply {
	return func(c *provider.Call, st *provider.Step) provider.Reply {
		all := st.Thought(a.Usage)
		m := picture{call: c, step: st, kind: kind, tokens: usage.Tokens{Input: all.Input, Output: all.Output}}
		r := provider.Answered(header(c), nil)
		r.Tokens = m.tokens
		if c.Prompt.Stream {
			r.Content, r.Stream, r.Trouble = provider.EventsType, m.stream, m.trouble
			return r
		}
		r.Body = m.whole()
		return r
	}
}

func (m picture) whole() []byte {
	var data []json.RawMessage
	for range max(1, of(m.call).number("n")) {
		data = append(data, provider.Object("b64_json", pixel))
	}
	members := append([]any{"created", m.call.At.Unix(), "data", provider.List(data...)}, frame()...)
	return provider.Object(append(members, "usage", m.usage())...)
}

// frame is what every picture tells of itself.
func frame() []any {
	return []any{"background", "opaque", "output_format", "png", "quality", "high", "size", "1024x1024"}
}

func (m picture) usage() json.RawMessage {
	return provider.Object("input_tokens", m.tokens.Input, "input_tokens_details", provider.Object("text_tokens", m.tokens.Input, "image_tokens", 0),
		"output_tokens", m.tokens.Output, "total_tokens", m.tokens.Total())
}

// stream gives a draft of the picture and then the picture.
func (m picture) stream(yield func(provider.Event) bool) {
	if yield(provider.Event{Text: m.event("partial_image", "partial_image_index", 0), Content: true}) {
		yield(provider.Event{Text: m.event("completed", "usage", m.usage())})
	}
}

func (m picture) event(name string, members ...any) []byte {
	name = m.kind + "." + name
	head := append([]any{"type", name, "b64_json", pixel, "created_at", m.call.At.Unix()}, frame()...)
	return provider.SSE(name, provider.Object(append(head, members...)...))
}

// trouble renders what tells of a failure.
func (m picture) trouble(kind string) []byte {
	f := findError(kind, Failures()).On(m.call, m.step, "")
	return provider.SSE("error", provider.Object("type", "error", "error", ErrorObject(f)))
}
