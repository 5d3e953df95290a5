package vertex

import (
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
		return rewritten(text, version, "model", "tags", "anthropic_version")
	case anthropic.CountTokens: // its path names no model
		return rewritten(text, version+`,"model":`+string(provider.Encode(name)), "model", "tags", "anthropic_version")
	case gemini.Count:
		r, err := gemini.ReadRequest(text)
		if err != nil {
			return nil, unreadable(err)
		}
		if r.Nested.Raw != nil { // which Vertex does not know: it counts what is in it
			text = r.Nested.Raw
		}
	}
	return rewritten(text, "", "model", "tags")
}

// version stands in the body; Vertex knows no header of that name.
const version = `"anthropic_version":"vertex-2023-10-16"`

// rewritten gives an object without some of its members and with some more in front, as parts that point into it.
func rewritten(object []byte, front string, without ...string) ([][]byte, error) {
	edits, err := jsonscan.Exchange(object, front, without...)
	if err != nil {
		return nil, unreadable(err)
	}
	return jsonscan.Apply(object, edits...), nil
}

func unreadable(err error) error {
	return &provider.Fault{Status: http.StatusBadRequest, Kind: provider.BadRequest, Message: err.Error()}
}
