package provider

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Fields are the members of a JSON object as they were sent.
type Fields map[string]json.RawMessage

// ReadObject reads a document, which must be an object and valid to the last byte.
func ReadObject(raw []byte) (Fields, bool) {
	var f Fields
	err := json.Unmarshal(raw, &f)
	return f, err == nil && f != nil
}

// ReadList gives the elements of a list; false means that it is none.
func ReadList(raw json.RawMessage) ([]json.RawMessage, bool) {
	var list []json.RawMessage
	err := json.Unmarshal(raw, &list)
	return list, err == nil && list != nil
}

// ReadText gives what a string says; false means that it is none.
func ReadText(raw json.RawMessage) (text string, ok bool) {
	if !bytes.HasPrefix(raw, []byte{'"'}) {
		return "", false
	}
	return text, json.Unmarshal(raw, &text) == nil
}

// Is reports whether a member is exactly this.
func (f Fields) Is(name, value string) bool { return string(f[name]) == value }

// Text gives what a member says, "" when it is no string.
func (f Fields) Text(name string) string {
	text, _ := ReadText(f[name])
	return text
}

// Hear takes up what a turn of the user says: a string, or a list of blocks of which the last text counts.
func (p *Prompt) Hear(content json.RawMessage) {
	p.Ping = bytes.Contains(content, []byte("ping"))
	p.Text, _ = ReadText(content)
	blocks, _ := ReadList(content)
	for _, b := range blocks {
		block, _ := ReadObject(b)
		if text, ok := ReadText(block["text"]); ok {
			p.Text = text
		}
	}
}

// HearTurns takes up the last of the user's among messages that have a role and a content.
func (p *Prompt) HearTurns(turns []json.RawMessage) {
	for i := len(turns) - 1; i >= 0; i-- {
		var turn struct{ Role, Content json.RawMessage }
		if json.Unmarshal(turns[i], &turn) == nil && string(turn.Role) == `"user"` {
			p.Hear(turn.Content)
			return
		}
	}
}

// Omitted is the value of a member that an object does not have.
type omitted struct{}

// If gives value, or what leaves a member out of an object.
func If(ok bool, value any) any {
	if !ok {
		return omitted{}
	}
	return value
}

// OrNull gives text, or null for "".
func OrNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// Object renders an object from names and values in turn, in this order, as the real ones have theirs.
func Object(members ...any) json.RawMessage {
	b := []byte{'{'}
	for i := 0; i+1 < len(members); i += 2 {
		if _, left := members[i+1].(omitted); left {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(b, JSON(members[i])...), ':')
		b = append(b, JSON(members[i+1])...)
	}
	return append(b, '}')
}

// List renders a list.
func List[T any](elements ...T) json.RawMessage {
	b := []byte{'['}
	for i, e := range elements {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, JSON(e)...)
	}
	return append(b, ']')
}

// JSON renders a value. What is rendered already stays as it is, and <, > and & stay what they are.
func JSON(v any) []byte {
	if raw, ok := v.(json.RawMessage); ok && raw != nil {
		return raw
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte("null") // not reached: texts, numbers and lists
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}

// SSE renders an event; without a name it has none.
func SSE(name string, data []byte) []byte {
	var b strings.Builder
	if name != "" {
		b.WriteString("event: " + name + "\n")
	}
	b.WriteString("data: ")
	b.Write(data)
	b.WriteString("\n\n")
	return []byte(b.String())
}

// Emitter passes events on until nobody wants more.
type Emitter struct {
	Yield func(Event) bool
	Over  bool
}

// Send passes one on.
func (e *Emitter) Send(text []byte, content bool) { e.Pass(Event{Text: text, Content: content}) }

// Pass passes one on.
func (e *Emitter) Pass(event Event) {
	if !e.Over {
		e.Over = !e.Yield(event)
	}
}
