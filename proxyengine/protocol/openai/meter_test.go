package openai_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"crs/internal/pricing"
	"crs/internal/usage"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

var (
	eventStream = provider.Header{{Name: "Content-Type", Value: "text/event-stream; charset=utf-8"}}
	inJSON      = provider.Header{{Name: "Content-Type", Value: "application/json"}}
)

func meter(service string, header provider.Header) provider.Meter {
	return openai.NewMeter(&provider.Intent{Service: service}, header)
}

// recording is an answer as it comes over the wire, and what it counts.
type recording struct {
	service, text string
	model         string
	tokens        usage.Tokens
	tier          string
	searches      int64
	begins, ends  string // the lines where content begins, and where the answer is complete
	raw           string
}

var responses = recording{
	service: openai.Responses, model: "gpt-5.5-2026-04-01", tier: "priority", searches: 1,
	tokens: usage.Tokens{Input: 1500, Output: 500, CacheRead: 8000, CacheWrite: 500, Reasoning: 320},
	begins: "event: response.output_item.added", ends: `data: {"type":"response.completed"`, raw: `"total_tokens":10500`,
	text: `event: response.created
data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","status":"in_progress","model":"gpt-5.5","instructions":"say \"usage\":{}","output":[],"usage":null,"error":null,"service_tier":"auto"}}

event: codex.rate_limits
data: {"type":"codex.rate_limits","plan_type":"plus","rate_limits":{"primary":{"used_percent":12.5,"window_minutes":300,"reset_at":1704069000}}}

event: response.in_progress
data: {"type":"response.in_progress","sequence_number":1,"response":{"id":"resp_1","model":"gpt-5.5","usage":null}}

event: response.output_item.added
data: {"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"type":"reasoning","summary":[]}}

event: response.output_item.done
data: {"type":"response.output_item.done","output_index":0,"item":{"id":"ws_1","type":"web_search_call","status":"completed","action":{"type":"search","query":"x"}}}

event: response.output_item.done
data: {"type":"response.output_item.done","output_index":1,"item":{"id":"ws_2","type":"web_search_call","status":"completed","action":{"type":"open_page","url":"x"}}}

event: response.output_text.delta
data: {"sequence_number":3,"type":"response.output_text.delta","item_id":"msg_1","output_index":1,"content_index":0,"delta":"Grüße: \"usage\":{\"output_tokens\":999}","obfuscation":"abc"}

event: response.completed
data: {"type":"response.completed","sequence_number":9,"response":{"id":"resp_1","object":"response","status":"completed","model":"gpt-5.5-2026-04-01","output":[],"service_tier":"priority","usage":{"input_tokens":10000,"input_tokens_details":{"cached_tokens":8000,"cache_write_tokens":500},"output_tokens":500,"output_tokens_details":{"reasoning_tokens":320},"total_tokens":10500}}}

`}

var chat = recording{
	service: openai.Chat, model: "gpt-5.5-2026-04-01", tier: "default",
	tokens: usage.Tokens{Input: 2000, Output: 500, CacheRead: 8000, Reasoning: 100},
	begins: `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-5.5-2026-04-01","service_tier":"default","choices":[{"index":0,"delta":{"content":"Gr`,
	ends:   "data: [DONE]", raw: `"prompt_tokens":10000`,
	text: `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"","choices":[],"prompt_filter_results":[{"prompt_index":0}]}

data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-5.5-2026-04-01","service_tier":"default","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}],"usage":null}

: keep-alive

data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-5.5-2026-04-01","service_tier":"default","choices":[{"index":0,"delta":{"content":"Grüße \"usage\":{\"x\":1}"},"finish_reason":null}],"usage":null}

data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-5.5-2026-04-01","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}

data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-5.5-2026-04-01","choices":[],"usage":{"prompt_tokens":10000,"completion_tokens":500,"total_tokens":10500,"prompt_tokens_details":{"cached_tokens":8000,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":100}}}

data: [DONE]

`}

