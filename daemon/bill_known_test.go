package daemon_test

import (
	"strings"
	"testing"

	"crs/ctl"
	"crs/lab/crstest"
)

// known is what a record must say where an upstream tells only some of the figures.
type known struct {
	platform string
	answer   answer
	stream   bool
	source   string
	in, out  atLeast
	searches int64
}

// atLeast is a figure, or one that is no more than half as much again.
type atLeast struct {
	n     int64
	about bool
}

func exactly(n int64) atLeast { return atLeast{n: n} }
func about(n int64) atLeast   { return atLeast{n * 4 / 5, true} }

func (a atLeast) is(n int64) bool { return n == a.n || a.about && n >= a.n && n <= a.n*3/2 }

// knowns are answers with 500 tokens of text, to a prompt of about 530.
func knowns(long string) map[string]known {
	const head = `{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"claude-opus-4-8","content":[],"usage":{"input_tokens":5000,"output_tokens":1}}}`
	text := `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"` + long + `"}}`
	claude := func(end ...string) answer {
		return answer{stream: events(append([]string{head, `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`, text, `{"type":"content_block_stop","index":0}`}, end...)...)}
	}
	const stop = `{"type":"message_stop"}`
	search := func(content string) string {
		return `{"type":"content_block_start","index":2,"content_block":{"type":"web_search_tool_result","tool_use_id":"s","content":` + content + `}}`
	}
	const searching = `{"type":"content_block_start","index":1,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}}`
	gemini := func(chunks ...string) answer {
		return answer{stream: "data: " + strings.Join(chunks, "\n\ndata: ") + "\n\n"}
	}
	part := func(text, more string) string {
		return `{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"` + text + `"}]}` + more
	}
	message := func(usage string) answer {
		return answer{whole: `{"id":"m","type":"message","role":"assistant","model":"claude-opus-4-8","content":[{"type":"text","text":"` + long + `"}],"stop_reason":"end_turn","usage":` + usage + `}`}
	}
	completion := func(usage string) answer {
		return answer{whole: `{"object":"chat.completion","model":"gpt-5.5","choices":[{"index":0,"message":{"role":"assistant","content":"` + long + `"},"finish_reason":"stop"}],"usage":` + usage + `}`}
	}
	return map[string]known{
		"Claude, no usage at the end":        {"claude-console", claude(`{"type":"message_delta","delta":{"stop_reason":"end_turn"}}`, stop), true, "estimated", exactly(5000), about(500), 0},
		"Claude, an empty one":               {"claude-console", claude(`{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{}}`, stop), true, "estimated", exactly(5000), about(500), 0},
		"Claude, a null":                     {"claude-console", claude(`{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":null}`, stop), true, "estimated", exactly(5000), about(500), 0},
		"Claude, a zero":                     {"claude-console", claude(`{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":0}}`, stop), true, "estimated", exactly(5000), about(500), 0},
		"Claude, no last word":               {"claude-console", claude(stop), true, "estimated", exactly(5000), about(500), 0},
		"Claude, cut behind its figures":     {"claude-console", claude(`{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":77}}`), true, "partial", exactly(5000), exactly(77), 0},
		"Claude, cut while it searched":      {"claude-console", claude(searching, search(`[{"type":"web_search_result"}]`), searching, search(`{"type":"web_search_tool_result_error"}`), searching), true, "partial", exactly(5000), about(500), 2},
		"Claude, without the prompt":         {"claude-console", message(`{"output_tokens":77}`), false, "estimated", about(530), exactly(77), 0},
		"Claude, without the answer":         {"claude-console", message(`{"input_tokens":5000}`), false, "estimated", exactly(5000), about(530), 0},
		"Gemini, text behind the figures":    {"gemini-api", gemini(part("po", `}],"usageMetadata":{"promptTokenCount":5000,"candidatesTokenCount":7,"totalTokenCount":5007}}`), part(long, `,"finishReason":"STOP"}]}`)), true, "estimated", exactly(5000), about(510), 0},
		"Gemini, and cut":                    {"gemini-api", gemini(part("po", `}],"usageMetadata":{"promptTokenCount":5000,"candidatesTokenCount":7,"totalTokenCount":5007}}`), part(long, `}]}`)), true, "partial", exactly(5000), about(510), 0},
		"Gemini, only the prompt at the end": {"gemini-api", gemini(part(long, `}]}`), part("ng", `,"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":5000,"totalTokenCount":5000}}`)), true, "estimated", exactly(5000), about(500), 0},
		"Gemini, the answer by the total":    {"gemini-api", gemini(part(long, `}]}`), part("ng", `,"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":5000,"totalTokenCount":5077}}`)), true, "upstream", exactly(5000), exactly(77), 0},
		"Gemini, nothing said":               {"gemini-api", gemini(`{"candidates":[{"index":0,"finishReason":"SAFETY","safetyRatings":[{"category":"` + long + `"}]}],"usageMetadata":{"promptTokenCount":5000,"totalTokenCount":5000}}`), true, "upstream", exactly(5000), exactly(0), 0},
		"Gemini, a search without figures":   {"gemini-api", gemini(part(long, `,"finishReason":"STOP","groundingMetadata":{"webSearchQueries":["a"]}}]}`)), true, "estimated", about(530), about(500), 1},
		"chat, without the prompt":           {"openai-responses", completion(`{"completion_tokens":77}`), false, "estimated", about(530), exactly(77), 0},
		"chat, the prompt by the total":      {"openai-responses", completion(`{"completion_tokens":77,"total_tokens":5077}`), false, "upstream", exactly(5000), exactly(77), 0},
		"chat, without the answer":           {"openai-responses", completion(`{"prompt_tokens":5000}`), false, "estimated", exactly(5000), about(550), 0},
		"chat, text behind the figures":      {"openai-responses", answer{stream: `data: {"model":"gpt-5.5","choices":[{"index":0,"delta":{"content":"po"}}],"usage":{"prompt_tokens":5000,"completion_tokens":7}}` + "\n\n" + `data: {"model":"gpt-5.5","choices":[{"index":0,"delta":{"content":"` + long + `"},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n"}, true, "estimated", exactly(5000), about(510), 0},
	}
}

// TestAnAnswerIsEstimatedOnlyWhereItsFiguresAreMissing: figures that an upstream gives are kept, and those that it leaves out are never nothing.
func TestAnAnswerIsEstimatedOnlyWhereItsFiguresAreMissing(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 400)
	for name, c := range knowns(long) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			b.AccountOn(c.platform, "a", func(a *ctl.NewAccount) { a.BaseURL = provide(t, c.answer) })
			k := askers()[c.platform]
			k.body = strings.Replace(k.body, "say ping", "say ping "+long, 1)
			k.ask(t, b, b.Key("k"), c.stream)
			b.Idle()
			if r := b.Last(); r.Source != c.source || !c.in.is(r.InputTokens) || !c.out.is(r.OutputTokens) || r.Searches != c.searches || r.Cost <= 0 {
				t.Errorf("source %s, %d in, %d out, %d searches, %s, error %q (want %+v)", r.Source, r.InputTokens, r.OutputTokens, r.Searches, r.Cost, r.Error, c)
			}
		})
	}
}
