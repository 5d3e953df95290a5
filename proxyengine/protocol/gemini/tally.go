package gemini

import (
	"bytes"
	"strings"

	"crs/internal/bound"
	"crs/internal/jsonscan"
	"crs/internal/usage"
	"crs/proxyengine/provider"
)

// Object is one object of an answer, with what was found in it.
type Object struct {
	Data []byte
	// Response is what Code Assist has wrapped; nil when it is not wrapped.
	Response []byte
	// Failed: it is an error.
	Failed bool
	// Broken: it makes no sense, or was too long to be read.
	Broken bool
}

// tally is what has been counted so far.
type tally struct {
	usage  []byte // the last usage object
	model  string
	output int64 // bytes of answers that came by, for one that ends before its figures
	images int64 // that came by
	grounding

	begun    bool
	finished bool
	broken   bool
	failure  []byte
}

// chunk is the members of an answer's object that matter here.
type chunk struct {
	response, candidates, usage, version, feedback, failure []byte
}

func scan(object []byte) (c chunk, ok bool) {
	s := jsonscan.Top(object)
	for s.Next() {
		switch string(s.Key) {
		case "response":
			c.response = s.Value
		case "candidates":
			c.candidates = s.Value
		case "usageMetadata":
			c.usage = s.Value
		case "modelVersion":
			c.version = s.Value
		case "promptFeedback":
			c.feedback = s.Value
		case "error":
			c.failure = s.Value
		}
	}
	return c, s.Err() == nil
}

// take looks at one object, as it is or wrapped.
func (t *tally) take(data []byte) Object {
	o := Object{Data: data}
	c, ok := scan(data)
	if ok && isObject(c.response) {
		o.Response = c.response
		c, ok = scan(c.response)
	}
	if !ok {
		t.broken, o.Broken = true, true
		return o
	}
	if isObject(c.failure) {
		o.Failed = true
		if t.failure == nil {
			t.failure = bytes.Clone(data)
		}
		return o
	}
	t.read(&c)
	return o
}

func isObject(raw []byte) bool { return len(raw) > 0 && raw[0] == '{' }

// candidateFrame is about what a candidate weighs without its text.
const candidateFrame = 60

func (t *tally) read(c *chunk) {
	if c.candidates != nil {
		if !bytes.Contains(c.candidates, []byte(inline)) { // an image's bytes are not its tokens
			t.output += int64(max(len(c.candidates)-candidateFrame, 0))
		}
		if !t.begun || bytes.Contains(c.candidates, []byte(`"finishReason"`)) || searched(c.candidates) || bytes.Contains(c.candidates, []byte(inline)) {
			t.look(c.candidates)
		}
	}
	if c.feedback != nil && reason(jsonscan.Get(c.feedback, "blockReason")) {
		t.begun, t.finished = true, true
	}
	// What comes in between may only tell the kind of traffic.
	if c.usage != nil && len(c.usage) <= provider.MostRaw && bytes.Contains(c.usage, []byte("TokenCount")) {
		t.usage = append(t.usage[:0], c.usage...)
	}
	provider.TakeName(&t.model, c.version)
}

// look finds out whether candidates say anything, and whether one has ended.
func (t *tally) look(candidates []byte) {
	s := jsonscan.Array(candidates)
	for s.Next() {
		t.candidate(s.Value)
	}
}

func (t *tally) candidate(object []byte) {
	if reason(jsonscan.Get(object, "finishReason")) {
		t.begun, t.finished = true, true
	}
	t.grounding.look(object)
	if parts := jsonscan.Get(jsonscan.Get(object, "content"), "parts"); len(parts) > 2 && parts[0] == '[' {
		t.begun = true
		t.countImages(parts)
	}
}

const inline = `"inlineData"`

// countImages counts the parts of an answer that are images.
func (t *tally) countImages(parts []byte) {
	s := jsonscan.Array(parts)
	for s.Next() {
		kind, _ := jsonscan.StringUpTo(jsonscan.Get(jsonscan.Get(s.Value, "inlineData"), "mimeType"), bound.ID)
		if strings.HasPrefix(kind, "image/") {
			t.images++
		}
	}
}

// reason reports whether a reason is given.
func reason(raw []byte) bool {
	return len(raw) > 2 && raw[0] == '"' && !bytes.HasSuffix(raw, []byte(`UNSPECIFIED"`))
}

// end gives the count. An answer that was cut before its figures is counted by what came of it.
func (t *tally) end(complete bool) provider.Count {
	f := readFigures(t.usage)
	counted := provider.Tally{Count: provider.Count{Call: usage.Call{Model: t.model, Tokens: f.tokens, Also: f.also}, Seen: t.usage != nil, Tier: f.tier}}
	also := &counted.Count.Also
	if also[usage.Image], also[usage.WebSearch] = t.images, t.grounding.count(); also[usage.WebSearch] > 0 {
		also[usage.GroundedTurn] = 1
	}
	if counted.Count.Tokens.Output == 0 {
		counted.Output = t.output
	}
	return counted.End(complete, t.usage)
}
