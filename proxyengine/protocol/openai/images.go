package openai

import (
	"bytes"
	"cmp"
	"strings"

	"crs/internal/bound"
	"crs/internal/jsonscan"
	"crs/internal/usage"
	"crs/proxyengine/provider"
)

// images is the images of an answer: of the images endpoints, or of the tool that Responses have.
type images struct {
	model       string // that makes them, where a tool does
	each        int64  // about how many tokens one takes, as the request has it; 0 for one that is billed as such
	begun, made int64
	untold      int64  // tokens, about, of what was made without a usage
	figures     []byte // the tool's own usage
}

// done counts an image that was made, as an object tells of it, with a usage or without.
func (i *images) done(object []byte, told bool) {
	if i.made++; !told {
		i.untold += i.tokens(object)
	}
}

// partial takes a draft of an image under way. The first one of each tells that it was begun.
func (i *images) partial(object []byte) {
	if n, ok := jsonscan.Int(jsonscan.Get(object, "partial_image_index")); !ok || n == 0 {
		i.begun++
		i.each = i.tokens(object)
	}
}

// tokens is about how many an image takes by what an object tells of it, else by the request.
func (i *images) tokens(object []byte) int64 {
	quality, size := provider.Word(jsonscan.Get(object, "quality")), provider.Word(jsonscan.Get(object, "size"))
	if quality+size == "" || i.each == 0 {
		return i.each
	}
	return tokensOf(quality, size)
}

// missing is about how many tokens those images took that no usage tells of, begun ones among them.
func (i *images) missing() int64 { return i.untold + max(i.begun-i.made, 0)*i.each }

// own adds the images that no usage tells of to the count of an images endpoint.
func (i *images) own(c *provider.Count) {
	c.Also[usage.Image] = max(i.made, i.begun)
	if n := i.missing(); n > 0 {
		c.Tokens.Output += n
		c.Also[usage.ImageOutput] += n
		c.Guessed = true
	}
}

// beside adds the call of the model that the tool of a Responses answer made images with.
func (i *images) beside(c *provider.Count) {
	call := usage.Call{Model: cmp.Or(i.model, defaultImageModel), Also: usage.Amounts{usage.Image: max(i.made, i.begun)}}
	switch f, ok := readFigures(i.figures); {
	case ok && f.output > 0:
		f.ofImages()
		call.Tokens, call.Also = f.tokens(), call.Also.Add(f.also)
		call.Also[usage.Image] = max(call.Also[usage.Image], 1)
	case call.Also[usage.Image] > 0:
		call.Tokens.Output = i.missing()
		call.Also[usage.ImageOutput] = call.Tokens.Output
		c.Guessed = true
		c.Question("images were made, and the usage does not tell what they took")
	default:
		return
	}
	c.More = append(c.More, call)
}

// tokensOf is about how many tokens an image is. What is not known is taken for medium, and square.
func tokensOf(quality, size string) int64 {
	width, height, ok := strings.Cut(size, "x")
	square := !ok || width == height
	switch {
	case quality == "low" && square:
		return 272
	case quality == "low":
		return 408
	case quality == "high" && square:
		return 4160
	case quality == "high":
		return 6240
	case square:
		return 1056
	}
	return 1584
}

// perImage is tokensOf for a model; 0 for those that are billed by the image.
func perImage(model, quality, size string) int64 {
	if strings.HasPrefix(model, "dall-e") {
		return 0
	}
	return tokensOf(quality, size)
}

// imageTool finds the tool that makes images among a request's.
func imageTool(tools []byte) (model string, tokens int64) {
	if !bytes.Contains(tools, []byte("image_generation")) { // as usual
		return "", 0
	}
	s := jsonscan.Array(tools)
	for s.Next() {
		if jsonscan.Equal(jsonscan.Get(s.Value, "type"), "image_generation") {
			model, _ = jsonscan.StringUpTo(jsonscan.Get(s.Value, "model"), bound.Name)
			return bound.Cut(model, bound.Name), tokensOf(provider.Word(jsonscan.Get(s.Value, "quality")), provider.Word(jsonscan.Get(s.Value, "size")))
		}
	}
	return "", 0
}