var completions = recording{
	service: openai.Completions, model: "gpt-3.5-turbo-instruct", tokens: usage.Tokens{Input: 5, Output: 7},
	begins: `data: {"id":"cmpl"`, ends: "data: [DONE]", raw: `"prompt_tokens":5`,
	text: `data: {"id":"cmpl","object":"text_completion","choices":[{"text":"Hello","index":0,"logprobs":null,"finish_reason":null}],"model":"gpt-3.5-turbo-instruct"}

data: {"id":"cmpl","object":"text_completion","choices":[],"model":"gpt-3.5-turbo-instruct","usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}

data: [DONE]

`}

var images = recording{
	service: openai.Images, tokens: usage.Tokens{Input: 50, Output: 1056}, raw: `"image_tokens":40`,
	begins: "event: image_generation.partial_image", ends: `data: {"type":"image_generation.completed"`,
	text: `event: image_generation.partial_image
data: {"type":"image_generation.partial_image","b64_json":"AAAA","partial_image_index":0}

event: image_generation.completed
data: {"type":"image_generation.completed","b64_json":"AAAA","usage":{"total_tokens":1106,"input_tokens":50,"output_tokens":1056,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}}

`}

// TestAStreamIsCountedHoweverItIsCut feeds recordings cut in two at every byte, and byte by byte, with every line end.
func TestAStreamIsCountedHoweverItIsCut(t *testing.T) {
	t.Parallel()
	for _, r := range []recording{responses, chat, completions, images} {
		for name, text := range map[string]string{
			"LF": r.text, "CRLF": strings.ReplaceAll(r.text, "\n", "\r\n"), "CR": strings.ReplaceAll(r.text, "\n", "\r"),
			"no space":           strings.ReplaceAll(r.text, "data: ", "data:"),
			"no event lines":     strings.ReplaceAll(r.text, "event: ", ": "),
			"no last blank line": strings.TrimSuffix(r.text, "\n"),
		} {
			for cut := range len(text) {
				m := meter(r.service, eventStream)
				m.Feed([]byte(text[:cut]))
				m.Feed([]byte(text[cut:]))
				r.check(t, fmt.Sprintf("%s, %s, cut at %d", r.service, name, cut), m)
			}
			m := meter(r.service, eventStream)
			for i := range len(text) {
				m.Feed([]byte(text[i : i+1]))
			}
			r.check(t, r.service+", "+name+", byte by byte", m)
		}
	}
}

func (r *recording) check(t *testing.T, name string, m provider.Meter) {
	t.Helper()
	c := m.End()
	if !c.Complete || !c.Seen || !m.Complete() || c.Tokens != r.tokens || c.Model != r.model || c.Tier != r.tier ||
		c.Also[usage.WebSearch] != r.searches || m.Failure() != nil || !m.HasContent() || !strings.Contains(string(c.Raw), r.raw) || !json.Valid(c.Raw) {
		t.Fatalf("%s: %+v, failure %q", name, c, m.Failure())
	}
}

// TestAStreamThatEndsEarlyIsNeverCalledComplete ends recordings at every byte.
func TestAStreamThatEndsEarlyIsNeverCalledComplete(t *testing.T) {
	t.Parallel()
	for _, r := range []recording{responses, chat, completions, images} {
		begins, ends := strings.Index(r.text, r.begins), strings.Index(r.text, r.ends)
		if r.service == openai.Chat { // it is complete with its figures, behind the reason why it ended
			ends = strings.Index(r.text, `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-5.5-2026-04-01","choices":[],`)
		}
		for end := range len(r.text) {
			m := meter(r.service, eventStream)
			m.Feed([]byte(r.text[:end]))
			if m.HasContent() && end < begins {
				t.Fatalf("%s: at %d it has begun already", r.service, end)
			}
			if c := m.End(); c.Complete && end <= ends {
				t.Fatalf("%s: complete at %d: %q", r.service, end, r.text[max(0, end-40):end])
			}
		}
	}
}

func TestAnAnswerThatWasCutByItsBoundIsComplete(t *testing.T) {
	t.Parallel()
	for from, to := range map[string]string{"response.completed": "response.incomplete", `"status":"completed"`: `"status":"incomplete"`, "response.completed\"": "response.done\""} {
		m := meter(openai.Responses, eventStream)
		m.Feed([]byte(strings.ReplaceAll(responses.text, from, to)))
		responses.check(t, to, m)
	}
}

