package translate_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"crs/proxyengine/provider"
	"crs/proxyengine/translate"
)

// TestFiguresAreShownOnlyToWhoAsked: without stream_options.include_usage a chat's chunks have no usage at all.
func TestFiguresAreShownOnlyToWhoAsked(t *testing.T) {
	t.Parallel()
	answer := `{"id":"msg_1","content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","usage":{"input_tokens":5,"output_tokens":7}}`
	for _, from := range []string{"chat", "completions"} {
		p := codec(t, services[from], services["messages"])
		for hide, want := range map[bool]int{true: 0, false: 1} {
			got, err := told(p, provider.Intent{Model: "m", Stream: true, HideUsage: hide}, []byte(answer))
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(got, `"usage":{`); n != want || strings.Contains(got, `"usage":null`) == hide || !strings.HasSuffix(got, "data: [DONE]\n\n") {
				t.Errorf("%s, hidden %v: %s", from, hide, got)
			}
		}
		got, err := told(p, provider.Intent{Model: "m", HideUsage: true}, []byte(answer))
		if err != nil || !strings.Contains(got, `"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12`) {
			t.Errorf("an answer in one piece has its usage: %v: %s", err, got)
		}
	}
}

// TestAnAnswerThatBreaksOffHasNoEnd: it is for the engine to say so; nothing is made up.
func TestAnAnswerThatBreaksOffHasNoEnd(t *testing.T) {
	t.Parallel()
	tests := []struct{ from, to, answer string }{
		{"chat", "messages", ""},
		{"chat", "messages", "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\"}}\n\n"},
		{"chat", "messages", "event: ping\ndata: {\"type\":\"ping\"}\n\nevent: message_stop\ndata: {\"type\":\"message_s"},
		{"chat", "messages", "data: {\"type\": oops}\n\n"},
		{"chat", "messages", "data: [1]\n\n"},
		{"chat", "messages", `{"id":"msg_1","content":[`},
		{"chat", "generate", "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"x\"}]}}]}\n\n"},
		{"chat", "generate", `[{"candidates":[]}]`},
		{"chat", "generate", `[`},
		{"messages", "chat", "data: {\"id\":\"1\",\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n"},
		{"messages", "chat", `{"id":"1"}`},
		{"messages", "responses", "data: {\"type\":\"response.output_text.delta\",\"delta\":\"x\"}\n\n"},
		{"messages", "responses", "data: [DONE]\n\n"},
		{"messages", "responses", `{"id":"1"}`},
		{"messages", "generate", "<html>"},
	}
	for _, tt := range tests {
		for _, stream := range []bool{true, false} {
			got, err := told(codec(t, services[tt.from], services[tt.to]), provider.Intent{Model: "m", Stream: stream}, []byte(tt.answer))
			if err == nil || strings.Contains(got, "[DONE]") || strings.Contains(got, "message_stop") || strings.Contains(got, "finish_reason\":\"") || !stream && got != "" {
				t.Errorf("%s from %s, %q: %v: %q", tt.from, tt.to, tt.answer, err, got)
			}
			if stream {
				events(t, got)
			}
		}
	}
}

