package vertex

import (
	"bytes"
	"encoding/json"
	"net/http"

	"crs/internal/jsonscan"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
)

// body is the client's own, byte for byte but for what Vertex wants otherwise.
func body(text []byte, want *provider.Intent, name string) ([][]byte, error) {
	switch want.Service {
	case anthropic.Messages:
		return rewritten(text, version, without("model", "tags", "anthropic_version"))
	case anthropic.CountTokens: // its path names no model
		quoted, err := json.Marshal(name)
		if err != nil {
			return nil, unreadable(err)
		}
		return rewritten(text, version+`,"model":`+string(quoted), without("model", "tags", "anthropic_version"))
	case gemini.Count:
		r, err := gemini.ReadRequest(text)
		if err != nil {
			return nil, unreadable(err)
		}
		if r.Nested.Raw != nil { // which Vertex does not know: it counts what is in it
			text = r.Nested.Raw
		}
	}
	return rewritten(text, "", without("model", "tags"))
}

// version stands in the body; Vertex knows no header of that name.
const version = `"anthropic_version":"vertex-2023-10-16"`

func without(names ...string) func(name []byte) bool {
	return func(name []byte) bool {
		for _, n := range names {
			if string(name) == n {
				return true
			}
		}
		return false
	}
}

func unreadable(err error) error {
	return &provider.Fault{Status: http.StatusBadRequest, Kind: provider.BadRequest, Message: err.Error()}
}

// rewritten gives an object without some of its members and with some more in front, as parts that point into it.
func rewritten(object []byte, front string, drop func(name []byte) bool) ([][]byte, error) {
	open := bytes.IndexByte(object, '{') + 1
	p := pieces{text: object}
	p.keep(0, open)
	p.add(front)
	end, first := open, true
	s := jsonscan.Top(object)
	for s.Next() {
		from := end
		if end = s.Offset + len(s.Value); drop(nameOf(s.Key)) {
			continue
		}
		if first && from != open { // what stood before it is gone, and its comma is one too many
			from += bytes.IndexByte(object[from:], ',') + 1
		}
		if first && front != "" {
			p.add(",")
		}
		p.keep(from, end)
		first = false
	}
	if err := s.Err(); err != nil {
		return nil, unreadable(err)
	}
	p.keep(end, len(object))
	return p.all(), nil
}

// nameOf is what a key says, escapes or not.
func nameOf(key []byte) []byte {
	if !jsonscan.Escaped(key) {
		return key
	}
	plain, _ := jsonscan.Canonical(key)
	return plain
}

// pieces are stretches of a text, with others between them. Stretches that follow each other are one.
type pieces struct {
	text     []byte
	parts    [][]byte
	from, to int // the stretch that may go on
}

func (p *pieces) keep(from, to int) {
	if from != p.to {
		p.close()
		p.from = from
	}
	p.to = to
}

func (p *pieces) add(text string) {
	if text != "" {
		p.close()
		p.parts = append(p.parts, []byte(text))
	}
}

func (p *pieces) close() {
	if p.to > p.from {
		p.parts = append(p.parts, p.text[p.from:p.to])
	}
	p.from = p.to
}

func (p *pieces) all() [][]byte {
	p.close()
	return p.parts
}
