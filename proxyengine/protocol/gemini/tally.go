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
	provider.Tally // of what the usage does not count

	usage  []byte // the last usage object that counts the output, or the last one
	told   bool   // it does
	model  string
	images int64 // that came by
	fresh  int64 // those behind the usage
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
	switch {
	case c.candidates == nil:
	case !t.begun || bytes.Contains(c.candidates, []byte(`"finishReason"`)) || searched(c.candidates) || bytes.Contains(c.candidates, []byte(inline)):
		t.look(c.candidates)
	default:
		t.Output += int64(max(len(c.candidates)-candidateFrame, 0))
	}
	if c.feedback != nil && reason(jsonscan.Get(c.feedback, "blockReason")) {
		t.begun, t.finished = true, true
	}
	t.figures(c.usage)
	provider.TakeName(&t.model, c.version)
}

// figures keeps a usage object. What comes in between may only tell the kind of traffic, or the prompt.
func (t *tally) figures(object []byte) {
	if object == nil || len(object) > provider.MostRaw {
		return
	}
	counts := t.told
	if !bytes.Equal(object, t.usage) { // which most of a stream may repeat
		counts = countsOutput(object)
	}
	if !counts && (t.told || !bytes.Contains(object, []byte("TokenCount"))) {
		return
	}
	if t.usage, t.told = append(t.usage[:0], object...), counts; counts {
		t.fresh = 0
		t.Told()
	}
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
		t.parts(parts)
	}
}

const inline = `"inlineData"`

// unfinished counts what an answer broke off with.
func (t *tally) unfinished(object []byte) {
	if !bytes.Contains(object, []byte(inline)) {
		t.Output += int64(max(len(object)-candidateFrame, 0))
	} else if bytes.Contains(object, []byte(`"image/`)) {
		t.images, t.fresh = t.images+1, t.fresh+1
	}
}

// partFrame is what a part weighs without its text.
const partFrame = len(`{"text":""}`)

// parts counts the parts of an answer that are images, and how long the others are.
func (t *tally) parts(parts []byte) {
	s := jsonscan.Array(parts)
	for s.Next() {
		data := jsonscan.Get(s.Value, "inlineData")
		if data == nil {
			t.Output += int64(max(len(s.Value)-len(jsonscan.Get(s.Value, "thoughtSignature"))-partFrame, 0))
			continue
		}
		if kind, _ := jsonscan.StringUpTo(jsonscan.Get(data, "mimeType"), bound.ID); strings.HasPrefix(kind, "image/") {
			t.images++
			if string(jsonscan.Get(s.Value, "thought")) != "true" { // drafts are no output
				t.fresh++
			}
		}
	}
}

// reason reports whether a reason is given.
func reason(raw []byte) bool {
	return len(raw) > 2 && raw[0] == '"' && !bytes.HasSuffix(raw, []byte(`UNSPECIFIED"`))
}

// end gives the count. What the figures do not count is counted by what came of it.
func (t *tally) end(complete bool) provider.Count {
	f := readFigures(t.usage)
	t.Count = provider.Count{Call: usage.Call{Model: t.model, Tokens: f.tokens, Also: f.also}, Seen: t.usage != nil, Tier: f.tier}
	also := &t.Count.Also
	if also[usage.Image], also[usage.WebSearch] = t.images, t.grounding.count(); also[usage.WebSearch] > 0 {
		also[usage.GroundedTurn] = 1
	}
	if f.cached > f.prompt {
		t.Count.Question("the usage has more tokens from a cache than the prompt has")
	}
	c := t.End(complete, t.usage)
	t.imageTokens(&c, f.untold)
	return c
}

// imageTokens is about how many tokens an image of Gemini's is.
const imageTokens = 1290

// imageTokens tells the images' share of the output, as far as the figures do not: of untold tokens, and of what they do not count.
func (t *tally) imageTokens(c *provider.Count, untold int64) {
	if share := min((t.images-t.fresh)*imageTokens, untold); share > 0 {
		c.Also[usage.ImageOutput] += share
		c.Question("the usage does not tell the images' tokens from the text's")
	}
	if t.fresh > 0 {
		c.Tokens.Output += t.fresh * imageTokens
		c.Also[usage.ImageOutput] += t.fresh * imageTokens
		c.Guessed = true
	}
}
