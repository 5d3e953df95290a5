package openai

import (
	"bytes"

	"crs/internal/jsonscan"
	"crs/internal/sse"
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
		m.tools.see(jsonscan.Get(e.Data, "item"))
	case "delta":
		m.Begun = true
		m.Output += int64(max(len(jsonscan.Get(e.Data, "delta"))-len(`""`), 0))
	case "image.completed":
		m.Begun, m.Stopped = true, true
		m.tools.images.done(e.Data, m.take(jsonscan.Get(e.Data, "usage")) && m.told)
	case "image.partial":
		m.Begun = true
		m.tools.images.partial(e.Data)
	case "content":
		m.Begun = true
	}
}

// response takes what a lifecycle event says of the whole answer.
func (m *eventMeter) response(data []byte, last bool) {
	m.Stopped = m.Stopped || last
	var model, tier, figures, tools jsonscan.Part
	_ = jsonscan.Read(jsonscan.Get(data, "response"), jsonscan.Want("model", &model), jsonscan.Want("service_tier", &tier), jsonscan.Want("usage", &figures),
		jsonscan.Want("tool_usage", &tools))
	m.says(model.Raw, tier.Raw, figures.Raw)
	m.toolUsage(tools.Raw)
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
	case bytes.HasSuffix(what, []byte(".partial_image")):
		return "image.partial"
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
