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