func TestACutAnswerIsCountedByWhatCame(t *testing.T) {
	t.Parallel()
	words := strings.Repeat("word ", 8)
	for service, delta := range map[string]string{
		openai.Responses:   `{"type":"response.output_text.delta","sequence_number":3,"item_id":"msg_0123456789012345678901234567890123456789","delta":"` + words + `","obfuscation":"12345678"}`,
		openai.Chat:        `{"id":"c","choices":[{"index":0,"delta":{"content":"` + words + `"},"finish_reason":null}]}`,
		openai.Completions: `{"id":"c","choices":[{"index":0,"text":"` + words + `"}]}`,
	} {
		m := meter(service, eventStream)
		for range 50 {
			m.Feed([]byte("data: " + delta + "\n\n"))
		}
		if c := m.End(); c.Complete || c.Seen || c.Tokens.Output != 500 || !m.HasContent() {
			t.Errorf("%s: 50 times 40 bytes of text were counted as %d tokens", service, c.Tokens.Output)
		}
	}
}

func TestAnErrorInAStreamIsTold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ service, before, name, data string }{
		{openai.Responses, responses.text[:strings.Index(responses.text, responses.begins)], "error", `{"type":"error","sequence_number":2,"code":"rate_limit_exceeded","message":"Please try again in 1.2s","param":null}`},
		{openai.Responses, "", "response.failed", `{"type":"response.failed","response":{"status":"failed","error":{"code":"server_is_overloaded","message":"Our servers are currently overloaded."},"usage":null}}`},
		{openai.Responses, "", "", `{"type":"error","status":429,"error":{"type":"usage_limit_reached","message":"The usage limit has been reached"}}`},
		{openai.Chat, chat.text[:strings.Index(chat.text, chat.begins)], "", `{"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}`},
		{openai.Chat, "", "error", `{"code":500,"message":"x"}`},
	} {
		m := meter(c.service, eventStream)
		m.Feed([]byte(c.before))
		event := "data: " + c.data + "\n\n"
		if c.name != "" {
			event = "event: " + c.name + "\n" + event
		}
		m.Feed([]byte(event))
		if string(m.Failure()) != c.data || m.HasContent() || !m.AtBoundary() || m.End().Complete {
			t.Errorf("%s: failure %q, begun %v", c.data, m.Failure(), m.HasContent())
		}
	}
	late := meter(openai.Responses, eventStream)
	late.Feed([]byte(responses.text[:strings.Index(responses.text, "event: response.completed")]))
	late.Feed([]byte(`data: {"type":"response.failed","response":{"error":{"code":"x"},"usage":{"input_tokens":9,"output_tokens":1000,"total_tokens":1009}}}` + "\n\n"))
	if c := late.End(); late.Failure() == nil || !late.HasContent() || !late.Complete() || c.Tokens.Input != 9 || c.Tokens.Output != 1000 {
		t.Errorf("a failure behind content: %+v", c)
	}
}

func TestAnEventTooLongToReadIsContent(t *testing.T) {
	t.Parallel()
	for _, service := range []string{openai.Chat, openai.Images} {
		m := meter(service, eventStream)
		m.Feed([]byte("data: {\"type\":\"image_generation.partial_image\",\"b64_json\":\"" + strings.Repeat("A", 9<<20) + "\"}\n\n"))
		if !m.HasContent() || m.Failure() != nil {
			t.Errorf("%s: begun %v", service, m.HasContent())
		}
	}
}

func TestFiguresWithoutDoneAreEnoughOnceTheAnswerHasEnded(t *testing.T) {
	t.Parallel()
	m := meter(openai.Chat, eventStream)
	m.Feed([]byte(strings.TrimSuffix(chat.text, "data: [DONE]\n\n")))
	chat.check(t, "no [DONE]", m)
	early := meter(openai.Chat, eventStream)
	early.Feed([]byte(`data: {"choices":[{"delta":{"content":"x"},"finish_reason":null}],"usage":{"prompt_tokens":5,"completion_tokens":1}}` + "\n\n"))
	if c := early.End(); c.Complete || !c.Seen || c.Tokens.Input != 5 {
		t.Errorf("running figures: %+v", c)
	}
}

