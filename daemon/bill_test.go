package daemon_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"crs/ctl"
	"crs/lab/crstest"
)

// answer is what a provider says, in one piece and as a stream, in its own words.
type answer struct{ whole, stream string }

// events writes a stream of events with a type, as Anthropic and OpenAI's Responses have them.
func events(all ...string) string {
	var b strings.Builder
	for _, e := range all {
		kind, _, _ := strings.Cut(strings.TrimPrefix(e, `{"type":"`), `"`)
		fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", kind, e)
	}
	return b.String()
}

// ofClaude answers as Anthropic does: the stream's head has the input, and its end the whole usage.
func ofClaude(model, stop, text, usage string) answer {
	usage = strings.NewReplacer("\n", "", "\t", "").Replace(usage)
	content := fmt.Sprintf(`[{"type":"text","text":%q}]`, text)
	blocks := []string{
		`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`,
		fmt.Sprintf(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":%q}}`, text),
		`{"type":"content_block_stop","index":0}`,
	}
	if text == "" {
		content, blocks = "[]", nil
	}
	all := []string{fmt.Sprintf(`{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":%q,"content":[],"stop_reason":null,"usage":{"input_tokens":1,"output_tokens":1}}}`, model)}
	all = append(append(all, blocks...),
		fmt.Sprintf(`{"type":"message_delta","delta":{"stop_reason":%q,"stop_sequence":null},"usage":%s}`, stop, usage), `{"type":"message_stop"}`)
	return answer{
		fmt.Sprintf(`{"id":"msg_1","type":"message","role":"assistant","model":%q,"content":%s,"stop_reason":%q,"usage":%s}`, model, content, stop, usage),
		events(all...),
	}
}

// ofChat answers as OpenAI's chat completions do.
func ofChat(model, tier, usage string) answer {
	head := fmt.Sprintf(`"id":"c","created":1,"model":%q,"service_tier":%q`, model, tier)
	return answer{
		fmt.Sprintf(`{"object":"chat.completion",%s,"choices":[{"index":0,"message":{"role":"assistant","content":"pong"},"finish_reason":"stop"}],"usage":%s}`, head, usage),
		fmt.Sprintf("data: {\"object\":\"chat.completion.chunk\",%[1]s,\"choices\":[{\"index\":0,\"delta\":{\"content\":\"pong\"},\"finish_reason\":\"stop\"}]}\n\ndata: {\"object\":\"chat.completion.chunk\",%[1]s,\"choices\":[],\"usage\":%[2]s}\n\ndata: [DONE]\n\n", head, usage),
	}
}

// ofImages answers as OpenAI's images do.
func ofImages(usage string) answer {
	return answer{
		fmt.Sprintf(`{"created":1,"data":[{"b64_json":"aGk="}],"usage":%s}`, usage),
		events(`{"type":"image_generation.partial_image","partial_image_index":0,"b64_json":"aGk="}`, fmt.Sprintf(`{"type":"image_generation.completed","b64_json":"aGk=","usage":%s}`, usage)),
	}
}

// ofGemini answers as Gemini does; a stream repeats what it has searched for.
func ofGemini(model, grounding, usage string) answer {
	chunk := func(text, more string) string {
		return fmt.Sprintf(`{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":%q}]}%s%s}],"usageMetadata":%s,"modelVersion":%q}`, text, more, grounding, usage, model)
	}
	return answer{chunk("pong", `,"finishReason":"STOP"`), "data: " + chunk("po", "") + "\n\ndata: " + chunk("ng", `,"finishReason":"STOP"`) + "\n\n"}
}

// provide serves an answer to every request: as a stream where one is asked for.
func provide(t *testing.T, a answer) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(r.URL.Path, "stream") || strings.Contains(string(body), `"stream":true`) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, a.stream)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, a.whole)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

const turn = `"cache_creation_input_tokens":0,"cache_read_input_tokens":0`

