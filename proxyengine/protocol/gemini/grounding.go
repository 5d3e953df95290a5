package gemini

import (
	"bytes"

	"crs/internal/jsonscan"
	"crs/proxyengine/provider"
)

// grounding is what an answer's candidates searched the web for.
type grounding struct{ queries provider.Distinct }

// searched reports whether a text may say what was searched for.
func searched(text []byte) bool { return bytes.Contains(text, []byte(`"webSearchQueries"`)) }

// look takes what one candidate says. Chunks of a stream may repeat it.
func (g *grounding) look(candidate []byte) {
	if !searched(candidate) {
		return
	}
	s := jsonscan.Array(jsonscan.Get(jsonscan.Get(candidate, "groundingMetadata"), "webSearchQueries"))
	for s.Next() {
		if text, ok := jsonscan.String(s.Value); ok && text != "" {
			g.queries.Add(text)
		}
	}
}

// count is how many queries there were.
func (g *grounding) count() int64 { return g.queries.Count() }
