package model_test

import (
	"testing"

	"crs/internal/model"
)

func TestPlain(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"claude-opus-5": "claude-opus-5", "gpt-5.5": "gpt-5.5", "": "", "us.": "us.", "in.": "in.",
		"us.anthropic.claude-opus-5": "claude-opus-5", "anthropic.claude-opus-5": "claude-opus-5", "US.Anthropic.claude-opus-5": "claude-opus-5",
		"global.openai.gpt-6-sol": "gpt-6-sol", "anthropic/claude-opus-5": "claude-opus-5", "bedrock/us.anthropic.claude-opus-5": "claude-opus-5",
		"arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-opus-5-v1:0":    "claude-opus-5-v1:0",
		"arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdef": "abcdef",
	} {
		if got := model.Plain(name); got != want {
			t.Errorf("%s is %s, not %s", name, got, want)
		}
	}
}

func TestCutPlace(t *testing.T) {
	t.Parallel()
	for id, want := range map[string][2]string{
		"us.anthropic.claude-opus-5": {"us", "anthropic.claude-opus-5"}, "in.openai.gpt-6-sol": {"in", "openai.gpt-6-sol"},
		"us-gov.openai.gpt-oss-20b-1:0": {"us-gov", "openai.gpt-oss-20b-1:0"}, "global.anthropic.claude-opus-5": {"global", "anthropic.claude-opus-5"},
		"anthropic.claude-opus-5": {"", "anthropic.claude-opus-5"}, "gpt-5.5": {"", "gpt-5.5"}, "us": {"", "us"}, "": {"", ""},
	} {
		if place, rest := model.CutPlace(id); place != want[0] || rest != want[1] {
			t.Errorf("%s: %q and %q", id, place, rest)
		}
	}
}
