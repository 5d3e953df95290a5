package openai

import (
	"bytes"
	"encoding/json"
	"fmt"

	"crs/internal/jsonscan"
	"crs/proxyengine/provider"
)

// Body is the client's body as an account gets it: with name in the place of the model's, unless it is empty or what is
// there already; and, where want hides the upstream's figures, with the wish for them. The rest is the client's own, byte
// for byte, and is not copied.
func Body(in *provider.Inbound, want *provider.Intent, name string) ([][]byte, error) {
	if want.Service == Images && isForm(in.Header) {
		return formBody(in, want, name)
	}
	var edits []edit
	if name != "" && (want.ModelLen == 0 || name != want.Model) {
		quoted, err := json.Marshal(name)
		if err != nil {
			return nil, fmt.Errorf("write the name of model %s: %w", name, err)
		}
		edits = append(edits, put(in.Body, want.ModelAt, want.ModelLen, "model", quoted))
	}
	if want.HideUsage {
		edits = append(edits, askForUsage(in.Body))
	}
	return apply(in.Body, edits), nil
}

// edit is a part of the body that is written anew.
type edit struct {
	at, length int
	text       []byte
}

// put replaces the value at a place; length 0 means that the object has no such member yet, and it becomes the first one.
func put(object []byte, at, length int, name string, value []byte) edit {
	if length > 0 {
		return edit{at, length, value}
	}
	at = bytes.IndexByte(object, '{') + 1
	text := append([]byte(`"`+name+`":`), value...)
	if rest := bytes.TrimLeft(object[at:], " \t\r\n"); len(rest) > 0 && rest[0] != '}' {
		text = append(text, ',')
	}
	return edit{at, 0, text}
}

// apply makes at most two edits.
func apply(body []byte, edits []edit) [][]byte {
	if len(edits) == 0 {
		return [][]byte{body}
	}
	if len(edits) == 2 && edits[1].at < edits[0].at {
		edits[0], edits[1] = edits[1], edits[0]
	}
	parts := make([][]byte, 0, 5)
	from := 0
	for _, e := range edits {
		parts = append(parts, body[from:e.at:e.at], e.text)
		from = e.at + e.length
	}
	return append(parts, body[from:])
}

// hidesUsage reads stream_options: whether the client has not asked for the figures, so that it is not to see them. What
// is no object there is left to the upstream to refuse.
func hidesUsage(options []byte) (bool, error) {
	if options == nil || string(options) == "null" {
		return true, nil
	}
	if options[0] != '{' {
		return false, nil
	}
	_, value, err := includeUsage(options)
	if err != nil {
		return false, err
	}
	return value == nil || string(value) == "false" || string(value) == "null", nil
}

// includeUsage finds that member of stream_options.
func includeUsage(options []byte) (at int, value []byte, err error) {
	const name = "include_usage"
	s := jsonscan.Top(options)
	for s.Next() {
		key, err := plain(s.Key)
		if err != nil {
			return 0, nil, refuse("%s", err)
		}
		if string(key) != name {
			continue
		}
		if value != nil {
			return 0, nil, refuse("Duplicate parameter: 'stream_options.%s'.", name)
		}
		at, value = s.Offset, s.Value
	}
	if err := s.Err(); err != nil {
		return 0, nil, refuse("Invalid 'stream_options': %s", err)
	}
	return at, value, nil
}

// askForUsage is the edit that has a stream end with its figures. The body has been read before: it makes sense.
func askForUsage(body []byte) edit {
	s := jsonscan.Top(body)
	for s.Next() {
		if key, _ := plain(s.Key); string(key) != "stream_options" {
			continue
		}
		if s.Value[0] != '{' {
			return edit{s.Offset, len(s.Value), []byte(`{"include_usage":true}`)}
		}
		at, value, _ := includeUsage(s.Value)
		e := put(s.Value, at, len(value), "include_usage", []byte("true"))
		e.at += s.Offset
		return e
	}
	return put(body, 0, 0, "stream_options", []byte(`{"include_usage":true}`))
}
