package translate_test

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"crs/proxyengine/provider"
)

// asked translates a request with one message and gives a part of what comes out.
func asked(t *testing.T, from, to, upstream, members, at string) string {
	t.Helper()
	body := `{"model":"m","messages":[{"role":"user","content":"x"}]` + members + `}`
	out, _, err := codec(t, services[from], services[to]).Request(&provider.Inbound{Body: []byte(body)}, &provider.Intent{Model: "m"}, upstream)
	if err != nil {
		t.Fatalf("%s: %v", members, err)
	}
	return gjson.GetBytes(out.Body, at).Raw
}

// TestEffortIsSaidAsEachModelKnowsIt: what a chat's reasoning_effort becomes for Claude and Gemini, by the model's name.
func TestEffortIsSaidAsEachModelKnowsIt(t *testing.T) {
	t.Parallel()
	const adaptive, shown = `[{"type":"adaptive"},`, `[{"type":"adaptive","display":"summarized"},`
	claude := map[string]map[string]string{
		"claude-opus-4-6":                    {"minimal": adaptive + `"low"]`, "xhigh": adaptive + `"high"]`, "max": adaptive + `"max"]`, "none": `[]`},
		"us.anthropic.claude-opus-4-7-v1:0":  {"xhigh": shown + `"xhigh"]`, "none": `[]`},
		"claude-sonnet-5":                    {"low": shown + `"low"]`, "none": `[{"type":"disabled"}]`},
		"anthropic/claude-4.8-opus":          {"high": shown + `"high"]`},
		"claude-haiku-5-5-20261001":          {"medium": shown + `"medium"]`},
		"claude-fable-5-1":                   {"none": `["low"]`},
		"claude-mythos-preview":              {"none": `["low"]`, "high": shown + `"high"]`},
		"claude-opus-4-5-20251101":           {"low": `[{"type":"enabled","budget_tokens":1024}]`, "high": `[{"type":"enabled","budget_tokens":10000}]`, "none": `[]`},
		"claude-3-7-sonnet-20250219":         {"medium": `[{"type":"enabled","budget_tokens":8192}]`},
		"claude-3-5-haiku-20241022":          {"high": `[]`},
		"claude-3-opus-20240229":             {"high": `[]`},
		"claude-sonnet-4@20250514":           {"minimal": `[{"type":"enabled","budget_tokens":1024}]`},
		"glm-4.7":                            {"medium": `[{"type":"enabled","budget_tokens":8192}]`, "none": `[]`},
		"claude-sonnet-4-6[1m]":              {"high": adaptive + `"high"]`},
		"claude-next":                        {"high": shown + `"high"]`},
		"global.anthropic.claude-sonnet-4-6": {"medium": adaptive + `"medium"]`},
	}
	for model, levels := range claude {
		for level, want := range levels {
			if got := asked(t, "chat", "messages", model, `,"max_tokens":20000,"reasoning_effort":"`+level+`"`, "[thinking,output_config.effort]"); got != want {
				t.Errorf("%s for %s is %s, want %s", level, model, got, want)
			}
		}
	}
	gemini := map[string]map[string]string{
		"gemini-3-pro-preview":  {"none": `{"thinkingLevel":"LOW"}`, "minimal": `{"thinkingLevel":"LOW","includeThoughts":true}`, "medium": `{"thinkingLevel":"HIGH","includeThoughts":true}`},
		"gemini-3.1-pro":        {"medium": `{"thinkingLevel":"MEDIUM","includeThoughts":true}`, "max": `{"thinkingLevel":"HIGH","includeThoughts":true}`},
		"gemini-3-flash":        {"none": `{"thinkingLevel":"MINIMAL"}`, "low": `{"thinkingLevel":"LOW","includeThoughts":true}`},
		"models/gemini-4-flash": {"high": `{"thinkingLevel":"HIGH","includeThoughts":true}`},
		"gemini-flash-latest":   {"medium": `{"thinkingLevel":"MEDIUM","includeThoughts":true}`},
		"gemini-2.5-pro":        {"none": `{"thinkingBudget":128}`, "low": `{"thinkingBudget":1024,"includeThoughts":true}`, "xhigh": `{"thinkingBudget":32768,"includeThoughts":true}`},
		"gemini-2.5-flash":      {"none": `{"thinkingBudget":0}`, "max": `{"thinkingBudget":24576,"includeThoughts":true}`, "medium": `{"thinkingBudget":8192,"includeThoughts":true}`},
		"gemini-2.5-flash-lite": {"none": `{"thinkingBudget":0}`, "minimal": `{"thinkingBudget":1024,"includeThoughts":true}`},
		"gemini-2.0-flash":      {"high": ``},
		"gemma-3-27b":           {"high": ``},
	}
	for model, levels := range gemini {
		for level, want := range levels {
			if got := asked(t, "chat", "generate", model, `,"reasoning_effort":"`+level+`"`, "generationConfig.thinkingConfig"); got != want {
				t.Errorf("%s for %s is %s, want %s", level, model, got, want)
			}
		}
	}
}