func TestUsageObjects(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]usage.Tokens{
		`{"input_tokens":10000,"input_tokens_details":{"cached_tokens":8000},"output_tokens":500,"total_tokens":10500}`: {Input: 2000, Output: 500, CacheRead: 8000},
		`{"prompt_tokens":8,"total_tokens":8}`: {Input: 8},
		`{"prompt_tokens":100,"completion_tokens":10,"total_tokens":160,"completion_tokens_details":{"reasoning_tokens":50}}`:                                  {Input: 100, Output: 60, Reasoning: 50},
		`{"prompt_tokens":100,"completion_tokens":60,"total_tokens":160,"completion_tokens_details":{"reasoning_tokens":50}}`:                                  {Input: 100, Output: 60, Reasoning: 50},
		`{"prompt_tokens":100,"completion_tokens":10,"prompt_cache_hit_tokens":90,"prompt_cache_miss_tokens":10}`:                                              {Input: 10, Output: 10, CacheRead: 90},
		`{"prompt_tokens":10,"completion_tokens":10,"prompt_tokens_details":{"cached_tokens":90}}`:                                                             {Output: 10, CacheRead: 90},
		`{"prompt_tokens":-5,"completion_tokens":1e3,"prompt_tokens_details":null,"completion_tokens_details":{"reasoning_tokens":7}}`:                         {Output: 1000, Reasoning: 7},
		`{"input_tokens":1200,"input_tokens_details":{"cached_tokens":1000,"cache_write_tokens":100},"output_tokens":1,"output_tokens_details":{},"extra":[]}`: {Input: 100, Output: 1, CacheRead: 1000, CacheWrite: 100},
	} {
		m := meter(openai.Chat, inJSON)
		m.Feed([]byte(`{"usage":` + text + `}`))
		if c := m.End(); c.Tokens != want || !c.Complete {
			t.Errorf("%s: %+v", text, c)
		}
	}
	for _, text := range []string{`null`, `{}`, `[]`, `"x"`, `{"input_tokens":`} {
		m := meter(openai.Chat, inJSON)
		m.Feed([]byte(`{"usage":` + text + `}`))
		if c := m.End(); c.Seen || c.Complete {
			t.Errorf("%s: %+v", text, c)
		}
	}
}

const answer = `{"id":"resp_1","object":"response","status":"completed","error":null,"model":"gpt-5.5-2026-04-01","note":"\\\"}{\"usage\":{}",
	"output":[{"type":"web_search_call","action":{"type":"search"}},{"type":"message","content":[{"text":"\"usage\":{}"}]}],"service_tier":"priority",
	"usage":{"input_tokens":10000,"input_tokens_details":{"cached_tokens":8000,"cache_write_tokens":500},
	"output_tokens":500,"output_tokens_details":{"reasoning_tokens":320},"total_tokens":10500}, "z" : [ ] }`

func TestAnAnswerInJSONIsCountedHoweverItIsCut(t *testing.T) {
	t.Parallel()
	for cut := range len(answer) {
		m := meter(openai.Responses, inJSON)
		m.Feed([]byte(answer[:cut]))
		if m.Complete() {
			t.Fatalf("whole at %d", cut)
		}
		m.Feed([]byte(answer[cut:]))
		responses.check(t, fmt.Sprintf("cut at %d", cut), m)
	}
	m := meter(openai.Responses, inJSON)
	for i := range len(answer) {
		m.Feed([]byte(answer[i : i+1]))
	}
	responses.check(t, "byte by byte", m)
}

