package daemon_test

import (
	"fmt"
	"strings"
	"testing"

	"crs/ctl"
	"crs/lab/crstest"
)

// ofResponses answers as OpenAI's Responses do, with output items and what stands behind them in the response.
func ofResponses(items []string, more string) answer {
	response := fmt.Sprintf(`{"id":"resp_1","object":"response","model":"gpt-5.5","status":"completed","output":[%s]%s}`, strings.Join(items, ","), more)
	all := []string{`{"type":"response.created","response":{"id":"resp_1","model":"gpt-5.5","output":[],"usage":null}}`}
	for n, item := range items {
		all = append(all, fmt.Sprintf(`{"type":"response.output_item.done","output_index":%d,"item":%s}`, n, item))
	}
	return answer{response, events(append(all, `{"type":"response.completed","response":`+response+`}`)...)}
}

// paid is what a record says of an answer that was more than text.
type paid struct {
	platform, path, body string
	answer               answer
	cost                 ctl.USD
	source               string
	doubt                bool
	images               int64
	streamOnly           bool
	wholeOnly            bool
}

func paids() map[string]paid {
	const (
		responses = `{"model":"gpt-5.5","stream":false,"input":"x","tools":[{"type":"image_generation"%s}]}`
		own       = `,"usage":{"input_tokens":1000,"output_tokens":100,"total_tokens":1100}`
		text      = 1000*5000 + 100*30_000
		tool      = `,"tool_usage":{"image_gen":{"input_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40},"output_tokens":4160,"total_tokens":4210}}`
		nothing   = `,"tool_usage":{"image_gen":{"input_tokens":0,"output_tokens":0,"total_tokens":0}}`
	)
	made := func(more string) []string {
		return []string{`{"id":"ig_1","type":"image_generation_call","status":"completed","result":"` + strings.Repeat("A", 4000) + `"` + more + `}`}
	}
	onOpenAI := func(tool string, a answer, cost ctl.USD) paid {
		return paid{platform: "openai-responses", path: "/openai/v1/responses", body: fmt.Sprintf(responses, tool), answer: a, cost: cost, source: "upstream", images: 1}
	}
	guessed := func(p paid) paid { p.source, p.doubt = "estimated", true; return p }
	imaging := func(body string, a answer, cost ctl.USD) paid {
		return paid{platform: "openai-responses", path: "/openai/v1/images/generations", body: body, answer: a, cost: cost, source: "estimated", images: 1}
	}
	drafts := answer{stream: events(`{"type":"image_generation.partial_image","b64_json":"AAAA","partial_image_index":0,"quality":"low","size":"1536x1024"}`, `{"type":"image_generation.partial_image","b64_json":"AAAA","partial_image_index":1}`)}
	const picture = `{"candidates":[{"index":0,"content":{"role":"model","parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}%s}]%s,"modelVersion":"gemini-3-pro-image-preview"}`
	painted := func(stop, usage string, cost ctl.USD, source string) paid {
		one := fmt.Sprintf(picture, stop, usage)
		return paid{platform: "gemini-api", path: "/gemini/v1beta/models/gemini-3-pro-image-preview:generateContent", body: askers()["gemini-api"].body, answer: answer{one, "data: " + one + "\n\n"}, cost: cost, source: source, images: 1}
	}
	streamed := func(p paid) paid { p.streamOnly = true; return p }
	whole := func(p paid) paid { p.wholeOnly = true; return p }
	doubtful := func(p paid) paid { p.doubt = true; return p }
	const ask = `{"model":"gpt-image-2","prompt":"a cat","stream":false%s}`
	prompt := ctl.USD(int64(len(fmt.Sprintf(ask, ""))) / 4 * 5000)
	sessions := onOpenAI("", ofResponses([]string{
		`{"type":"code_interpreter_call","container_id":"cntr_1","code":"1"}`, `{"type":"code_interpreter_call","container_id":"cntr_1","code":"2"}`, `{"type":"code_interpreter_call","container_id":"cntr_2","code":"3"}`,
	}, own), text)
	sessions.images, sessions.doubt = 0, true
	return map[string]paid{
		"a tool with a model":        onOpenAI(`,"model":"gpt-image-2"`, ofResponses(made(""), own+tool), text+10*5000+40*8000+4160*30_000),
		"a tool without":             onOpenAI("", ofResponses(made(""), own+tool), text+10*5000+40*10_000+4160*40_000),
		"the item's model":           onOpenAI("", ofResponses(made(`,"model":"gpt-image-2"`), own+tool), text+10*5000+40*8000+4160*30_000),
		"a tool without a usage":     guessed(onOpenAI(`,"model":"gpt-image-2"`, ofResponses(made(`,"quality":"high","size":"1024x1536"`), own), text+6240*30_000)),
		"a tool with an empty usage": guessed(onOpenAI(`,"model":"gpt-image-2","quality":"low"`, ofResponses(made(""), own+nothing), text+272*30_000)),
		"a tool that made nothing": func() paid {
			p := onOpenAI("", ofResponses([]string{`{"type":"message","content":[]}`}, own+nothing), text)
			p.images = 0
			return p
		}(),
		"a long image":             whole(doubtful(onOpenAI(`,"model":"gpt-image-2"`, ofResponses([]string{`{"type":"image_generation_call","result":"` + strings.Repeat("A", 2<<20) + `"}`}, own+tool), text+10*5000+40*8000+4160*30_000))),
		"containers":               sessions,
		"drafts, and no more":      streamed(imaging(fmt.Sprintf(ask, ""), drafts, prompt+408*30_000)),
		"images without a usage":   imaging(fmt.Sprintf(ask, ""), answer{`{"created":1,"data":[{"b64_json":"aGk="}]}`, events(`{"type":"image_generation.completed","b64_json":"aGk="}`)}, prompt+1056*30_000),
		"as the answer tells":      imaging(fmt.Sprintf(ask, ""), answer{`{"created":1,"data":[{"b64_json":"aGk="}],"quality":"high","size":"1024x1024"}`, events(`{"type":"image_generation.completed","b64_json":"aGk=","quality":"high","size":"1024x1024"}`)}, prompt+4160*30_000),
		"Gemini, without a usage":  painted(`,"finishReason":"STOP"`, "", ctl.USD(len(askers()["gemini-api"].body)/4)*2000+1290*120_000, "estimated"),
		"Gemini, cut":              streamed(painted("", `,"usageMetadata":{"promptTokenCount":100,"totalTokenCount":100}`, 100*2000+1290*120_000, "partial")),
		"Gemini, without details":  doubtful(painted(`,"finishReason":"STOP"`, `,"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":1400,"totalTokenCount":1500}`, 100*2000+110*12_000+1290*120_000, "upstream")),
		"Gemini, with fewer":       doubtful(painted(`,"finishReason":"STOP"`, `,"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":1100,"totalTokenCount":1200}`, 100*2000+1100*120_000, "upstream")),
		"Gemini, with all details": painted(`,"finishReason":"STOP"`, `,"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":1400,"totalTokenCount":1500,"candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":1120},{"modality":"TEXT","tokenCount":280}]}`, 100*2000+280*12_000+1120*120_000, "upstream"),
	}
}

// TestTheBillHasWhatIsNoText: images that tools made, and those that no usage tells of.
func TestTheBillHasWhatIsNoText(t *testing.T) {
	t.Parallel()
	for name, c := range paids() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			b.AccountOn(c.platform, "a", func(a *ctl.NewAccount) { a.BaseURL = provide(t, c.answer) })
			key, k := b.Key("k"), askers()[c.platform]
			k.path, k.body = c.path, c.body
			for _, stream := range []bool{false, true} {
				if stream && c.wholeOnly || !stream && c.streamOnly {
					continue
				}
				a := k.ask(t, b, key, stream)
				b.Idle()
				if r := b.Last(); r.Cost != c.cost || r.Unpriced || r.Source != c.source || (r.Doubt != "") != c.doubt || r.Images != c.images {
					t.Errorf("streamed %v: %d, it cost %s (want %s); source %s, unpriced %v, doubt %q, %d images, items %+v", stream, a.Status, r.Cost, c.cost, r.Source, r.Unpriced, r.Doubt, r.Images, r.Items)
				}
			}
		})
	}
}