// TestAnErrorAtOnceIsTheWholeAnswer: some upstreams answer an error with 200, in a stream or without one.
func TestAnErrorAtOnceIsTheWholeAnswer(t *testing.T) {
	t.Parallel()
	openAI := `{"error":{"message":"No.","type":"%s","param":null,"code":%s}}`
	anthropic := `{"type":"error","error":{"type":"%s","message":"No."}}`
	tests := []struct{ from, to, answer, want string }{
		{"chat", "messages", `{"type":"error","error":{"type":"rate_limit_error","message":"No."}}`, fmt.Sprintf(openAI, "rate_limit_error", `"rate_limit_exceeded"`)},
		{"chat", "messages", `{"type":"error","error":{"type":"invalid_request_error","message":"No."}}`, fmt.Sprintf(openAI, "invalid_request_error", "null")},
		{"chat", "messages", `{"type":"error","error":{"type":"not_found_error","message":"No."}}`, fmt.Sprintf(openAI, "invalid_request_error", `"not_found"`)},
		{"chat", "messages", `{"type":"error","error":{"type":"authentication_error","message":"No."}}`, fmt.Sprintf(openAI, "server_error", `"bad_gateway"`)},
		{"chat", "messages", `{"type":"error","error":{"type":"timeout_error","message":"No."}}`, fmt.Sprintf(openAI, "server_error", `"timeout"`)},
		{"chat", "messages", `{"type":"error","error":{"type":"brand_new"}}`, strings.Replace(fmt.Sprintf(openAI, "server_error", `"bad_gateway"`), "No.", "the upstream gave an error without a message", 1)},
		{"completions", "messages", `{"type":"error","error":{"type":"overloaded_error","message":"No."}}`, fmt.Sprintf(openAI, "server_error", `"service_unavailable"`)},
		{"messages", "generate", `[{"error":{"code":503,"message":"No.","status":"UNAVAILABLE"}}]`, fmt.Sprintf(anthropic, "overloaded_error")},
		{"messages", "generate", `{"error":{"code":400,"message":"No.","status":"INVALID_ARGUMENT"}}`, fmt.Sprintf(anthropic, "invalid_request_error")},
		{"messages", "generate", `{"error":{"code":401,"message":"No.","status":"UNAUTHENTICATED"}}`, fmt.Sprintf(anthropic, "api_error")},
		{"messages", "chat", `{"error":{"message":"No.","type":"insufficient_quota","code":null}}`, fmt.Sprintf(anthropic, "rate_limit_error")},
		{"messages", "chat", `{"error":"No."}`, fmt.Sprintf(anthropic, "api_error")},
		{"messages", "responses", `{"id":"1","status":"failed","error":{"code":"context_length_exceeded","message":"No."}}`, fmt.Sprintf(anthropic, "invalid_request_error")},
		{"messages", "responses", "data: {\"type\":\"error\",\"code\":\"slow_down\",\"message\":\"No.\"}\n\n", fmt.Sprintf(anthropic, "overloaded_error")},
		{"messages", "responses", "data: {\"type\":\"error\",\"error\":{\"type\":\"usage_limit_reached\",\"message\":\"No.\"}}\n\n", fmt.Sprintf(anthropic, "rate_limit_error")},
		{"messages", "responses", "data: {\"type\":\"response.cancelled\"}\n\n", strings.Replace(fmt.Sprintf(anthropic, "api_error"), "No.", "the response was cancelled", 1)},
	}
	for _, tt := range tests {
		p := codec(t, services[tt.from], services[tt.to])
		got, err := told(p, provider.Intent{Model: "m"}, []byte(tt.answer))
		if err != nil || got != tt.want {
			t.Errorf("%s: %v: %s, want %s", tt.answer, err, got, tt.want)
		}
		want := "data: " + tt.want + "\n\n"
		if tt.from == "messages" {
			want = "event: error\n" + want
		}
		got, err = told(p, provider.Intent{Model: "m", Stream: true}, []byte(tt.answer+"\n"))
		if err != nil || got != want {
			t.Errorf("%s: %v: %q, want %q", tt.answer, err, got, want)
		}
	}
}

// TestStopsAreTranslated: why an answer ended, in each pair of protocols.
func TestStopsAreTranslated(t *testing.T) {
	t.Parallel()
	claude := `{"id":"1","content":[],"stop_reason":"%s"}`
	gemini := `{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"%s"}]}`
	openAI := `{"id":"1","choices":[{"message":{"content":"x"},"finish_reason":"%s"}]}`
	incomplete := `{"id":"1","output":[],"incomplete_details":{"reason":"%s"}}`
	status := `{"id":"1","status":"%s","output":[{"type":"message","content":[{"type":"refusal","refusal":"x"}]}]}`
	for _, tt := range []struct{ from, to, answer, reasons string }{
		{"messages", "responses", incomplete, "max_output_tokens max_tokens, content_filter refusal"},
		{"messages", "responses", status, "completed refusal, incomplete max_tokens"},
		{"chat", "messages", claude, "end_turn stop, stop_sequence stop, pause_turn stop, max_tokens length, model_context_window_exceeded length, tool_use tool_calls, refusal content_filter"},
		{"chat", "generate", gemini, "STOP stop, MAX_TOKENS length, SAFETY content_filter, RECITATION content_filter, PROHIBITED_CONTENT content_filter, BLOCKLIST content_filter, SPII content_filter, IMAGE_SAFETY content_filter, MALFORMED_FUNCTION_CALL stop, OTHER stop, LANGUAGE stop"},
		{"messages", "generate", gemini, "STOP end_turn, MAX_TOKENS max_tokens, SAFETY refusal, MALFORMED_FUNCTION_CALL end_turn"},
		{"messages", "chat", openAI, "stop end_turn, length max_tokens, tool_calls tool_use, function_call tool_use, content_filter refusal"},
	} {
		for pair := range strings.SplitSeq(tt.reasons, ", ") {
			reason, want, _ := strings.Cut(pair, " ")
			got, err := told(codec(t, services[tt.from], services[tt.to]), provider.Intent{Model: "m"}, fmt.Appendf(nil, tt.answer, reason))
			if err != nil || !strings.Contains(got, `_reason":"`+want+`"`) {
				t.Errorf("%s to %s, %s: %v: %s", tt.to, tt.from, pair, err, got)
			}
		}
	}
}

