package providertest

import (
	"embed"
	"testing"

	"crs/internal/usage"
)

// recorded are answers as upstreams send them, by the protocol: with thoughts, a tool's call, and characters of several bytes.
//
//go:embed recorded
var recorded embed.FS

// Recorded is the body of a recorded answer.
func Recorded(t testing.TB, name string) []byte {
	t.Helper()
	b, err := recorded.ReadFile("recorded/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What the recorded answers cost.
var (
	anthropicTokens = usage.Tokens{Input: 12, Output: 34, CacheRead: 9012, CacheWrite: 560, CacheWrite1h: 78}
	openaiTokens    = usage.Tokens{Input: 12, Output: 34, CacheRead: 9012, CacheWrite: 560, Reasoning: 8}
	geminiTokens    = usage.Tokens{Input: 12, Output: 34, CacheRead: 9012, Reasoning: 8}
)

// The content types of recorded answers.
const (
	JSON        = "application/json"
	EventStream = "text/event-stream; charset=utf-8"
)

// Recordings are the recorded answers of services that the upstream gives as the service's own protocol has them.
func Recordings(t testing.TB, services ...string) map[string]Recording {
	t.Helper()
	all := map[string]Recording{}
	for _, s := range services {
		for name, r := range recordedOf(s) {
			r.Service, r.Body = s, Recorded(t, name)
			if r.Type = JSON; r.Stream {
				r.Type = EventStream
			}
			all[name] = r
		}
	}
	return all
}

func recordedOf(service string) map[string]Recording {
	const claude, gpt, gemini = "claude-opus-4-8", "gpt-5.5", "gemini-2.5-pro"
	return map[string]map[string]Recording{
		"anthropic/messages":       {"messages.sse": {Stream: true, Tokens: anthropicTokens, Model: claude}, "messages.json": {Tokens: anthropicTokens, Model: claude}},
		"anthropic/count_tokens":   {"count_tokens.json": {Free: true}},
		"openai/responses":         {"responses.sse": {Stream: true, Tokens: openaiTokens, Model: gpt}, "responses.json": {Tokens: openaiTokens, Model: gpt}},
		"openai/responses/compact": {"compact.json": {Tokens: openaiTokens}},
		"openai/chat":              {"chat.sse": {Stream: true, Tokens: openaiTokens, Model: gpt}, "chat.json": {Tokens: openaiTokens, Model: gpt}},
		"openai/completions":       {"completions.sse": {Stream: true, Tokens: openaiTokens, Model: gpt}, "completions.json": {Tokens: openaiTokens, Model: gpt}},
		"openai/embeddings":        {"embeddings.json": {Tokens: usage.Tokens{Input: 12}, Model: "text-embedding-3-small"}},
		"openai/images":            {"images.json": {Tokens: usage.Tokens{Input: 12, Output: 34}}},
		"gemini/generate":          {"generate.sse": {Stream: true, Tokens: geminiTokens, Model: gemini}, "generate.json": {Tokens: geminiTokens, Model: gemini}},
		"gemini/count":             {"count.json": {Free: true}},
		"gemini/embed":             {"embed.json": {Free: true}},
		"codeassist/generate":      {"codeassist.sse": {Stream: true, Tokens: geminiTokens, Model: gemini}, "codeassist.json": {Tokens: geminiTokens, Model: gemini}},
		"codeassist/count":         {"codeassist-count.json": {Free: true}},
	}[service]
}