// bills are what providers bill for, in their own shapes: public reports of relays that got them wrong.
func bills() map[string]bill {
	claude := func(a answer, asked string) bill { return bill{platform: "claude-console", model: asked, answer: a} }
	chat := func(a answer, asked string) bill { return bill{platform: "openai-responses", model: asked, answer: a} }
	gemini := func(a answer, asked string) bill { return bill{platform: "gemini-api", model: asked, answer: a} }
	return map[string]bill{
		"an advisor is paid at its own price": claude(ofClaude("claude-sonnet-4-6", "end_turn", "pong", `{"input_tokens":2,"output_tokens":491,"cache_read_input_tokens":226584,"cache_creation_input_tokens":7853,"cache_creation":{"ephemeral_5m_input_tokens":7853,"ephemeral_1h_input_tokens":0},"iterations":[
			{"type":"message","model":"claude-sonnet-4-6","input_tokens":2,"output_tokens":491,"cache_read_input_tokens":226584,"cache_creation_input_tokens":7853,"cache_creation":{"ephemeral_5m_input_tokens":7853,"ephemeral_1h_input_tokens":0}},
			{"type":"advisor_message","model":"claude-opus-4-7","input_tokens":159419,"output_tokens":7805,`+turn+`}]}`), "claude-sonnet-4-6").
			costs(1_097_014_950),
		"a compaction is paid beside the totals": claude(ofClaude("claude-opus-4-6", "end_turn", "pong", `{"input_tokens":23000,"output_tokens":1000,"iterations":[
			{"type":"compaction","input_tokens":180000,"output_tokens":3500,`+turn+`},{"type":"message","input_tokens":23000,"output_tokens":1000,`+turn+`}]}`), "claude-opus-4-6").
			costs(1_127_500_000),
		"the model that answers decides": claude(ofClaude("claude-opus-4-8", "end_turn", "pong", `{"input_tokens":1000,"output_tokens":100}`), "claude-fable-5").
			costs(1000*5_000 + 100*25_000),
		"an attempt that gave something is paid, one that declined is not": claude(ofClaude("claude-fable-5", "end_turn", "pong", `{"input_tokens":1000,"output_tokens":100,"iterations":[
			{"type":"message","model":"claude-fable-5","input_tokens":900,"output_tokens":50,`+turn+`},{"type":"message","model":"claude-sonnet-4-6","input_tokens":1000,"output_tokens":0,`+turn+`},
			{"type":"fallback_message","model":"claude-opus-4-8","input_tokens":1000,"output_tokens":100,`+turn+`}]}`), "claude-fable-5").
			costs(1000*5_000 + 100*25_000 + 900*10_000 + 50*50_000),
		"a refusal before anything was said": claude(ofClaude("claude-fable-5", "refusal", "", `{"input_tokens":100000,"output_tokens":1}`), "claude-fable-5").
			costs(0),
		"a refusal after something was said": claude(ofClaude("claude-fable-5", "refusal", "Well", `{"input_tokens":100000,"output_tokens":1}`), "claude-fable-5").
			costs(100_000*10_000 + 50_000),
		"each turn has its own step": claude(ofClaude("claude-haiku-5-5", "end_turn", "pong", `{"input_tokens":150000,"output_tokens":2000,"iterations":[
			{"type":"message","input_tokens":90000,"output_tokens":1000,`+turn+`},{"type":"message","input_tokens":60000,"output_tokens":1000,`+turn+`}]}`), "claude-haiku-5-5").
			costs(150_000*100 + 2000*500),
		"turns that do not add up": claude(ofClaude("claude-haiku-5-5", "end_turn", "pong", `{"input_tokens":150000,"output_tokens":2000,"iterations":[
			{"type":"message","input_tokens":90000,"output_tokens":1000,`+turn+`},{"type":"message","input_tokens":50000,"output_tokens":1000,`+turn+`}]}`), "claude-haiku-5-5").
			costs(150_000*500 + 2000*2500).doubtful(),
		"fast, in the US": claude(ofClaude("claude-opus-4-8", "end_turn", "pong", `{"input_tokens":1000,"output_tokens":100,"speed":"fast","inference_geo":"us","server_tool_use":{"web_search_requests":1}}`), "claude-opus-4-8").
			costs((1000*5_000+100*25_000)*22/10 + 10_000_000),
		"distinct searches": gemini(ofGemini("gemini-3-flash-preview", `,"groundingMetadata":{"webSearchQueries":["a","b","a"]}`, `{"promptTokenCount":10,"candidatesTokenCount":5,"totalTokenCount":15}`), "gemini-3-flash-preview").
			costs(28_020_000),
		"a grounded prompt": gemini(ofGemini("gemini-2.5-flash-lite", `,"groundingMetadata":{"webSearchQueries":["a","b","a"]}`, `{"promptTokenCount":10,"candidatesTokenCount":5,"totalTokenCount":15}`), "gemini-2.5-flash-lite").
			costs(35_000_000 + 10*100 + 5*400),
		"an image of Gemini's": gemini(ofGemini("gemini-3-pro-image-preview", "", `{"promptTokenCount":326,"candidatesTokenCount":2340,"thoughtsTokenCount":337,"totalTokenCount":3003,"candidatesTokensDetails":[{"modality":"TEXT","tokenCount":340},{"modality":"IMAGE","tokenCount":2000}]}`), "gemini-3-pro-image-preview").
			costs(248_776_000),
		"sound for Gemini": gemini(ofGemini("gemini-3-flash-preview", "", `{"promptTokenCount":1010,"candidatesTokenCount":5,"promptTokensDetails":[{"modality":"TEXT","tokenCount":10},{"modality":"AUDIO","tokenCount":1000}]}`), "gemini-3-flash-preview").
			costs(10*500 + 1000*1000 + 5*3000),
		"an image of OpenAI's": {platform: "openai-responses", model: "gpt-image-1", path: "/openai/v1/images/generations", body: `{"model":"gpt-image-1","prompt":"a cat","stream":false}`,
			answer: ofImages(`{"input_tokens":100,"output_tokens":4160,"total_tokens":4260,"input_tokens_details":{"text_tokens":100,"image_tokens":0}}`), cost: 166_900_000},
		"fast, as the GPT-6 family says":          chat(ofChat("gpt-6.2-sol", "fast", `{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}`), "gpt-6.2-sol").costs(2 * (1000*2000 + 100*10_000)),
		"ultrafast":                               chat(ofChat("gpt-6.2-sol", "ultrafast", `{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}`), "gpt-6.2-sol").costs(3 * (1000*2000 + 100*10_000)),
		"asked for fast, and served as ever":      chat(ofChat("gpt-6.2-sol", "default", `{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}`), "gpt-6.2-sol").asking("priority").costs(1000*2000 + 100*10_000),
		"priority that excludes long prompts":     chat(ofChat("gpt-5.5", "priority", `{"prompt_tokens":300000,"completion_tokens":1000,"total_tokens":301000}`), "gpt-5.5").costs(3_045_000_000),
		"a deployment that answers with its name": {platform: "azure-openai", model: "gpt-5.5", mapped: "prod-codex", answer: ofChat("prod-codex", "default", `{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}`), cost: 1000*5000 + 100*30_000},
		"sound for OpenAI":                        chat(ofChat("gpt-audio", "default", `{"prompt_tokens":110,"completion_tokens":70,"total_tokens":180,"prompt_tokens_details":{"audio_tokens":100,"text_tokens":10},"completion_tokens_details":{"audio_tokens":50,"text_tokens":20}}`), "gpt-audio").costs(10*2500 + 100*32_000 + 20*10_000 + 50*64_000),
	}
}

