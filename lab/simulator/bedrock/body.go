package bedrock

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"crs/lab/simulator/anthropic"
	"crs/lab/simulator/provider"
)

const (
	malformed = "Malformed input request, please reformat your input and try again."
	// version is the only one there is.
	version = "bedrock-2023-05-31"
)

// knowsBeta reports whether Bedrock knows a beta.
func knowsBeta(name string) bool {
	switch name {
	case "interleaved-thinking-2025-05-14", "context-1m-2025-08-07", "fine-grained-tool-streaming-2025-05-14",
		"token-efficient-tools-2025-02-19", "output-128k-2025-02-19", "tool-search-tool-2025-10-19":
		return true
	}
	return strings.HasPrefix(name, "computer-use-")
}

func (a *bedrock) admitInvoke(c *provider.Call) *provider.Failure {
	if f := a.admit(c); f != nil {
		return f
	}
	return read(c, c.Body)
}

// read reads the body of an invocation and checks it.
func read(c *provider.Call, body []byte) *provider.Failure {
	fields, ok := provider.ReadObject(body)
	if !ok {
		return invalid(malformed)
	}
	wrong := anthropic.CheckTurns(&c.Prompt, fields, true)
	switch extra := strangeMember(fields); {
	case fields["anthropic_version"] == nil:
		return invalid("anthropic_version: Field required")
	case fields.Text("anthropic_version") != version:
		return invalid("Invalid API version")
	case extra != "":
		return invalid(extra + ": Extra inputs are not permitted")
	case !goodBetas(fields["anthropic_beta"]):
		return invalid("invalid beta flag")
	case wrong != "":
		return invalid(wrong)
	}
	if extra := strangeCacheControl(body); extra != "" {
		return invalid("cache_control.ephemeral." + extra + ": Extra inputs are not permitted")
	}
	return nil
}

// strangeMember finds a member that Bedrock does not take.
func strangeMember(fields provider.Fields) string {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		switch name {
		case "anthropic_version", "anthropic_beta", "max_tokens", "messages", "system", "temperature", "top_p", "top_k",
			"stop_sequences", "tools", "tool_choice", "thinking", "metadata":
		default:
			return name
		}
	}
	return ""
}

func goodBetas(raw json.RawMessage) bool {
	names, list := provider.ReadList(raw)
	for _, n := range names {
		if name, _ := provider.ReadText(n); !knowsBeta(name) {
			return false
		}
	}
	return list || raw == nil
}

// strangeCacheControl finds a member that Bedrock does not take in a cache_control object, wherever that is, but in what
// tools are given.
func strangeCacheControl(raw json.RawMessage) (extra string) {
	elements, _ := provider.ReadList(raw)
	for _, e := range elements {
		if extra := strangeCacheControl(e); extra != "" {
			return extra
		}
	}
	fields, _ := provider.ReadObject(raw)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		switch name {
		case "cache_control":
			extra = strangeControl(fields[name])
		case "input", "input_schema":
		default:
			extra = strangeCacheControl(fields[name])
		}
		if extra != "" {
			return extra
		}
	}
	return ""
}

func strangeControl(raw json.RawMessage) string {
	control, _ := provider.ReadObject(raw)
	for _, name := range slices.Sorted(maps.Keys(control)) {
		if name != "type" && name != "ttl" {
			return name
		}
	}
	return ""
}
