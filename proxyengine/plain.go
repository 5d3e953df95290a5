package proxyengine

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"crs/proxyengine/provider"
)

// unproven reports whether the request's head asks for something that providers permit to some accounts only, or that they may not know.
func (x *exchange) unproven() bool {
	return !usualQuery(x.in.Query) || slices.ContainsFunc(x.in.Header, func(f provider.Field) bool {
		name := strings.ToLower(f.Name)
		return strings.Contains(name, "beta") || name == "anthropic-version" && f.Value != usualVersion
	})
}

// usualVersion is the only one that clients of Anthropic send.
const usualVersion = "2023-06-01"

// usualQuery reports whether a query has only what every account knows.
func usualQuery(query string) bool {
	return slices.Contains([]string{"", "alt=sse", "alt=json"}, query)
}

// mostPlain bounds the bodies that are looked at: what is longer may be refused for its length. No plain one is nested deeper than
// deepestPlain.
const (
	mostPlain    = 1 << 20
	deepestPlain = 16
)

// plain reports whether the body asks for nothing but an answer to text, and has nothing in it that an account may be without.
func (x *exchange) plain() bool {
	return max(x.intent.PromptTokens, x.intent.MaxTokens) < large && x.tellsAll()
}

// tellsAll reports whether everything that an upstream may quote stands in the request as text: it refers to nothing, and holds
// nothing that is to be decoded.
func (x *exchange) tellsAll() bool {
	if body := x.in.Body; len(body) == 0 || len(body) > mostPlain {
		return false
	}
	doc := gjson.ParseBytes(x.in.Body)
	return doc.IsObject() && plainValue(doc, deepestPlain)
}

func plainValue(v gjson.Result, depth int) bool {
	plain := depth > 0
	v.ForEach(func(name, value gjson.Result) bool {
		plain = plain && (v.IsArray() || plainMember(v, name.String(), value)) && plainContent(v, name.String(), value, depth-1)
		return plain
	})
	return plain
}

func plainContent(of gjson.Result, name string, value gjson.Result, depth int) bool {
	switch {
	case !value.IsObject() && !value.IsArray():
		return true
	case schema(name):
		return !refersOut(value, deepestPlain)
	}
	return opaque(of, name) || plainValue(value, depth)
}

// refersOut reports whether a schema has a part that stands elsewhere.
func refersOut(v gjson.Result, depth int) (out bool) {
	v.ForEach(func(name, value gjson.Result) bool {
		switch {
		case value.IsObject() || value.IsArray():
			out = depth == 0 || refersOut(value, depth-1)
		case !v.IsArray() && strings.HasSuffix(strings.ToLower(name.String()), "ref"):
			out = !strings.HasPrefix(value.String(), "#")
		}
		return !out
	})
	return out
}

// plainMember reports whether a member is one that every account serves.
func plainMember(of gjson.Result, name string, value gjson.Result) bool {
	switch name {
	case "type":
		return plainType(value.String())
	case "n", "candidateCount":
		return value.Int() <= 1
	case "id": // alone, it stands for what was said earlier
		return of.Get("type").Exists() || of.Get("role").Exists() || of.Get("name").Exists()
	case "model", "messages", "system", "max_tokens", "max_completion_tokens", "max_output_tokens", "stream", "stream_options", "include_usage", "temperature",
		"top_p", "top_k", "stop", "stop_sequences", "seed", "presence_penalty", "frequency_penalty", "user", "metadata", "instructions", "input",
		"tools", "tool_choice", "parallel_tool_calls", "prompt_cache_key", "thinking", "budget_tokens", "context_management", "output_config", "store",
		"reasoning", "effort", "summary", "include", "verbosity", "encrypted_content", "format", "definition", "syntax",
		"role", "content", "text", "cache_control", "ttl", "name", "description", "input_schema", "parameters", "strict", "function", "arguments",
		"tool_use_id", "tool_calls", "tool_call_id", "call_id", "output", "is_error", "signature", "data", "status", "disable_parallel_tool_use",
		"contents", "parts", "generationConfig", "topP", "topK", "maxOutputTokens", "stopSequences", "systemInstruction",
		"system_instruction", "functionDeclarations", "parametersJsonSchema", "toolConfig", "functionCallingConfig", "mode", "functionCall", "args",
		"functionResponse", "response", "thoughtSignature", "thinkingConfig", "includeThoughts", "thinkingBudget", "thinkingLevel", "request", "project", "user_prompt_id", "session_id":
		return true
	case "thought":
		return of.Get("text").Exists()
	}
	return false
}

func plainType(name string) bool {
	return slices.Contains([]string{
		"text", "input_text", "output_text", "message", "ephemeral", "function", "custom", "tool_use", "tool_result", "function_call",
		"function_call_output", "thinking", "redacted_thinking", "enabled", "disabled", "adaptive", "auto", "any", "none", "tool",
		"reasoning", "summary_text", "reasoning_text", "custom_tool_call", "custom_tool_call_output", "grammar",
	}, name)
}

// schema reports whether a member holds the schema of what a client's tool takes.
func schema(name string) bool {
	return name == "input_schema" || name == "parameters" || name == "parametersJsonSchema"
}

// opaque reports whether a member holds whatever the client's own tools take and give.
func opaque(of gjson.Result, name string) bool {
	return slices.Contains([]string{"arguments", "args", "response", "metadata", "context_management"}, name) || name == "input" && of.Get("type").String() == "tool_use"
}
