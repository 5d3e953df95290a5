package openai

import (
	"crs/internal/jsonscan"
	"crs/internal/usage"
	"crs/proxyengine/provider"
)

// tally is what has been counted so far.
type tally struct {
	provider.Tally
	images bool   // it is of the images endpoints
	tools  tools  // what was made and done beside text
	told   bool   // the usage has a figure of the output
	last   []byte // the usage object that came last
}

// figures is a usage object, under the names of Responses, of chat completions and of images alike (protocols.md, E.4).
type figures struct {
	input, output, total, cached, written, reasoning int64
	text                                             int64 // of the output, where that is told
	told                                             bool  // there is a figure of the output
	also                                             usage.Amounts
}

// readFigures is false when the object holds none of them.
func readFigures(raw []byte) (f figures, ok bool) {
	s := jsonscan.Top(raw)
	for s.Next() {
		switch string(s.Key) {
		case "input_tokens", "prompt_tokens":
			ok = provider.TakeFigure(&f.input, s.Value) || ok
		case "output_tokens", "completion_tokens":
			f.told = provider.TakeFigure(&f.output, s.Value)
			ok = f.told || ok
		case "total_tokens":
			ok = provider.TakeFigure(&f.total, s.Value) || ok
		case "input_tokens_details", "prompt_tokens_details", "input_token_details":
			f.ofInput(s.Value)
		case "output_tokens_details", "completion_tokens_details", "output_token_details":
			f.ofOutput(s.Value)
		case "cached_tokens", "prompt_cache_hit_tokens": // as some compatible endpoints say it
			provider.TakeFigure(&f.cached, s.Value)
		case "seconds": // of sound that is not counted in tokens
			ok = provider.TakeFigure(&f.also[usage.Second], s.Value) || ok
		}
	}
	f.complete()
	return f, ok && s.Err() == nil
}

// complete derives the figure that is left out, of the prompt or of the output, from the total.
func (f *figures) complete() {
	switch {
	case f.total == 0:
	case f.input == 0 && f.told:
		f.input = max(f.total-f.output, 0)
	case f.input > 0 && !f.told:
		f.output, f.told = max(f.total-f.input, 0), true
	}
}

func (f *figures) ofInput(details []byte) {
	s := jsonscan.Top(details)
	for s.Next() {
		switch string(s.Key) {
		case "cached_tokens":
			provider.TakeFigure(&f.cached, s.Value)
		case "cache_write_tokens":
			provider.TakeFigure(&f.written, s.Value)
		case "image_tokens":
			provider.TakeFigure(&f.also[usage.ImageInput], s.Value)
		case "audio_tokens":
			provider.TakeFigure(&f.also[usage.AudioInput], s.Value)
		case "cached_tokens_details":
			provider.TakeFigure(&f.also[usage.ImageCacheRead], jsonscan.Get(s.Value, "image_tokens"))
			provider.TakeFigure(&f.also[usage.AudioCacheRead], jsonscan.Get(s.Value, "audio_tokens"))
		}
	}
	// What was cached is counted among the rest too.
	f.also[usage.ImageInput] = max(f.also[usage.ImageInput]-f.also[usage.ImageCacheRead], 0)
	f.also[usage.AudioInput] = max(f.also[usage.AudioInput]-f.also[usage.AudioCacheRead], 0)
}

func (f *figures) ofOutput(details []byte) {
	s := jsonscan.Top(details)
	for s.Next() {
		switch string(s.Key) {
		case "reasoning_tokens":
			provider.TakeFigure(&f.reasoning, s.Value)
		case "text_tokens":
			provider.TakeFigure(&f.text, s.Value)
		case "image_tokens":
			provider.TakeFigure(&f.also[usage.ImageOutput], s.Value)
		case "audio_tokens":
			provider.TakeFigure(&f.also[usage.AudioOutput], s.Value)
		}
	}
}

// tokens counts the upstream's way: its input includes what was cached, its output what was thought. Some endpoints leave
// the thoughts out of the output, which shows in the total.
func (f figures) tokens() usage.Tokens {
	if f.reasoning > 0 && f.total > 0 && f.total == f.input+f.output+f.reasoning {
		f.output += f.reasoning
	}
	return usage.Tokens{
		Input: max(f.input-f.cached-f.written, 0), Output: f.output,
		CacheRead: f.cached, CacheWrite: f.written, Reasoning: min(f.reasoning, f.output),
	}
}

// says takes what an answer says of itself, and reports whether there are figures.
func (t *tally) says(model, tier, figures []byte) bool {
	provider.TakeName(&t.Count.Model, model)
	provider.TakeName(&t.Count.Tier, tier)
	return t.take(figures)
}

// take puts a usage object in the place of an earlier one: each is the whole of it.
func (t *tally) take(raw []byte) bool {
	if len(raw) == 0 || raw[0] != '{' {
		return false
	}
	f, ok := readFigures(raw)
	if !ok {
		return false
	}
	if t.images {
		f.ofImages()
	}
	t.Count.Tokens, t.Count.Also, t.Count.Seen, t.told = f.tokens(), f.also, true, f.told
	if f.output > 0 {
		t.Told()
	}
	t.doubt(&f)
	if t.last = t.last[:0]; len(raw) <= provider.MostRaw {
		t.last = append(t.last, raw...)
	}
	return true
}

// doubt notes figures of which one cannot be.
func (t *tally) doubt(f *figures) {
	if f.cached+f.written > f.input {
		t.Count.Question("the usage has more tokens from a cache than the prompt has")
	}
	if f.reasoning > f.tokens().Output {
		t.Count.Question("the usage has more tokens of thought than the answer has")
	}
}

// ofImages takes the output for images where it is not told what it is: nothing else comes out of there.
func (f *figures) ofImages() {
	if f.text == 0 && f.also[usage.ImageOutput] == 0 {
		f.also[usage.ImageOutput] = f.output
	}
}

// toolUsage takes what Responses say of their tools beside the usage.
func (t *tally) toolUsage(object []byte) {
	if figures := jsonscan.Get(object, "image_gen"); len(figures) > 0 && len(figures) <= provider.MostRaw {
		t.tools.images.figures = append(t.tools.images.figures[:0], figures...)
	}
}

// holds is what is kept of figures.
func (t *tally) holds() int {
	return cap(t.last) + cap(t.tools.images.figures) + t.tools.containers.Holds()
}

// end gives the count, with what is billed beside the text.
func (t *tally) end(complete bool) provider.Count {
	c := t.End(complete, t.last)
	if t.tools.bill(&c); t.images {
		t.tools.images.own(&c)
	} else {
		t.tools.images.beside(&c)
	}
	return c
}