// bill is what a request with a model costs, in nano-dollars.
type bill struct {
	platform, model, mapped string
	path, body, tier        string
	answer                  answer
	cost                    ctl.USD
	doubt                   bool
}

func (b bill) costs(n ctl.USD) bill    { b.cost = n; return b }
func (b bill) doubtful() bill          { b.doubt = true; return b }
func (b bill) asking(tier string) bill { b.tier = tier; return b }
func (b bill) asker() (k asker) {
	k = askers()[b.platform]
	if b.path != "" {
		return asker{path: b.path, body: b.body}
	}
	k.named(b.model)
	if b.tier != "" {
		k.body = strings.Replace(k.body, `"stream"`, fmt.Sprintf(`"service_tier":%q,"stream"`, b.tier), 1)
	}
	return k
}

// TestTheBillIsTheProviders, whole and streamed, also after a restart.
func TestTheBillIsTheProviders(t *testing.T) {
	t.Parallel()
	for name, c := range bills() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			b.AccountOn(c.platform, "a", func(a *ctl.NewAccount) {
				a.BaseURL = provide(t, c.answer)
				if c.mapped != "" {
					a.Map = map[string]string{c.model: c.mapped}
				}
			})
			key, k := b.Key("k"), c.asker()
			for _, stream := range []bool{false, true} {
				if a := k.ask(t, b, key, stream); a.Status != http.StatusOK || a.Err != nil {
					t.Fatalf("streamed %v: %d %s %v", stream, a.Status, a.Body, a.Err)
				}
				b.Idle()
				r := b.Last()
				if r.Cost != c.cost || r.Unpriced || r.Source != "upstream" || (r.Doubt != "") != c.doubt || r.TierAsked != c.tier {
					t.Errorf("streamed %v: it cost %s (want %s); source %s, unpriced %v, doubt %q, tier %q of %q, items %+v", stream, r.Cost, c.cost, r.Source, r.Unpriced, r.Doubt, r.Tier, r.TierAsked, r.Items)
				}
			}
		})
	}
}
