package daemon_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/lab/crstest"
)

// TestWhatOnlyTheRequestOrTheAccountTells of a price: ChatGPT's backend answers default whatever it served, Bedrock's ids and Vertex'
// locations are dearer than the whole world.
func TestWhatOnlyTheRequestOrTheAccountTells(t *testing.T) {
	t.Parallel()
	const tokens = "loop:ok(input=1000,output=100,cache_read=0,cache_write=0,cache_write_1h=0,reasoning=0)"
	bedrock := func(id string) func(*ctl.NewAccount) {
		return func(a *ctl.NewAccount) { a.Map = map[string]string{"claude-opus-4-8": id} }
	}
	for name, c := range map[string]struct {
		platform, tier string
		account        func(*ctl.NewAccount)
		cost           ctl.USD
	}{
		"Codex, as ever":               {"openai", "", nil, 1000*5000 + 100*30_000},
		"Codex, fast":                  {"openai", "priority", nil, (1000*5000 + 100*30_000) * 5 / 2},
		"Bedrock, in one region":       {"bedrock", "", bedrock("anthropic.claude-opus-4-8"), 1000*5500 + 100*27_500},
		"Bedrock, in the US":           {"bedrock", "", bedrock("us.anthropic.claude-opus-4-8"), 1000*5500 + 100*27_500},
		"Bedrock, anywhere":            {"bedrock", "", bedrock("global.anthropic.claude-opus-4-8"), 1000*5000 + 100*25_000},
		"Bedrock, by a profile":        {"bedrock", "", bedrock("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123"), 1000*5500 + 100*27_500},
		"Bedrock, by its name":         {"bedrock", "", nil, 1000*5500 + 100*27_500},
		"Bedrock, told to be anywhere": {"bedrock", "", func(a *ctl.NewAccount) { a.Options["geo"] = "global" }, 1000*5000 + 100*25_000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			if c.account == nil {
				c.account = func(*ctl.NewAccount) {}
			}
			k := askers()[c.platform]
			if c.platform == "openai" {
				b.Codex("a", time.Hour)
			} else {
				b.AccountOn(c.platform, "a", c.account)
			}
			b.Script(tokens)
			if c.tier != "" {
				k.body = strings.Replace(k.body, `"stream"`, `"service_tier":"`+c.tier+`","stream"`, 1)
			}
			key := b.Key("k")
			for _, stream := range []bool{false, true} {
				if a := k.ask(t, b, key, stream); a.Status != http.StatusOK || a.Err != nil {
					t.Fatalf("%d %s %v", a.Status, a.Body, a.Err)
				}
				b.Idle()
				if r := b.Last(); r.Cost != c.cost || r.Unpriced || r.TierAsked != c.tier {
					t.Errorf("streamed %v: it cost %s (want %s), upstream %s, tier %q of %q, %+v", stream, r.Cost, c.cost, r.Upstream, r.Tier, r.TierAsked, r.Items)
				}
			}
		})
	}
}

