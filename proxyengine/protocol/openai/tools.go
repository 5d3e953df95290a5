package openai

import (
	"bytes"
	"strings"

	"crs/internal/bound"
	"crs/internal/jsonscan"
	"crs/internal/sse"
	"crs/internal/usage"
	"crs/proxyengine/provider"
)

// tools is what an answer's own tools did that is billed by itself.
type tools struct {
	searches, files int64 // of the web, and in the caller's files
	containers      provider.Distinct
	unnamed         bool // code ran in a container that is not named
	images          images
}

// see counts what an output item is that counts by itself.
func (t *tools) see(item []byte) {
	what := jsonscan.Get(item, "type")
	switch {
	case jsonscan.Equal(what, "web_search_call"):
		if isSearch(item) {
			t.searches++
		}
	case jsonscan.Equal(what, "file_search_call"):
		t.files++
	case jsonscan.Equal(what, "code_interpreter_call"):
		if id, _ := jsonscan.StringUpTo(jsonscan.Get(item, "container_id"), bound.ID); id != "" {
			t.containers.Add(id)
		} else {
			t.unnamed = true
		}
	case jsonscan.Equal(what, "image_generation_call") && !jsonscan.Equal(jsonscan.Get(item, "status"), "failed"):
		provider.TakeName(&t.images.model, jsonscan.Get(item, "model"))
		t.images.done(item, false)
	}
}

// cut takes note of an image that was on its way when the stream ended.
func (t *tools) cut(e sse.Event) {
	switch kind(e) {
	case "image.partial", "image.completed":
	case "response.output_item.done":
		if !bytes.Contains(e.Data, []byte(`"image_generation_call"`)) {
			return
		}
	default:
		return
	}
	t.images.begun = max(t.images.begun, t.images.made+1)
}

// isSearch reports whether a search of the web was one. Opening a page that was found is not billed as one.
func isSearch(item []byte) bool {
	action := jsonscan.Get(item, "action")
	return action == nil || jsonscan.Equal(jsonscan.Get(action, "type"), "search")
}

// sessions is how many containers code ran in.
func (t *tools) sessions() int64 {
	if n := t.containers.Count(); n > 0 || !t.unnamed {
		return n
	}
	return 1
}

// bill adds what the tools did to a count.
func (t *tools) bill(c *provider.Count) {
	c.Also[usage.WebSearch], c.Also[usage.FileSearch], c.Also[usage.Session] = t.searches, t.files, t.sessions()
	if t.sessions() > 0 {
		c.Question("code ran in a container, which is billed by the session: that may not be in the price")
	}
	if t.searches > 0 && (strings.HasPrefix(c.Model, "gpt-4o") || strings.HasPrefix(c.Model, "gpt-4.1")) {
		c.Question("this model's searches of the web are billed in more than one way, which the usage does not tell")
	}
}
