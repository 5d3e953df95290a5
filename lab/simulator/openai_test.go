package simulator_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"mime/multipart"
	"reflect"
	"strings"
	"testing"
	"time"

	"crs/internal/usage"
	"crs/lab/simulator"
)

const (
	askGPT        = `{"model":"gpt-5.5","input":"Say pong for my ping."}`
	askGPTStream  = `{"model":"gpt-5.5","stream":true,"input":"Say pong for my ping."}`
	askChat       = `{"model":"gpt-5.5","messages":[{"role":"user","content":"Say pong for my ping."}]}`
	askChatStream = `{"model":"gpt-5.5","stream":true,"messages":[{"role":"user","content":"Say pong for my ping."}]}`
)

// gpt sends a request with an OpenAI key.
func (s *sim) gpt(path, body string, fields ...string) answer {
	s.t.Helper()
	return s.do("POST", path, body, append([]string{"authorization: Bearer sk-a"}, fields...)...)
}

// at starts a simulator whose clock stands.
func at(t *testing.T, script string) *sim {
	t.Helper()
	c := &clock{}
	return startWith(t, simulator.Options{Script: script, Now: c.now})
}

const (
	gptUsual = `"background":false,"instructions":null,"max_output_tokens":null,"max_tool_calls":null,"metadata":{},` +
		`"parallel_tool_calls":true,"previous_response_id":null,"prompt_cache_key":null,"prompt_cache_retention":null,` +
		`"reasoning":{"effort":null,"summary":null},"safety_identifier":null,"store":true,"temperature":1.0,` +
		`"text":{"format":{"type":"text"},"verbosity":"medium"},"tool_choice":"auto","tools":[],"top_logprobs":0,"top_p":1.0,` +
		`"truncation":"disabled","user":null`
	gptUsage = `"usage":{"input_tokens":9584,"input_tokens_details":{"cached_tokens":9012,"cache_write_tokens":560},` +
		`"output_tokens":34,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":9618}`
	chatUsage = `"usage":{"prompt_tokens":9584,"completion_tokens":34,"total_tokens":9618,` +
		`"prompt_tokens_details":{"cached_tokens":9012,"cache_write_tokens":560,"audio_tokens":0},` +
		`"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}`
)