// TestThinkingIsSaidAsEachModelKnowsIt: what Anthropic's thinking becomes for OpenAI and Gemini, by the model's name.
func TestThinkingIsSaidAsEachModelKnowsIt(t *testing.T) {
	t.Parallel()
	thinking := map[string]string{
		"1024": `,"thinking":{"type":"enabled","budget_tokens":1024}`, "8192": `,"thinking":{"type":"enabled","budget_tokens":8192}`, "31999": `,"thinking":{"type":"enabled","budget_tokens":31999}`,
		"adaptive": `,"thinking":{"type":"adaptive"}`, "hidden": `,"thinking":{"type":"adaptive","display":"omitted"}`, "disabled": `,"thinking":{"type":"disabled"}`, "nothing": ``,
		"xhigh": `,"output_config":{"effort":"xhigh"}`, "max": `,"output_config":{"effort":"max","task_budget":{}}`,
	}
	tests := []struct{ to, model, at, words string }{
		{"chat", "gpt-5", "reasoning_effort", `1024="low" 8192="medium" 31999="high" adaptive= disabled="minimal" nothing= xhigh="high" max="high"`},
		{"chat", "gpt-5-mini-2025-08-07", "reasoning_effort", `disabled="minimal" max="high"`},
		{"chat", "openai/gpt-5.1", "reasoning_effort", `disabled="none" xhigh="high"`},
		{"chat", "gpt-5.2", "reasoning_effort", `disabled="none" xhigh="xhigh" max="xhigh"`},
		{"chat", "gpt-5.6-sol", "reasoning_effort", `xhigh="xhigh" max="max"`},
		{"chat", "o3-mini", "reasoning_effort", `8192="medium" disabled="low" max="high"`},
		{"chat", "gpt-4o", "reasoning_effort", `8192= disabled= max=`},
		{"chat", "chatgpt-4o-latest", "reasoning_effort", `max=`},
		{"chat", "deepseek-chat", "reasoning_effort", `8192= disabled=`},
		{"responses", "gpt-5-codex", "[reasoning,include]", `8192=[{"effort":"medium","summary":"auto"},["reasoning.encrypted_content"]] disabled=[{"effort":"low"}] nothing=[] xhigh=[{"effort":"high"}]`},
		{"responses", "gpt-5.1-codex-max", "reasoning.effort", `xhigh="xhigh" disabled="low"`},
		{"responses", "codex-mini-latest", "reasoning.effort", `max="high"`},
		{"responses", "gpt-5.5", "[reasoning,include]", `adaptive=[{"summary":"auto"},["reasoning.encrypted_content"]] hidden=[{},["reasoning.encrypted_content"]] disabled=[{"effort":"none"}]`},
		{"responses", "gpt-4.1", "[reasoning,include]", `adaptive=[] max=[]`},
		{"responses", "my-deployment", "[reasoning,include]", `adaptive=[{"summary":"auto"},["reasoning.encrypted_content"]] disabled=[] nothing=[] max=[{"effort":"high"}]`},
		{"generate", "gemini-3.1-pro", "generationConfig.thinkingConfig", `1024={"thinkingLevel":"LOW","includeThoughts":true} adaptive={"includeThoughts":true} hidden={} xhigh={"thinkingLevel":"HIGH"} disabled={"thinkingLevel":"LOW"} nothing=`},
		{"generate", "gemini-2.5-flash-lite", "generationConfig.thinkingConfig", `adaptive={"thinkingBudget":-1,"includeThoughts":true} 31999={"thinkingBudget":24576,"includeThoughts":true} 1024={"thinkingBudget":1024,"includeThoughts":true}`},
	}
	for _, tt := range tests {
		for word := range strings.FieldsSeq(tt.words) {
			name, want, _ := strings.Cut(word, "=")
			if got := asked(t, "messages", tt.to, tt.model, thinking[name], tt.at); got != want {
				t.Errorf("%s for %s is %s, want %s", name, tt.model, got, want)
			}
		}
	}
}

