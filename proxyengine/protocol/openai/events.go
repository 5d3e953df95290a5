package openai

import (
	"bytes"

	"crs/internal/jsonscan"
	"crs/internal/sse"
	"crs/internal/usage"
	"crs/proxyengine/provider"
)

// eventMeter counts a stream of typed events: Responses, and images.
type eventMeter struct{ stream }

// event looks at one event. Most are deltas.
func (m *eventMeter) event(e sse.Event) {
	m.Begun = m.Begun || e.Truncated // what is as long as that is content
	switch what := kind(e); what {
	case "response.created", "response.queued", "response.in_progress":
		m.response(e.Data, false)
	case "response.completed", "response.incomplete", "response.done":
		m.Begun = true
		m.response(e.Data, true)
	case "response.failed", "error":
		m.response(e.Data, what == "response.failed")
		m.Fail(e.Data)
	case "response.output_item.done":
		m.Begun = true
		countItem(&m.Count, jsonscan.Get(e.Data, "item"))
	case "delta":
		m.Begun = true
		m.Output += int64(max(len(jsonscan.Get(e.Data, "delta"))-len(`""`), 0))
	case "image.completed":
		m.Begun, m.Stopped = true, true
		m.Count.Also[usage.Image]++
		m.take(jsonscan.Get(e.Data, "usage"))
	case "content":
		m.Begun = true
	}
}

// response takes what a lifecycle event says of the whole answer.
func (m *eventMeter) response(data []byte, last bool) {
	m.Stopped = m.Stopped || last
	var model, tier, figures jsonscan.Part
	_ = jsonscan.Read(jsonscan.Get(data, "response"), jsonscan.Want("model", &model), jsonscan.Want("service_tier", &tier), jsonscan.Want("usage", &figures))
	m.says(model.Raw, tier.Raw, figures.Raw)
}

// countItem counts what an output item is that counts by itself.
func countItem(c *provider.Count, item []byte) {
	what := jsonscan.Get(item, "type")
	switch {
	case isSearch(item):
		c.Also[usage.WebSearch]++
	case jsonscan.Equal(what, "file_search_call"):
		c.Also[usage.FileSearch]++
	case jsonscan.Equal(what, "image_generation_call"):
		c.Also[usage.Image]++
	}
}

// isSearch reports whether an output item is a search of the web. Opening a page that was found is not billed as one.
func isSearch(item []byte) bool {
	if !jsonscan.Equal(jsonscan.Get(item, "type"), "web_search_call") {
		return false
	}
	action := jsonscan.Get(item, "action")
	return action == nil || jsonscan.Equal(jsonscan.Get(action, "type"), "search")
}

// kind is the type of an event, as a constant: of those that do not matter by themselves, whether they are a delta or
// other content. Types that are not known, such as codex.rate_limits and keep-alives, are none.
func kind(e sse.Event) string {
	what := typeOf(e)
	answer, image := bytes.HasPrefix(what, []byte("response.")), bytes.HasPrefix(what, []byte("image_"))
	if answer && bytes.HasSuffix(what, []byte(".delta")) {
		return "delta"
	}
	for _, k := range [...]string{
		"response.created", "response.queued", "response.in_progress", "response.completed", "response.incomplete",
		"response.done", "response.failed", "error", "response.output_item.done",
	} {
		if string(what) == k {
			return k
		}
	}
	switch {
	case image && bytes.HasSuffix(what, []byte(".completed")):
		return "image.completed"
	case answer, image:
		return "content"
	}
	return ""
}

// typeOf gives the type without a copy. It stands first in every stream seen; where it does not, it is looked for. What the
// data says counts, as it does for clients; the name of the event stands in for it.
func typeOf(e sse.Event) []byte {
	if rest, ok := bytes.CutPrefix(e.Data, []byte(`{"type":"`)); ok {
		if i := bytes.IndexByte(rest, '"'); i >= 0 {
			return rest[:i]
		}
	}
	if value := jsonscan.Get(e.Data, "type"); len(value) > 2 && value[0] == '"' {
		return value[1 : len(value)-1]
	}
	return e.Name
}