// TestAnAnswerWithoutFiguresIsEstimated from what was asked and what came: never nothing, whether the upstream gave none or was cut.
func TestAnAnswerWithoutFiguresIsEstimated(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 400)
	claude := func(name string, end ...string) string {
		return events(append([]string{
			`{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"claude-opus-4-8","content":[]}}`,
			`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"` + long + `"}}`,
		}, end...)...)
	}
	for name, c := range map[string]struct {
		platform string
		answer   answer
		stream   bool
	}{
		"Claude, whole":    {"claude-console", answer{whole: `{"id":"m","type":"message","role":"assistant","model":"claude-opus-4-8","content":[{"type":"text","text":"` + long + `"}],"stop_reason":"end_turn"}`}, false},
		"Claude, streamed": {"claude-console", answer{stream: claude("", `{"type":"content_block_stop","index":0}`, `{"type":"message_stop"}`)}, true},
		"Claude, cut":      {"claude-console", answer{stream: claude("")}, true},
		"chat, whole":      {"openai-responses", answer{whole: `{"object":"chat.completion","model":"gpt-5.5","choices":[{"index":0,"message":{"role":"assistant","content":"` + long + `"},"finish_reason":"stop"}]}`}, false},
		"chat, streamed":   {"openai-responses", answer{stream: `data: {"model":"gpt-5.5","choices":[{"index":0,"delta":{"content":"` + long + `"},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n"}, true},
		"chat, cut":        {"openai-responses", answer{stream: `data: {"model":"gpt-5.5","choices":[{"index":0,"delta":{"content":"` + long + `"}}]}` + "\n\n"}, true},
		"Gemini, whole":    {"gemini-api", answer{whole: `{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"` + long + `"}]},"finishReason":"STOP"}]}`}, false},
		"Gemini, cut":      {"gemini-api", answer{stream: `data: {"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"` + long + `"}]}}]}` + "\n\n"}, true},
		"a usage of nulls": {"openai-responses", answer{whole: `{"object":"chat.completion","model":"gpt-5.5","choices":[{"index":0,"message":{"role":"assistant","content":"` + long + `"},"finish_reason":"stop"}],"usage":{"prompt_tokens":null,"completion_tokens":null}}`}, false},
		"a usage of texts": {"gemini-api", answer{whole: `{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"` + long + `"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":"many","candidatesTokenCount":-5}}`}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			b.AccountOn(c.platform, "a", func(a *ctl.NewAccount) { a.BaseURL = provide(t, c.answer) })
			k := askers()[c.platform]
			k.body = strings.Replace(k.body, "say ping", "say ping "+long, 1)
			k.ask(t, b, b.Key("k"), c.stream)
			b.Idle()
			if r := b.Last(); r.Source != "estimated" || r.InputTokens < 400 || r.InputTokens > 1000 || r.OutputTokens < 400 || r.OutputTokens > 1000 || r.Cost <= 0 || r.Unpriced {
				t.Errorf("source %s, %d in, %d out, %s, error %q", r.Source, r.InputTokens, r.OutputTokens, r.Cost, r.Error)
			}
		})
	}
}

// TestFiguresThatMakeNoSense are read as far as they can be, never below nothing, and it is said that they are odd.
func TestFiguresThatMakeNoSense(t *testing.T) {
	t.Parallel()
	many := strings.TrimSuffix(strings.Repeat(`{"type":"advisor_message","model":"claude-opus-4-7","input_tokens":1,"output_tokens":1},`, 500), ",")
	var kinds []string
	for n := range 60 { // each of another model
		kinds = append(kinds, fmt.Sprintf(`{"type":"advisor_message","model":"model-%d","input_tokens":1,"output_tokens":1}`, n))
	}
	for name, c := range map[string]struct {
		usage string
		in    int64
	}{
		"fractions and negatives":  {`{"input_tokens":10.5,"output_tokens":-3}`, 11},
		"negative iterations":      {`{"input_tokens":10,"output_tokens":3,"iterations":[{"type":"message","input_tokens":-10,"output_tokens":3}]}`, 10},
		"a kind that is not known": {`{"input_tokens":10,"output_tokens":3,"iterations":[{"type":"message","input_tokens":10,"output_tokens":3},{"type":"dream","input_tokens":5,"output_tokens":1}]}`, 15},
		"an adviser of no name":    {`{"input_tokens":10,"output_tokens":3,"iterations":[{"type":"message","input_tokens":10,"output_tokens":3},{"type":"advisor_message","input_tokens":5,"output_tokens":1}]}`, 15},
		"iterations of nonsense":   {`{"input_tokens":10,"output_tokens":3,"iterations":[7,null,"x",{}]}`, 10},
		"too many iterations":      {`{"input_tokens":10,"output_tokens":3,"iterations":[` + many + `]}`, 10 + 128},
		"too many models":          {`{"input_tokens":10,"output_tokens":3,"iterations":[` + strings.Join(kinds, ",") + `]}`, 10 + 60},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			b.AccountOn("claude-console", "a", func(a *ctl.NewAccount) {
				a.BaseURL = provide(t, ofClaude("claude-opus-4-8", "end_turn", "pong", c.usage))
			})
			k, key := askers()["claude-console"], b.Key("k")
			for _, stream := range []bool{false, true} {
				k.ask(t, b, key, stream)
				b.Idle()
				r := b.Last()
				if r.InputTokens != c.in || r.OutputTokens < 0 || r.Cost < 0 || r.Doubt == "" || len(r.Items) > 32 {
					t.Errorf("streamed %v: %d in, %d out, %s, doubt %q, %d items", stream, r.InputTokens, r.OutputTokens, r.Cost, r.Doubt, len(r.Items))
				}
			}
		})
	}
}
