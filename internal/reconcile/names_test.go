package reconcile_test

import (
	"testing"

	"crs/internal/reconcile"
)

// nothing is a table that looks nothing up.
func nothing(string) (string, bool) { return "", false }

func TestATableSaysWhatAModelIs(t *testing.T) {
	t.Parallel()
	names := reconcile.NewNames([]string{"gpt-5.5-2026-04-23"}, func(model string) (string, bool) { return "gpt-5.5-2026-04-23", model == "prod" })
	if got := names.Of("prod"); got != "gpt-5-5" {
		t.Error(got)
	}
}

func TestModelsAreFoundInABillsLines(t *testing.T) {
	t.Parallel()
	names := reconcile.NewNames([]string{
		"claude-haiku-4-5", "claude-opus-4-5-20251101", "us.anthropic.claude-sonnet-4-6-v1:0", "gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-2.5-pro", "gpt-4o", "gpt-4o-mini", "gpt-5.6-luna", "o3",
	}, nothing)
	for line, want := range map[string]string{
		"Claude Haiku 4.5":                                                   "claude-haiku-4-5",
		"claude-opus-4-5":                                                    "claude-opus-4-5",
		"gpt-4o-2024-08-06, input":                                           "gpt-4o",
		"gpt-4o-mini-2024-07-18, cached input":                               "gpt-4o-mini",
		"Gemini 2.5 Flash Text Input - Predictions":                          "gemini-2-5-flash",
		"Gemini 2.5 Flash Lite Text Output":                                  "gemini-2-5-flash-lite",
		"Generate content input token count gemini 2.5 pro short input text": "gemini-2-5-pro",
		"Claude Sonnet 4.6 (Amazon Bedrock Edition) USE1-MP:USE1_InputTokenCount-Units": "claude-sonnet-4-6",
		"USE1-openai.gpt-5.6-luna-mantle-input-tokens-standard":                         "gpt-5-6-luna",
	} {
		if got, found := names.In(line); got != want || !found {
			t.Errorf("%q is %q, %t", line, got, found)
		}
	}
	if got, found := names.In(" web search tool calls "); found || got != "web search tool calls" {
		t.Errorf("%q, %t", got, found)
	}
}

func TestARecordsModelIsNamedAsTheBillsIs(t *testing.T) {
	t.Parallel()
	names := reconcile.NewNames([]string{"claude-haiku-4-5", "gemini-2.5-pro", "gpt-5.5"}, nothing)
	for model, want := range map[string]string{
		"claude-haiku-4-5-20251001": "claude-haiku-4-5", "claude-haiku-4-5[1m]": "claude-haiku-4-5", "anthropic/claude-haiku-4-5": "claude-haiku-4-5",
		"us.anthropic.claude-haiku-4-5-20251001-v1:0": "claude-haiku-4-5", "claude-haiku-4-5@20251001": "claude-haiku-4-5", "gemini-2.5-pro": "gemini-2-5-pro",
		"gpt-5.5-high": "gpt-5-5", "gpt-5.5-unheard": "gpt-5-5-unheard", "house": "house", "": "",
		"arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0": "claude-haiku-4-5",
	} {
		if got := names.Of(model); got != want {
			t.Errorf("%q is %q, not %q", model, got, want)
		}
	}
}