func TestAResponseHasTheShapeOfOne(t *testing.T) {
	t.Parallel()
	a := at(t, "").gpt("/v1/responses", askGPT)
	want := `{"id":"resp_sim000000000000000001","object":"response","created_at":1795000000,"completed_at":1795000000,` +
		`"status":"completed","error":null,"incomplete_details":null,"model":"gpt-5.5","output":[{"id":"msg_sim000000000000000001",` +
		`"type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","annotations":[],"logprobs":[],` +
		`"text":"pong — the simulator heard you."}]}],` + gptUsual + `,"service_tier":"default",` + gptUsage + `}`
	if a.status != 200 || a.body != want || a.err != nil {
		t.Errorf("answer %d %v\n%s\nwant\n%s", a.status, a.err, a.body, want)
	}
	for name, want := range map[string]string{
		"Content-Type":                   "application/json",
		"X-Request-Id":                   "req_sim000000000000000001",
		"Openai-Version":                 "2020-10-01",
		"Openai-Processing-Ms":           "123",
		"X-Ratelimit-Limit-Requests":     "10000",
		"X-Ratelimit-Remaining-Tokens":   "29999000",
		"X-Ratelimit-Reset-Requests":     "6ms",
		"X-Codex-Primary-Used-Percent":   "",
		"Anthropic-Ratelimit-Tokens-Any": "",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestAResponseRepeatsWhatItWasAsked(t *testing.T) {
	t.Parallel()
	body := "{\"model\":\"gpt-5.5\",\"input\":[],\"stream\":true,\"instructions\":\"Be brief.\",\n \"tools\":[\r\n{\"type\":\"function\"}],\"store\":false,\"temperature\":0.5," +
		"\"service_tier\":\"priority\",\"metadata\":{\"a\":\"b\"},\"unknown\":1}"
	a := start(t, "").gpt("/v1/responses", body)
	for _, data := range dataLines(t, a.body) { // which reads JSON out of one line each
		if !strings.HasPrefix(data, `{"type":"response.c`) || strings.Contains(data, "content_part") {
			continue
		}
		for _, want := range []string{`"instructions":"Be brief."`, `"tools":[{"type":"function"}]`, `"store":false`, `"temperature":0.5`, `"metadata":{"a":"b"}`, `"top_p":1.0`} {
			if !strings.Contains(data, want) {
				t.Errorf("no %s in %s", want, data)
			}
		}
	}
	if !strings.Contains(a.body, `"service_tier":"auto"`) || !strings.Contains(a.body, `"service_tier":"priority"`) || strings.Contains(a.body, "unknown") {
		t.Errorf("the tier is missing, or something unknown is repeated: %s", a.body)
	}
}

func TestAResponseStreamHasItsEventsInOrder(t *testing.T) {
	t.Parallel()
	s := at(t, `ok(thinking,tool,events=2,text="Hi you",reasoning=5)`)
	a := s.gpt("/v1/responses", `{"model":"gpt-5.5","stream":true,"include":["reasoning.encrypted_content"],"input":[{"role":"user","content":"x"}]}`)
	const (
		begun   = `"response":{"id":"resp_sim000000000000000001","object":"response","created_at":1795000000,"completed_at":null,"status":"in_progress","error":null,"incomplete_details":null,"model":"gpt-5.5","output":[],` + gptUsual + `,"service_tier":"auto","usage":null}}`
		thought = `{"id":"rs_sim000000000000000001","type":"reasoning","summary":[{"type":"summary_text","text":"Let me think — the user wants an answer, and this one is simulated."}],"encrypted_content":"gAAAAABpsimulatedB1nUIgWfzr0bZ3kYb8Q5g3m2sUeOqkM0dVh4s1xT7aWcEoRjLyPvKtHxFzNi6u9QDG=="}`
		words   = `{"id":"msg_sim000000000000000001","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"Hi you Hi you Hi"}]}`
		called  = `{"id":"fc_sim000000000000000001","type":"function_call","status":"completed","arguments":"{\"file_path\":\"/tmp/simulated.txt\"}","call_id":"call_sim000000000000000001","name":"Read"}`
		rs      = `"item_id":"rs_sim000000000000000001","output_index":0,"summary_index":0,`
		msg     = `"item_id":"msg_sim000000000000000001","output_index":1,"content_index":0,`
		fc      = `"item_id":"fc_sim000000000000000001","output_index":2,`
	)
	want := []string{
		`{"type":"response.created","sequence_number":0,` + begun,
		`{"type":"response.in_progress","sequence_number":1,` + begun,
		`{"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"rs_sim000000000000000001","type":"reasoning","summary":[]}}`,
		`{"type":"response.reasoning_summary_part.added","sequence_number":3,` + rs + `"part":{"type":"summary_text","text":""}}`,
		`{"type":"response.reasoning_summary_text.delta","sequence_number":4,` + rs + `"delta":"Let me think — the user wants an"}`,
		`{"type":"response.reasoning_summary_text.delta","sequence_number":5,` + rs + `"delta":" answer, and this one is simulated."}`,
		`{"type":"response.reasoning_summary_text.done","sequence_number":6,` + rs + `"text":"Let me think — the user wants an answer, and this one is simulated."}`,
		`{"type":"response.reasoning_summary_part.done","sequence_number":7,` + rs + `"part":{"type":"summary_text","text":"Let me think — the user wants an answer, and this one is simulated."}}`,
		`{"type":"response.output_item.done","sequence_number":8,"output_index":0,"item":` + thought + `}`,
		`{"type":"response.output_item.added","sequence_number":9,"output_index":1,"item":{"id":"msg_sim000000000000000001","type":"message","status":"in_progress","role":"assistant","content":[]}}`,
		`{"type":"response.content_part.added","sequence_number":10,` + msg + `"part":{"type":"output_text","annotations":[],"logprobs":[],"text":""}}`,
		`{"type":"response.output_text.delta","sequence_number":11,` + msg + `"delta":"Hi you H","logprobs":[]}`,
		`{"type":"response.output_text.delta","sequence_number":12,` + msg + `"delta":"i you Hi","logprobs":[]}`,
		`{"type":"response.output_text.done","sequence_number":13,` + msg + `"text":"Hi you Hi you Hi","logprobs":[]}`,
		`{"type":"response.content_part.done","sequence_number":14,` + msg + `"part":{"type":"output_text","annotations":[],"logprobs":[],"text":"Hi you Hi you Hi"}}`,
		`{"type":"response.output_item.done","sequence_number":15,"output_index":1,"item":` + words + `}`,
		`{"type":"response.output_item.added","sequence_number":16,"output_index":2,"item":{"id":"fc_sim000000000000000001","type":"function_call","status":"in_progress","arguments":"","call_id":"call_sim000000000000000001","name":"Read"}}`,
		`{"type":"response.function_call_arguments.delta","sequence_number":17,` + fc + `"delta":"{\"file_path\":\"/tm"}`,
		`{"type":"response.function_call_arguments.delta","sequence_number":18,` + fc + `"delta":"p/simulated.txt\"}"}`,
		`{"type":"response.function_call_arguments.done","sequence_number":19,` + fc + `"arguments":"{\"file_path\":\"/tmp/simulated.txt\"}"}`,
		`{"type":"response.output_item.done","sequence_number":20,"output_index":2,"item":` + called + `}`,
		`{"type":"response.completed","sequence_number":21,"response":{"id":"resp_sim000000000000000001","object":"response","created_at":1795000000,"completed_at":1795000000,"status":"completed","error":null,"incomplete_details":null,"model":"gpt-5.5","output":[` +
			thought + `,` + words + `,` + called + `],` + gptUsual + `,"service_tier":"default",` + strings.Replace(gptUsage, `"reasoning_tokens":0`, `"reasoning_tokens":5`, 1) + `}}`,
	}
	if a.status != 200 || a.err != nil || a.header.Get("Content-Type") != "text/event-stream; charset=utf-8" {
		t.Fatalf("answer %d %v %v", a.status, a.err, a.header)
	}
	if got := dataLines(t, a.body); !reflect.DeepEqual(got, want) {
		t.Errorf("events:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	tokens := simulator.DefaultUsage()
	tokens.CacheWrite1h, tokens.Reasoning = 0, 5
	if q := s.last(); q.EventsSent != len(want) || q.Model != "gpt-5.5" || !reflect.DeepEqual(s.Served(), map[string]simulator.Bill{"sk-a": {Requests: 1, Tokens: tokens}}) {
		t.Errorf("recorded %+v, served %+v", q, s.Served())
	}
}

func TestTheThoughtAndTheToolAreInTheWholeResponseToo(t *testing.T) {
	t.Parallel()
	a := start(t, "ok(thinking,tool,text=Hi)").gpt("/v1/responses", askGPT)
	var m struct {
		Output []struct {
			Type, Name, Arguments string
			CallID                string `json:"call_id"`
			Encrypted             string `json:"encrypted_content"`
			Summary, Content      []struct{ Type, Text string }
		}
		Usage struct {
			Details struct {
				Reasoning int64 `json:"reasoning_tokens"`
			} `json:"output_tokens_details"`
		}
	}
	if err := json.Unmarshal([]byte(a.body), &m); err != nil || len(m.Output) != 3 {
		t.Fatalf("%v in %s", err, a.body)
	}
	if m.Output[0].Type != "reasoning" || len(m.Output[0].Summary) != 1 || m.Output[0].Encrypted != "" || m.Output[1].Content[0].Text != "Hi" ||
		m.Output[2].Name != simulator.ToolName || m.Output[2].Arguments != simulator.ToolInput || m.Output[2].CallID == "" || m.Usage.Details.Reasoning != 17 {
		t.Errorf("%+v", m)
	}
}

// chatChunks gives the data of each event of a chat stream.
func chatChunks(t *testing.T, body string) []string {
	t.Helper()
	var all []string
	for event := range strings.SplitSeq(strings.TrimSuffix(body, "\n\n"), "\n\n") {
		data, ok := strings.CutPrefix(event, "data: ")
		if !ok || data != "[DONE]" && !json.Valid([]byte(data)) {
			t.Errorf("event %q", event)
		}
		all = append(all, data)
	}
	return all
}

func TestAChatCompletionHasTheShapeOfOne(t *testing.T) {
	t.Parallel()
	s := at(t, "ok,ok(thinking,tool,text=Hi)")
	a := s.gpt("/v1/chat/completions", askChat)
	want := `{"id":"chatcmpl-sim000000000000000001","object":"chat.completion","created":1795000000,"model":"gpt-5.5","service_tier":"default",` +
		`"system_fingerprint":"fp_simulated","choices":[{"index":0,"message":{"role":"assistant","content":"pong — the simulator heard you.",` +
		`"refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],` + chatUsage + `}`
	if a.status != 200 || a.body != want || a.header.Get("x-request-id") == "" {
		t.Errorf("answer %d\n%s\nwant\n%s", a.status, a.body, want)
	}
	a = s.gpt("/v1/chat/completions", askChat)
	want = `"message":{"role":"assistant","content":"Hi","reasoning_content":"Let me think — the user wants an answer, and this one is simulated.",` +
		`"tool_calls":[{"id":"call_sim000000000000000002","type":"function","function":{"name":"Read","arguments":"{\"file_path\":\"/tmp/simulated.txt\"}"}}],` +
		`"refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"tool_calls"}]`
	if !strings.Contains(a.body, want) || !strings.Contains(a.body, `"reasoning_tokens":17`) {
		t.Errorf("answer %s\nwant %s", a.body, want)
	}
}

func TestAChatStreamHasItsChunksInOrder(t *testing.T) {
	t.Parallel()
	s := at(t, `loop:ok(thinking,tool,events=2,text="Hi you",reasoning=0)`)
	for _, asks := range []bool{false, true} {
		head, usage, tail := `{"id":"chatcmpl-sim000000000000000001","object":"chat.completion.chunk","created":1795000000,"model":"gpt-5.5","service_tier":"default","system_fingerprint":"fp_simulated",`, "", []string(nil)
		body := askChatStream
		if asks {
			head, usage = strings.Replace(head, "01\"", "02\"", 1), `,"usage":null`
			tail = []string{head + `"choices":[],` + chatUsage + `}`}
			body = strings.Replace(body, `"stream":true`, `"stream":true,"stream_options":{"include_usage":true}`, 1)
		}
		delta := func(d, finish string) string {
			return head + `"choices":[{"index":0,"delta":` + d + `,"logprobs":null,"finish_reason":` + finish + `}]` + usage + `}`
		}
		id := head[len(`{"id":"chatcmpl-`):len(`{"id":"chatcmpl-sim000000000000000001`)]
		want := append([]string{
			delta(`{"role":"assistant","content":"","refusal":null}`, "null"),
			delta(`{"reasoning_content":"Let me think — the user wants an"}`, "null"),
			delta(`{"reasoning_content":" answer, and this one is simulated."}`, "null"),
			delta(`{"content":"Hi you H"}`, "null"),
			delta(`{"content":"i you Hi"}`, "null"),
			delta(`{"tool_calls":[{"index":0,"id":"call_`+id+`","type":"function","function":{"name":"Read","arguments":""}}]}`, "null"),
			delta(`{"tool_calls":[{"index":0,"function":{"arguments":"{\"file_path\":\"/tm"}}]}`, "null"),
			delta(`{"tool_calls":[{"index":0,"function":{"arguments":"p/simulated.txt\"}"}}]}`, "null"),
			delta(`{}`, `"tool_calls"`),
		}, append(tail, "[DONE]")...)
		a := s.gpt("/v1/chat/completions", body)
		if got := chatChunks(t, a.body); !reflect.DeepEqual(got, want) {
			t.Errorf("chunks:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if q := s.last(); q.EventsSent != len(want) || q.Outcome != simulator.Served {
			t.Errorf("recorded %s after %d events", q.Outcome, q.EventsSent)
		}
	}
}

func TestAnOldCompletionIsText(t *testing.T) {
	t.Parallel()
	s := at(t, "loop:ok(text=Hi,events=2)")
	a := s.gpt("/v1/completions", `{"model":"gpt-3.5-turbo-instruct","prompt":["ping"]}`)
	want := `{"id":"cmpl-sim000000000000000001","object":"text_completion","created":1795000000,"model":"gpt-3.5-turbo-instruct","system_fingerprint":"fp_simulated",` +
		`"choices":[{"text":"Hi Hi Hi Hi Hi H","index":0,"logprobs":null,"finish_reason":"stop"}],` + chatUsage + `}`
	if a.status != 200 || a.body != want {
		t.Errorf("answer %d\n%s\nwant\n%s", a.status, a.body, want)
	}
	a = s.gpt("/v1/completions", `{"model":"m","prompt":"ping","stream":true,"stream_options":{"include_usage":true}}`)
	got := chatChunks(t, a.body)
	if len(got) != 5 || !strings.Contains(got[0], `"choices":[{"text":"Hi Hi Hi","index":0,"logprobs":null,"finish_reason":null}],"usage":null}`) ||
		!strings.Contains(got[2], `"choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"stop"}]`) || !strings.Contains(got[3], chatUsage) || got[4] != "[DONE]" {
		t.Errorf("chunks %q", got)
	}
}

func TestTheTextAnswersTheLastThingTheUserOfOpenAISaid(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	cases := []struct{ name, input, want string }{
		{"text", `"hi"`, "You said “hi” — that is all I know."},
		{"ping", `[{"type":"message","role":"user","content":[{"type":"input_text","text":"a ping"}]}]`, "pong — the simulator heard you."},
		{"items", `[{"role":"developer","content":"ping"},{"role":"user","content":"hi"},{"type":"reasoning","summary":[],"encrypted_content":"ping"},{"type":"function_call_output","call_id":"c","output":"ping"}]`, "You said “hi” — that is all I know."},
		{"nothing", `[{"type":"function_call_output","call_id":"c","output":"x"}]`, "You said nothing — and I have nothing to add."},
	}
	for _, c := range cases {
		var m struct {
			Output []struct{ Content []struct{ Text string } }
		}
		a := s.gpt("/v1/responses", `{"model":"m","input":`+c.input+`}`)
		if err := json.Unmarshal([]byte(a.body), &m); err != nil || len(m.Output) != 1 || m.Output[0].Content[0].Text != c.want {
			t.Errorf("%s: %v %s", c.name, err, a.body)
		}
	}
}

func TestCompactingGivesOneSealedItem(t *testing.T) {
	t.Parallel()
	s := at(t, "")
	a := s.gpt("/v1/responses/compact", `{"model":"gpt-5.5","input":[{"role":"user","content":"a \"b\""}]}`)
	want := `{"id":"resp_sim000000000000000001","object":"response.compaction","created_at":1795000000,"output":[` +
		`{"id":"msg_sim000000000000000001","type":"message","status":"completed","role":"user","content":[{"type":"input_text","text":"a \"b\""}]},` +
		`{"id":"cmp_sim000000000000000001","type":"compaction","encrypted_content":"gAAAAABpsimulatedB1nUIgWfzr0bZ3kYb8Q5g3m2sUeOqkM0dVh4s1xT7aWcEoRjLyPvKtHxFzNi6u9QDG=="}],` + gptUsage + `}`
	if a.status != 200 || a.body != want {
		t.Errorf("answer %d\n%s\nwant\n%s", a.status, a.body, want)
	}
}

func TestEveryTextHasItsEmbedding(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	type vectors struct {
		Data []struct {
			Index     int
			Embedding json.RawMessage
		}
		Usage map[string]int64
	}
	for input, texts := range map[string]int{`"a"`: 1, `["a","b","c"]`: 3, `[1,22,333]`: 1, `[[1,2],[3]]`: 2} {
		var got vectors
		a := s.gpt("/v1/embeddings", `{"model":"text-embedding-3-small","dimensions":3,"input":`+input+`}`)
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || len(got.Data) != texts {
			t.Errorf("%s: %v, %d vectors", input, err, len(got.Data))
		}
		if !reflect.DeepEqual(got.Usage, map[string]int64{"prompt_tokens": 12, "total_tokens": 12}) || string(got.Data[0].Embedding) != "[-0.1,-0.093,-0.086]" {
			t.Errorf("%s: %+v", input, got)
		}
	}
	var packed vectors
	a := s.gpt("/v1/embeddings", `{"model":"m","encoding_format":"base64","input":"a"}`)
	if err := json.Unmarshal([]byte(a.body), &packed); err != nil || len(packed.Data) != 1 {
		t.Fatalf("%v in %s", err, a.body)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Trim(string(packed.Data[0].Embedding), `"`))
	if err != nil || len(raw) != 4*1536 || math.Float32frombits(binary.LittleEndian.Uint32(raw[4:])) != -0.093 {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
	s.idle()
	if b := s.Served()["sk-a"]; b.Requests != 5 || b.Tokens != (usage.Tokens{Input: 5 * 12}) {
		t.Errorf("served %+v", b)
	}
}

func TestPicturesAreMadeAndEdited(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	type pictures struct {
		Created int64
		Data    []struct {
			B64 []byte `json:"b64_json"`
		}
		Usage map[string]any
	}
	png := []byte("\x89PNG\r\n")
	check := func(a answer, n int) {
		t.Helper()
		var got pictures
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != 200 || len(got.Data) != n || !bytes.HasPrefix(got.Data[0].B64, png) ||
			got.Usage["input_tokens"] != 12.0 || got.Usage["output_tokens"] != 34.0 || got.Usage["total_tokens"] != 46.0 {
			t.Errorf("%d %v %s", a.status, err, a.body)
		}
	}
	check(s.gpt("/v1/images/generations", `{"prompt":"a cat","n":2}`), 2)
	if q := s.last(); q.Model != "gpt-image-1" {
		t.Errorf("recorded as %q", q.Model)
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for name, value := range map[string]string{"prompt": "a dog", "model": "gpt-image-2", "n": "1"} {
		_ = w.WriteField(name, value)
	}
	file, _ := w.CreateFormFile("image", "cat.png")
	_, _ = file.Write(png)
	_ = w.Close()
	check(s.gpt("/v1/images/edits", form.String(), "content-type: "+w.FormDataContentType()), 1)
	if q := s.last(); q.Model != "gpt-image-2" || q.BodyLen != form.Len() {
		t.Errorf("recorded as %q with %d bytes", q.Model, q.BodyLen)
	}
	if a := s.gpt("/v1/images/edits", form.String()[:form.Len()-9], "content-type: "+w.FormDataContentType()); a.status != 400 {
		t.Errorf("half a form: %d %s", a.status, a.body)
	}
	a := s.gpt("/v1/images/generations", `{"model":"gpt-image-1","prompt":"a cat","stream":true}`)
	got := dataLines(t, a.body)
	if len(got) != 2 || !strings.HasPrefix(got[0], `{"type":"image_generation.partial_image","b64_json":"iVBOR`) || !strings.Contains(got[1], `"usage":{"input_tokens":12,`) {
		t.Errorf("stream %q", got)
	}
	s.idle()
	if b := s.Served()["sk-a"]; b.Requests != 3 || b.Tokens != (usage.Tokens{Input: 36, Output: 102}) {
		t.Errorf("served %+v", b)
	}
}

func TestTheListOfModelsIsInTheCallersProtocol(t *testing.T) {
	t.Parallel()
	s := start(t, "429")
	var gpt struct {
		Object string
		Data   []struct {
			ID, Object string
			OwnedBy    string `json:"owned_by"`
			Created    int64
		}
	}
	a := s.do("GET", "/v1/models", "", "authorization: Bearer sk-a")
	if err := json.Unmarshal([]byte(a.body), &gpt); err != nil || gpt.Object != "list" || len(gpt.Data) == 0 || gpt.Data[0].Object != "model" || gpt.Data[0].Created == 0 || gpt.Data[0].OwnedBy == "" {
		t.Errorf("%v %s", err, a.body)
	}
	for _, field := range []string{"anthropic-version: 2023-06-01", "x-api-key: sk-a"} {
		if a := s.do("GET", "/v1/models", "", "authorization: Bearer sk-a", field); strings.Contains(a.body, "gpt-") {
			t.Errorf("with %s: %s", field, a.body)
		}
	}
}

func TestTheStepDecidesWhatOpenAIBills(t *testing.T) {
	t.Parallel()
	s := startWith(t, simulator.Options{
		Usage:  usage.Tokens{Input: 1, Output: 2, CacheRead: 3, CacheWrite: 4, CacheWrite1h: 5},
		Script: "ok,ok(input=10,output=20,cache_read=30,cache_write=40,cache_write_1h=50,reasoning=7)",
	})
	s.gpt("/v1/chat/completions", askChat)
	a := s.gpt("/v1/responses", askGPTStream)
	const want = `"usage":{"input_tokens":80,"input_tokens_details":{"cached_tokens":30,"cache_write_tokens":40},"output_tokens":20,"output_tokens_details":{"reasoning_tokens":7},"total_tokens":100}`
	if !strings.Contains(a.body, want) {
		t.Errorf("no %s in\n%s", want, a.body)
	}
	s.idle()
	bill := simulator.Bill{Requests: 2, Tokens: usage.Tokens{Input: 11, Output: 22, CacheRead: 33, CacheWrite: 44, Reasoning: 7}}
	if got := s.Served(); !reflect.DeepEqual(got, map[string]simulator.Bill{"sk-a": bill}) {
		t.Errorf("served %+v, want %+v", got, bill)
	}
}

// everywhere are requests to every kind of inference of this family, with the account that each is billed to.
var everywhere = []struct {
	name, path, body string
	fields           []string
	account          string
}{
	{"responses", "/v1/responses", askGPT, []string{"authorization: Bearer sk-a"}, "sk-a"},
	{"responses stream", "/v1/responses", askGPTStream, []string{"authorization: Bearer sk-b"}, "sk-b"},
	{"compact", "/v1/responses/compact", askGPT, []string{"authorization: Bearer sk-c"}, "sk-c"},
	{"chat", "/v1/chat/completions", askChat, []string{"authorization: Bearer sk-d"}, "sk-d"},
	{"chat stream", "/v1/chat/completions", askChatStream, []string{"authorization: Bearer sk-e"}, "sk-e"},
	{"completions stream", "/v1/completions", `{"model":"m","prompt":"x","stream":true}`, []string{"authorization: Bearer sk-f"}, "sk-f"},
	{"embeddings", "/v1/embeddings", `{"model":"m","input":"x","dimensions":4}`, []string{"authorization: Bearer sk-g"}, "sk-g"},
	{"images", "/v1/images/generations", `{"prompt":"x"}`, []string{"authorization: Bearer sk-h"}, "sk-h"},
	{"images stream", "/v1/images/edits", `{"prompt":"x","stream":true}`, []string{"authorization: Bearer sk-i"}, "sk-i"},
	{"codex", "/backend-api/codex/responses", askCodex, []string{"authorization: Bearer at-a"}, "at-a"},
	{"codex compact", "/backend-api/codex/responses/compact", `{"model":"m","input":[]}`, []string{"authorization: Bearer at-b"}, "at-b"},
	{"azure chat", "/openai/deployments/d/chat/completions?api-version=2024-10-21", askChatStream, []string{"api-key: az-a"}, "az-a"},
	{"azure responses", "/openai/v1/responses", askGPTStream, []string{"api-key: az-b"}, "az-b"},
	{"droid messages", "/api/llm/a/v1/messages", askStream, droidFields("anthropic", "fk-a"), "fk-a"},
	{"droid responses", "/api/llm/o/v1/responses", askGPTStream, droidFields("azure_openai", "fk-b"), "fk-b"},
	{"droid chat", "/api/llm/o/v1/chat/completions", askChat, droidFields("azure_openai", "fk-c"), "fk-c"},
}

func TestEveryFaultWorksEverywhere(t *testing.T) {
	t.Parallel()
	for _, c := range everywhere {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			run := func() (*sim, []int) {
				s := start(t, "random(7,ok=30)")
				var got []int
				for range 30 {
					got = append(got, s.do("POST", c.path, c.body, c.fields...).status)
				}
				return s, got
			}
			s, first := run()
			if _, second := run(); !reflect.DeepEqual(first, second) {
				t.Errorf("%v\nthen %v", first, second)
			}
			var served int64
			for _, q := range s.idle() {
				if q.Outcome == simulator.Served {
					served++
				}
				if q.Outcome == simulator.Running || q.Step == "" || q.Account != c.account {
					t.Errorf("recorded %+v", q)
				}
				if strings.HasPrefix(q.Step, "429") && q.Status != 429 || q.Step == "529" && q.Status != 529 {
					t.Errorf("%s was answered %d", q.Step, q.Status)
				}
			}
			if bill := s.Served()[c.account]; served == 0 || served == 30 || bill.Requests != served {
				t.Errorf("%d were served whole, billed %+v", served, bill)
			}
		})
	}
}

func TestAFaultStrikesInTheMiddleOfAnyStream(t *testing.T) {
	t.Parallel()
	for _, c := range everywhere {
		if !strings.Contains(c.body, `"stream":true`) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, "cut(after=1),stall(after=1,for=1ms),reset(after=1),error(overloaded_error,after=0),garbage(json),crlf,split,gzip(silent)")
			var outcomes []simulator.Outcome
			for range 8 {
				s.do("POST", c.path, c.body, c.fields...)
				outcomes = append(outcomes, s.last().Outcome)
			}
			const f, o = simulator.Faulted, simulator.Served
			if want := []simulator.Outcome{f, o, f, f, f, o, o, o}; !reflect.DeepEqual(outcomes, want) {
				t.Errorf("outcomes %v, want %v", outcomes, want)
			}
			if bill := s.Served()[c.account]; bill.Requests != 4 {
				t.Errorf("billed %+v", bill)
			}
			for _, q := range s.Requests()[:3] {
				if q.Outcome == f && q.EventsSent != 1 {
					t.Errorf("%s sent %d events", q.Step, q.EventsSent)
				}
			}
		})
	}
}

func TestAnOpenAIRequestIsRecordedAsItWasSent(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 10, 30, 0, 0, time.UTC)
	s := startWith(t, simulator.Options{Now: func() time.Time { return now }})
	s.gpt("/v1/responses?x=1", askGPTStream, "session-id: 01a2")
	got := s.last()
	want := simulator.Request{
		Method: "POST", Path: "/v1/responses", Query: "x=1", Header: got.Header,
		BodySHA256: sha256Of(askGPTStream), BodyLen: len(askGPTStream), Credential: "sk-a", Account: "sk-a", Model: "gpt-5.5",
		At: now, Step: "ok", Status: 200, EndedAt: now, Outcome: simulator.Served, EventsSent: 12,
	}
	if !reflect.DeepEqual(got, want) || got.Header.Get("session-id") != "01a2" {
		t.Errorf("recorded\n%+v\nwant\n%+v", got, want)
	}
}