// TestNothingIsMadeForAnEvent: a piece of text goes through without an allocation, but for the buffer that it is put into.
// Not parallel: it counts allocations.
func TestNothingIsMadeForAnEvent(t *testing.T) {
	for _, tt := range []struct{ from, to, first, event string }{
		{"chat", "messages", `{"type":"message_start","message":{"id":"m"}}`, `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello\nwor\"ld"}}`},
		{"completions", "messages", `{"type":"message_start","message":{"id":"m"}}`, `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello\nwor\"ld"}}`},
		{"chat", "generate", `{"candidates":[{"content":{"parts":[{"text":"x"}]}}]}`, `{"candidates":[{"content":{"parts":[{"text":"Hello\nwor\"ld"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":7},"modelVersion":"m","responseId":"r"}`},
		{"messages", "chat", `{"id":"1","choices":[{"delta":{"content":"x"}}]}`, `{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1699999999,"model":"m","choices":[{"index":0,"delta":{"content":"Hello\nwor\"ld"},"finish_reason":null}]}`},
		{"messages", "responses", `{"type":"response.created","response":{"id":"r"}}`, `{"type":"response.output_text.delta","item_id":"i","output_index":0,"content_index":0,"delta":"Hello\nwor\"ld"}`},
	} {
		a := codec(t, services[tt.from], services[tt.to]).Answer(&provider.Intent{Model: "m", Stream: true}, &provider.Intent{})
		out := make([]byte, 0, 64<<10)
		if _, err := a.Feed(out, []byte("data: "+tt.first+"\n\n")); err != nil {
			t.Fatal(err)
		}
		event := []byte("data: " + tt.event + "\n\n")
		got, err := a.Feed(out, event)
		if err != nil || !strings.Contains(string(got), `Hello\nwor\"ld`) {
			t.Fatalf("%v: %s", err, got)
		}
		if n := testing.AllocsPerRun(100, func() { _, _ = a.Feed(out, event) }); n > 0 {
			t.Errorf("%s to %s: %v allocations", tt.to, tt.from, n)
		}
	}
}

var _ translate.Codec = translate.Pair{}

// TestCallsAreToldOneAfterAnother: however an upstream mixes them, and whatever it says in between.
func TestCallsAreToldOneAfterAnother(t *testing.T) {
	t.Parallel()
	call := func(members string) string { return `{"tool_calls":[{` + members + `}]}` }
	for name, tt := range map[string]struct {
		deltas []string
		want   string
	}{
		"words in the midst": {
			[]string{call(`"index":0,"id":"a","function":{"name":"f","arguments":"{"}`), `{"content":"\n"}`, `{"reasoning_content":"hm"}`, call(`"index":0,"function":{"arguments":"}"}`), `{"content":"x"}`},
			`[["tool_use","a","{}"],["text","x\n"],["thinking","hm"]]`,
		},
		"without numbers": {
			[]string{call(`"id":"a","function":{"name":"f","arguments":"{\"x\":"}`), call(`"function":{"arguments":"1}"}`), call(`"id":"b","function":{"name":"g","arguments":"{}"}`)},
			`[["tool_use","a","{\"x\":1}"],["tool_use","b","{}"]]`,
		},
		"all at once, without numbers": {
			[]string{`{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"g","arguments":""}}]}`},
			`[["tool_use","a","{}"],["tool_use","b",""]]`,
		},
		"the second first": {
			[]string{call(`"index":0,"id":"a","function":{"name":"f"}`), call(`"index":1,"id":"b","function":{"name":"g","arguments":"{\"y\":[1,"}`), call(`"index":0,"function":{"arguments":"{}"}`), call(`"index":1,"function":{"arguments":"2]}"}`)},
			`[["tool_use","a","{}"],["tool_use","b","{\"y\":[1,2]}"]]`,
		},
		"a name that comes late, and one that never does": {
			[]string{call(`"index":0,"id":"a"`), call(`"index":1,"id":"b","function":{"arguments":"{}"}`), call(`"index":0,"function":{"name":"f","arguments":"{}"}`)},
			`[["tool_use","a","{}"]]`,
		},
		"an id and a name every time": {
			[]string{call(`"index":0,"id":"a","function":{"name":"f","arguments":"{"}`), call(`"index":0,"id":"a","function":{"name":"f","arguments":"}"}`)},
			`[["tool_use","a","{}"]]`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := ""
			for _, d := range tt.deltas {
				answer += `data: {"id":"1","choices":[{"delta":` + d + `}]}` + "\n\n"
			}
			answer += `data: {"id":"1","choices":[{"delta":{},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n"
			got, err := told(codec(t, services["messages"], services["chat"]), provider.Intent{Model: "m", Stream: true}, []byte(answer))
			if err != nil || !wellFormed(t, services["messages"], true, got) || !strings.Contains(got, `"stop_reason":"tool_use"`) {
				t.Fatalf("%v: %s", err, got)
			}
			if blocks := blocksOf(t, got); blocks != tt.want {
				t.Errorf("it is %s, want %s", blocks, tt.want)
			}
		})
	}
}

// blocksOf puts a stream of Anthropic's together.
func blocksOf(t *testing.T, stream string) string {
	t.Helper()
	var blocks [][]string
	for _, e := range events(t, stream) {
		v := gjson.Parse(e.data)
		switch e.name {
		case "content_block_start":
			block := []string{v.Get("content_block.type").String()}
			if id := v.Get("content_block.id"); id.Exists() {
				block = append(block, id.String())
			}
			blocks = append(blocks, append(block, ""))
		case "content_block_delta":
			last := blocks[len(blocks)-1]
			for _, member := range []string{"text", "thinking", "partial_json"} {
				last[len(last)-1] += v.Get("delta." + member).String()
			}
		}
	}
	text, err := json.Marshal(blocks)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
