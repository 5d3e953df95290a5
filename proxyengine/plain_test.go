package proxyengine

import (
	"strings"
	"testing"

	"crs/proxyengine/provider"
)

// TestWhatUsualClientsSendTellsAll, so that an upstream's words about its account are believed at their first request.
func TestWhatUsualClientsSendTellsAll(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"Claude Code": `{"model":"m","max_tokens":32000,"stream":true,"system":[{"type":"text","text":"x","cache_control":{"type":"ephemeral","ttl":"1h"}}],"metadata":{"user_id":"u"},
			"thinking":{"type":"adaptive"},"output_config":{"effort":"high"},"context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},
			"tools":[{"name":"Bash","description":"d","input_schema":{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"a":{"$ref":"#/$defs/a"}}}}],
			"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"tool_use","id":"toolu_1","name":"Bash","input":{"image":{"url":"x"}}}]},
			{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"text","text":"ok"}],"is_error":false}]}]}`,
		"Codex": `{"model":"m","instructions":"x","stream":true,"store":false,"include":["reasoning.encrypted_content"],"reasoning":{"effort":"medium","summary":"auto"},"text":{"verbosity":"low"},
			"tool_choice":"auto","parallel_tool_calls":false,"prompt_cache_key":"k","tools":[{"type":"function","name":"shell","description":"d","strict":false,"parameters":{"type":"object"}},
			{"type":"custom","name":"apply_patch","description":"d","format":{"type":"grammar","syntax":"lark","definition":"start: x"}}],
			"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]},{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"s"}],"content":null,"encrypted_content":"e"},
			{"type":"function_call","id":"fc_1","name":"shell","arguments":"{}","call_id":"c"},{"type":"function_call_output","call_id":"c","output":"ok"},
			{"type":"custom_tool_call","name":"apply_patch","input":"p","call_id":"d","status":"completed"},{"type":"custom_tool_call_output","call_id":"d","output":"ok"}]}`,
		"Gemini CLI": `{"model":"m","project":"p","user_prompt_id":"u","request":{"session_id":"s","systemInstruction":{"role":"user","parts":[{"text":"x"}]},
			"generationConfig":{"temperature":0,"topP":1,"thinkingConfig":{"includeThoughts":true,"thinkingBudget":8192}},"tools":[{"functionDeclarations":[{"name":"f","description":"d","parametersJsonSchema":{"type":"object"}}]}],
			"contents":[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{"file_id":"x"}},"thoughtSignature":"s"}]},{"role":"user","parts":[{"functionResponse":{"id":"i","name":"f","response":{"output":"o"}}}]}]}}`,
	} {
		if x := (&exchange{in: provider.Inbound{Body: []byte(body)}}); !x.tellsAll() || !x.plain() {
			t.Errorf("%s", name)
		}
	}
}

// TestWhatAHeadAsksForIsUnproven unless every client's does.
func TestWhatAHeadAsksForIsUnproven(t *testing.T) {
	t.Parallel()
	for want, all := range map[bool][]provider.Inbound{
		false: {{}, {Query: "alt=sse"}, {Header: provider.Header{{Name: "Anthropic-Version", Value: "2023-06-01"}, {Name: "user-agent", Value: "x"}}}},
		true: {
			{Query: "foo=bar"}, {Query: "alt=media"}, {Query: "alt=sse&fields=x"}, {Query: "beta=true"},
			{Header: provider.Header{{Name: "anthropic-version", Value: "1999"}}}, {Header: provider.Header{{Name: "Anthropic-Beta", Value: "x"}}},
		},
	} {
		for _, in := range all {
			if x := (&exchange{in: in}); x.unproven() != want {
				t.Errorf("%+v: unproven is %v", in, !want)
			}
		}
	}
}

// TestWhatRefersToMoreDoesNotTellAll, nor does what multiplies its answer, or is nested so that looking at it takes long.
func TestWhatRefersToMoreDoesNotTellAll(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		``, `[]`, `{"n":2}`, `{"generationConfig":{"candidateCount":3}}`, `{"previous_response_id":"r"}`, `{"conversation":"c"}`, `{"prompt":{"id":"p"}}`, `{"input":[{"id":"msg_1"}]}`, `{"input":[{"type":null,"id":"msg_1"}]}`,
		`{"input":[{"type":"item_reference","id":"msg_1"}]}`, `{"messages":[{"content":[{"type":"image","source":{"type":"url","url":"u"}}]}]}`, `{"messages":[{"content":[{"type":"image_url","image_url":{"url":"u"}}]}]}`,
		`{"messages":[{"content":[{"type":"container_upload","file_id":"f"}]}]}`, `{"contents":[{"parts":[{"fileData":{"fileUri":"u"}}]}]}`, `{"cachedContent":"c"}`, `{"tools":[{"googleSearch":{}}]}`, `{"tools":[{"type":"web_search"}]}`,
		`{"tools":[{"type":"mcp","server_url":"u"}]}`, `{"mcp_servers":[]}`, `{"container":{"skills":[]}}`, `{"tools":[{"name":"f","input_schema":{"anyOf":[{"$ref":"https://x"}]}}]}`, `{"tools":[{"name":"f","parameters":{"$dynamicRef":"x#y"}}]}`,
		`{"messages":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`, `{"tools":[{"parameters":` + strings.Repeat(`{"a":`, 100_000) + `1` + strings.Repeat("}", 100_000) + `}]}`,
		`{"input":"` + strings.Repeat("x", mostPlain) + `"}`,
	} {
		if x := (&exchange{in: provider.Inbound{Body: []byte(body)}}); x.tellsAll() {
			t.Errorf("%.200s", body)
		}
	}
}