// TestFiguresOfWhichOneCannotBe are said to be doubtful.
func TestFiguresOfWhichOneCannotBe(t *testing.T) {
	t.Parallel()
	for text, doubtful := range map[string]bool{
		`{"prompt_tokens":10,"completion_tokens":10,"prompt_tokens_details":{"cached_tokens":10}}`:                         false,
		`{"prompt_tokens":10,"completion_tokens":10,"prompt_tokens_details":{"cached_tokens":11}}`:                         true,
		`{"prompt_tokens":10,"completion_tokens":10,"prompt_tokens_details":{"cached_tokens":5,"cache_write_tokens":6}}`:   true,
		`{"prompt_tokens":10,"completion_tokens":10,"completion_tokens_details":{"reasoning_tokens":10}}`:                  false,
		`{"prompt_tokens":10,"completion_tokens":10,"completion_tokens_details":{"reasoning_tokens":11}}`:                  true,
		`{"prompt_tokens":10,"completion_tokens":1,"total_tokens":22,"completion_tokens_details":{"reasoning_tokens":11}}`: false,
	} {
		m := meter(openai.Chat, inJSON)
		m.Feed([]byte(`{"usage":` + text + `}`))
		if c := m.End(); (c.Doubt != "") != doubtful || c.Tokens.Reasoning > c.Tokens.Output {
			t.Errorf("%s: %+v", text, c)
		}
	}
}

func TestWhatAnAnswerInJSONIsWorth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		whole   bool
		failure string
	}{
		`{"error":{"message":"x"}}`: {true, `{"error":{"message":"x"}}`},
		`{"id":"r","status":"failed","error": {"code":"server_error"} ,"output":[]}`: {true, `{"error":{"code":"server_error"}}`},
		`{"error":null}`: {true, ""},
		`{"object":"list","data":[{"embedding":[0.1,-2e3]}],"error":""}`: {true, ""},
		`{"object":"response.compaction","output":[]}` + "\r\n":          {true, ""},
		`{"id":"r","error":{"code":`:                                     {false, ""},
		`{"id":"r"} x`:                                                   {false, ""},
		`<html>`:                                                         {false, ""},
		`[]`:                                                             {false, ""},
		`{x`:                                                             {false, ""},
		``:                                                               {false, ""},
	} {
		m := meter(openai.Responses, inJSON)
		m.Feed([]byte(text))
		if m.Complete() != want.whole || string(m.Failure()) != want.failure || m.End().Seen || m.AtBoundary() {
			t.Errorf("%s: whole %v, failure %q", text, m.Complete(), m.Failure())
		}
	}
}

