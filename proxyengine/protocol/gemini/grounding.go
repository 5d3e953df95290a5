package gemini

import (
	"bytes"
	"hash/maphash"
	"slices"

	"crs/internal/jsonscan"
)

// mostQueries is how many queries of one answer are told apart.
const mostQueries = 64

// grounding is what an answer's candidates searched the web for.
type grounding struct {
	seed    maphash.Seed
	queries []uint64 // hashes of them, each once
	beyond  int64    // those behind mostQueries
}

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
			g.add(text)
		}
	}
}

func (g *grounding) add(query string) {
	if g.queries == nil {
		g.seed = maphash.MakeSeed()
	}
	switch hash := maphash.String(g.seed, query); {
	case slices.Contains(g.queries, hash):
	case len(g.queries) == mostQueries:
		g.beyond++
	default:
		g.queries = append(g.queries, hash)
	}
}

// count is how many queries there were.
func (g *grounding) count() int64 { return int64(len(g.queries)) + g.beyond }