// TestSamplingIsSaidWhereAModelTakesIt: temperature and top_p are refused by newer models, and by thinking ones.
func TestSamplingIsSaidWhereAModelTakesIt(t *testing.T) {
	t.Parallel()
	const both = `,"temperature":0.50,"top_p":0.9`
	for _, tt := range []struct{ from, to, model, members, at, want string }{
		{"chat", "messages", "claude-sonnet-4-5", both, "[temperature,top_p]", `[0.50]`},
		{"chat", "messages", "claude-sonnet-4-5", `,"top_p":0.9`, "[temperature,top_p]", `[0.9]`},
		{"chat", "messages", "claude-sonnet-4-5", `,"temperature":2`, "[temperature,top_p]", `[1]`},
		{"chat", "messages", "claude-opus-4-7", both, "[temperature,top_p]", `[]`},
		{"chat", "messages", "claude-opus-4-6", both, "[temperature,top_p]", `[0.50]`},
		{"chat", "messages", "claude-opus-4-6", both + `,"reasoning_effort":"low"`, "[temperature,top_p]", `[]`},
		{"chat", "messages", "kimi-k2", both, "[temperature,top_p]", `[0.50,0.9]`},
		{"chat", "generate", "gemini-2.5-pro", both, "[generationConfig.temperature,generationConfig.topP]", `[0.50,0.9]`},
		{"messages", "chat", "gpt-4.1", both, "[temperature,top_p]", `[0.50,0.9]`},
		{"messages", "chat", "gpt-5", both, "[temperature,top_p]", `[]`},
		{"messages", "chat", "o4-mini", both, "[temperature,top_p]", `[]`},
		{"messages", "responses", "gpt-5.5", both + `,"max_tokens":7`, "[temperature,top_p,max_output_tokens]", `[]`},
		{"chat", "messages", "claude-3-haiku-20240307", ``, "max_tokens", `4096`},
		{"chat", "messages", "claude-3-5-sonnet-20241022", ``, "max_tokens", `8192`},
		{"chat", "messages", "claude-opus-5", ``, "max_tokens", `32000`},
		{"chat", "messages", "claude-opus-5", `,"max_tokens":1e3`, "max_tokens", `1000`},
		{"chat", "messages", "claude-sonnet-4-5", `,"max_tokens":2047,"reasoning_effort":"low"`, "thinking", ``},
		{"chat", "messages", "claude-sonnet-4-5", `,"max_tokens":2048,"reasoning_effort":"high"`, "thinking.budget_tokens", `1024`},
		{"chat", "messages", "claude-sonnet-4-5", `,"reasoning_effort":"low","tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required"`, "thinking", ``},
		{"chat", "messages", "claude-opus-5", `,"tools":[{"type":"function","function":{"name":"f"}}],"parallel_tool_calls":false`, "tool_choice", `{"type":"auto","disable_parallel_tool_use":true}`},
		{"chat", "messages", "claude-opus-5", `,"tools":[{"type":"function","function":{"name":"f"}}],"parallel_tool_calls":true`, "tool_choice", ``},
		{"chat", "messages", "claude-opus-5", `,"tools":[],"tool_choice":"auto"`, "tool_choice", ``},
		{"chat", "messages", "claude-opus-5", `,"tools":[{"type":"function","function":{"name":"f","parameters":{ "properties":{"a":{}} }}}]`, "tools.0.input_schema", `{"type":"object","properties":{"a":{}} }`},
		{"chat", "messages", "claude-opus-5", `,"response_format":{"type":"text"},"user":"bob"`, "[output_config,system,metadata]", `[]`},
		{"chat", "messages", "claude-opus-5", `,"safety_identifier":"0123456789abcdef0","user":"fedcba98765432100"`, "metadata.user_id", `"0123456789abcdef0"`},
		{"messages", "chat", "gpt-5", `,"tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"tool","name":"f"}`, "tool_choice", `{"type":"function","function":{"name":"f"}}`},
		{"messages", "chat", "gpt-5", `,"tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"none"}`, "tool_choice", `"none"`},
		{"messages", "chat", "gpt-5", `,"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"anyOf":[{"type":"object","properties":{}}]}},"required":["a"],"additionalProperties":false}}}`, "response_format.json_schema.strict", `false`},
		{"messages", "responses", "gpt-5", `,"output_format":{"type":"json_schema","schema":{"type":"string"}}`, "text.format.strict", `true`},
	} {
		if got := asked(t, tt.from, tt.to, tt.model, tt.members, tt.at); got != tt.want {
			t.Errorf("%s for %s: %s is %s, want %s", tt.members, tt.model, tt.at, got, tt.want)
		}
	}
}