// TestPicturesAreNotKept counts the process's memory, so it is not parallel.
func TestPicturesAreNotKept(t *testing.T) {
	chunk := []byte(strings.Repeat("A", 64<<10))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m := meter(openai.Images, inJSON)
	m.Feed([]byte(`{"created":1,"data":[{"b64_json":"`))
	for range 512 { // 32 MB
		m.Feed(chunk)
	}
	m.Feed([]byte(`"}],"usage":{"input_tokens":50,"output_tokens":1056,"total_tokens":1106}}`))
	got := m.End().Tokens
	runtime.ReadMemStats(&after)
	if got != (usage.Tokens{Input: 50, Output: 1056}) {
		t.Errorf("%+v", got)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 64<<10 {
		t.Errorf("32 MB of picture took %d bytes of memory", took)
	}
}

func TestTheBoundaryBetweenEventsIsKnown(t *testing.T) {
	t.Parallel()
	m := meter(openai.Responses, eventStream)
	for _, step := range []struct {
		feed string
		at   bool
	}{{"", true}, {"event: ping\n", false}, {"data: {}", false}, {"\n", false}, {"\n", true}, {": comment\n", true}, {"d", false}} {
		m.Feed([]byte(step.feed))
		if m.AtBoundary() != step.at {
			t.Errorf("after %q: %v", step.feed, m.AtBoundary())
		}
	}
}

func TestMetersKeepNothingOfWhatTheyAreFed(t *testing.T) {
	t.Parallel()
	for _, r := range []recording{responses, chat, completions, images} {
		for _, header := range []provider.Header{eventStream, inJSON} {
			text := r.text
			if header[0] == inJSON[0] {
				text = answer
			}
			whole, reused := meter(r.service, header), meter(r.service, header)
			buf := make([]byte, 64)
			whole.Feed([]byte(text))
			for text != "" {
				n := copy(buf, text)
				reused.Feed(buf[:n])
				clear(buf)
				text = text[n:]
			}
			if a, b := whole.End(), reused.End(); !reflect.DeepEqual(a, b) {
				t.Errorf("%+v\n%+v", a, b)
			}
		}
	}
}

func FuzzMetersNeverPanic(f *testing.F) {
	f.Add(responses.text, uint8(0), false)
	f.Add(chat.text, uint8(1), false)
	f.Add(images.text, uint8(2), false)
	f.Add(answer, uint8(0), true)
	services := []string{openai.Responses, openai.Chat, openai.Images}
	f.Fuzz(func(t *testing.T, text string, which uint8, object bool) {
		header := eventStream
		if object {
			header = inJSON
		}
		m := meter(services[int(which)%len(services)], header)
		m.Feed([]byte(text[:len(text)/2]))
		m.Feed([]byte(text[len(text)/2:]))
		m.Failure()
		c := m.End()
		if c.Tokens.Input < 0 || c.Tokens.Output < 0 || c.Tokens.CacheRead < 0 || c.Tokens.CacheWrite < 0 || c.Tokens.Reasoning > c.Tokens.Output || len(c.Raw) > 0 && !json.Valid(c.Raw) {
			t.Errorf("%+v", c)
		}
	})
}

// FuzzObjectsAreReadAsOthersReadThem compares with encoding/json: what it takes for an object is whole, at no byte before
// its end, and says the same.
func FuzzObjectsAreReadAsOthersReadThem(f *testing.F) {
	f.Add(answer)
	f.Add(`{"model":"a\"b\\","usage":{"prompt_tokens":3,"x":[{"y":"}"}]},"n":1e5}`)
	f.Fuzz(func(t *testing.T, text string) {
		var want struct {
			Model string `json:"model"`
			Usage struct {
				Prompt int64 `json:"prompt_tokens"`
			} `json:"usage"`
		}
		var plain map[string]json.RawMessage
		if json.Unmarshal([]byte(text), &plain) != nil || json.Unmarshal([]byte(text), &want) != nil || plain == nil || strings.Contains(text, `\u`) || len(plain) != strings.Count(text, `":`) {
			return // duplicate members and escaped names are read otherwise, and no upstream writes them
		}
		m := meter(openai.Chat, inJSON)
		for i := range len(text) {
			m.Feed([]byte(text[i : i+1]))
		}
		c := m.End()
		if !m.Complete() || c.Model != want.Model || c.Tokens.Input != max(want.Usage.Prompt, 0) {
			t.Errorf("%q: whole %v, %+v, want %+v", text, m.Complete(), c, want)
		}
	})
}

func BenchmarkDelta(b *testing.B) {
	for name, event := range map[string]string{
		openai.Responses: `{"type":"response.output_text.delta","sequence_number":31,"item_id":"msg_0123456789012345678901234567890123456789","output_index":0,"content_index":0,"delta":"some words here","logprobs":[],"obfuscation":"abcdefgh"}`,
		openai.Chat:      `{"id":"chatcmpl-0123456789","object":"chat.completion.chunk","created":1704069000,"model":"gpt-5.5","service_tier":"default","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":"some words here"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"abc"}`,
	} {
		for _, hide := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/hide=%v", strings.ReplaceAll(name, "/", "."), hide), func(b *testing.B) {
				m := openai.NewMeter(&provider.Intent{Service: name, HideUsage: hide}, eventStream)
				data := []byte("data: " + event + "\n\n")
				b.ReportAllocs()
				for b.Loop() {
					m.Feed(data)
					if r, ok := m.(provider.Transformer); ok {
						_, _ = r.Output()
					}
				}
			})
		}
	}
}

// TestWhatAnAnswerCosts is the example of protocols.md, L.5: cached input is paid for once, at its own price.
func TestWhatAnAnswerCosts(t *testing.T) {
	t.Parallel()
	m := meter(openai.Responses, inJSON)
	m.Feed([]byte(`{"model":"gpt-5.2","usage":{"input_tokens":10000,"input_tokens_details":{"cached_tokens":8000},"output_tokens":500,"output_tokens_details":{"reasoning_tokens":400},"total_tokens":10500}}`))
	c := m.End()
	if got, known := pricing.Embedded().CostOf(c.AppendItems(nil), time.Now()); !known || got.String() != "$0.0119" {
		t.Errorf("%v, %v", got, known)
	}
}
