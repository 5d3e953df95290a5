package pricing_test

import (
	"slices"
	"testing"
	"time"

	"crs/internal/pricing"
	"crs/internal/usage"
)

// items are what calls of models used.
func items(calls ...usage.Call) (all []usage.Item) {
	for _, c := range calls {
		all = c.AppendItems(all)
	}
	return all
}

// What requests cost that have been billed wrongly elsewhere, as their providers bill them.
func TestWhatWasBilled(t *testing.T) {
	t.Parallel()
	const nano = "gemini-3-pro-image-preview"
	tests := map[string]struct {
		items []usage.Item
		want  string
	}{
		"an advisor's model has its own price": {items(
			usage.Call{Model: "claude-sonnet-4-6", Tokens: usage.Tokens{Input: 2, Output: 491, CacheRead: 226_584, CacheWrite: 7_853}},
			usage.Call{Model: "claude-opus-4-7", Tokens: usage.Tokens{Input: 159_419, Output: 7_805}},
		), "$1.09701495"},
		"compaction is a call of its own": {items(
			usage.Call{Model: "claude-opus-4-6", Tokens: usage.Tokens{Input: 180_000, Output: 3_500}},
			usage.Call{Model: "claude-opus-4-6", Tokens: usage.Tokens{Input: 23_000, Output: 1_000}},
		), "$1.1275"},
		"searches of Gemini 3 are counted": {append(
			items(usage.Call{Model: "gemini-3-flash-preview", Tokens: usage.Tokens{Input: 10, Output: 5}}),
			usage.Item{Kind: usage.WebSearch, Amount: 2, Model: "gemini-3-flash-preview"}, usage.Item{Kind: usage.GroundedTurn, Amount: 1, Model: "gemini-3-flash-preview"},
		), "$0.02802"},
		"answers of Gemini 2.5 that are grounded are": {append(
			items(usage.Call{Model: "gemini-2.5-flash", Tokens: usage.Tokens{Input: 10, Output: 4}}),
			usage.Item{Kind: usage.WebSearch, Amount: 2, Model: "gemini-2.5-flash"}, usage.Item{Kind: usage.GroundedTurn, Amount: 1, Model: "gemini-2.5-flash"},
		), "$0.035013"},
		"images of Gemini are dearer than its text": {append(
			items(usage.Call{Model: nano, Tokens: usage.Tokens{Input: 326, Output: 677, Reasoning: 337}}),
			usage.Item{Kind: usage.ImageOutput, Amount: 2_000, Model: nano, Prompt: 326},
		), "$0.248776"},
		"images of OpenAI": {append(
			items(usage.Call{Model: "gpt-image-1", Tokens: usage.Tokens{Input: 100}}), usage.Item{Kind: usage.ImageOutput, Amount: 4_160, Model: "gpt-image-1"},
			usage.Item{Kind: usage.Image, Amount: 1, Model: "gpt-image-1"},
		), "$0.1669"},
		"priority of gpt-5.5 is not for long prompts": {items(usage.Call{Model: "gpt-5.5", Tier: "priority", Tokens: usage.Tokens{Input: 300_000, Output: 1_000}}), "$3.045"},
		"under its new name neither":                  {items(usage.Call{Model: "gpt-5.5", Tier: "fast", Tokens: usage.Tokens{Input: 300_000, Output: 1_000}}), "$3.045"},
		"it is for short ones":                        {items(usage.Call{Model: "gpt-5.5", Tier: "fast", Tokens: usage.Tokens{Input: 1_000, Output: 1_000}}), "$0.0875"},
		"the GPT-6 family answers fast":               {items(usage.Call{Model: "gpt-6-sol", Tier: "fast", Tokens: usage.Tokens{Input: 300_000, Output: 1_000}}), "$2.43"},
		"ultrafast":                                   {items(usage.Call{Model: "gpt-6.2-sol", Tier: "ultrafast", Tokens: usage.Tokens{Input: 1_000, Output: 1_000}}), "$0.036"},
		"ultrafast without a known price":             {items(usage.Call{Model: "gpt-6.2-astra", Tier: "ultrafast", Tokens: usage.Tokens{Input: 1_000}}), "$0.008"},
		"priority of Claude is capacity":              {items(usage.Call{Model: "claude-opus-5", Tier: "priority", Tokens: usage.Tokens{Input: 1_000}}), "$0.005"},
		"fast and in the United States": {append(
			items(usage.Call{Model: "claude-opus-5", Tier: "fast", Region: "us", Tokens: usage.Tokens{Input: 1_000}}), usage.Item{Kind: usage.WebSearch, Amount: 1, Model: "claude-opus-5", Tier: "fast", Region: "us"},
		), "$0.021"},
		"every call has the step of its own prompt": {items(
			usage.Call{Model: "claude-haiku-5-5", Tokens: usage.Tokens{Input: 60_000}}, usage.Call{Model: "claude-haiku-5-5", Tokens: usage.Tokens{Input: 60_000}},
		), "$0.012"},
		"sound": {[]usage.Item{{Kind: usage.Second, Amount: 600, Model: "whisper-1"}}, "$0.06"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, known := pricing.Embedded().CostOf(tt.items, today); got.String() != tt.want || !known {
				t.Errorf("%s, known %v; want %s", got, known, tt.want)
			}
		})
	}
}

func TestWhatHasNoPriceIsSaid(t *testing.T) {
	t.Parallel()
	of := func(model string, kinds ...usage.Kind) (all []usage.Item) {
		for _, k := range kinds {
			all = append(all, usage.Item{Kind: k, Amount: 10, Model: model})
		}
		return all
	}
	for name, tt := range map[string]struct {
		items []usage.Item
		known bool
	}{
		"nothing":                             {nil, true},
		"tokens without their images":         {of("gpt-image-1", usage.Image, usage.ImageOutput), true},
		"seconds without their tokens":        {of("whisper-1", usage.Input, usage.Second), true},
		"tokens of what is billed by seconds": {of("whisper-1", usage.Input), false},
		"only images of what has tokens":      {of("gpt-image-1", usage.Image), false},
		"a kind of a newer crs":               {of("gpt-5", usage.Kinds+1), false},
		"a model that nobody knows":           {append(of("gpt-5", usage.Input), of("gpt-99", usage.Input)...), false},
		"a model without a list price":        {of("codex-auto-review", usage.Input), false},
		"a rate that was not found":           {of("gpt-live-1", usage.Second), false},
		"a moving name":                       {of("gemini-flash-latest", usage.Input), false},
		"characters":                          {of("tts-1", usage.Input), false},
		"an image without its tokens":         {of("gpt-image-1", usage.Input, usage.Image), false},
		"an image that was told of in text":   {of("gemini-3-pro-image", usage.Input, usage.Output, usage.Image), true},
		"seconds of what has tokens":          {of("gpt-4o-transcribe", usage.AudioInput, usage.Output, usage.Second), true},
		"only seconds of what has tokens":     {of("gpt-4o-transcribe", usage.Second), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if cost, known := pricing.Embedded().CostOf(tt.items, today); known != tt.known || cost < 0 {
				t.Errorf("%s, known %v", cost, known)
			}
		})
	}
}

func TestAModelIsDearerWhereItIsServedInARegion(t *testing.T) {
	t.Parallel()
	const million = 1_000_000
	known := pricing.Embedded()
	for _, tt := range []struct{ model, region, want string }{
		{"claude-opus-4-8", "", "$5.00"},
		{"claude-opus-4-8", "us", "$5.50"},
		{"claude-opus-4-8", "regional", "$5.50"}, // on Google Cloud
		{"claude-opus-4-8@default", "regional", "$5.50"},
		{"claude-sonnet-4-5@20250929", "regional", "$3.30"},
		{"claude-sonnet-4-5", "us", "$3.00"}, // does not know the parameter
		{"claude-opus-4-1@20250805", "regional", "$15.00"},
		{"gemini-3.8-flash", "regional", "$0.825"},
		{"gemini-2.5-flash", "regional", "$0.30"},
		{"gpt-5.5", "us", "$5.50"},
		{"gpt-4o", "regional", "$2.75"}, // on Azure
		{"gpt-4o", "us", "$2.50"},
		{"azure/gpt-4o", "", "$2.50"},
		{"azure/us/gpt-4o", "", "$2.75"},
		{"azure/eu/gpt-4o", "regional", "$2.75"},
		{"azure/global/gpt-4o", "", "$2.50"},
		{"gpt-6-sol", "regional", "$2.20"},
		{"anthropic.claude-opus-4-8", "", "$5.50"},
		{"anthropic.claude-opus-4-8", "us", "$5.50"}, // never twice
		{"us.anthropic.claude-opus-4-8", "", "$5.50"},
		{"global.anthropic.claude-opus-4-8", "", "$5.00"},
		{"ca.anthropic.claude-opus-4-8", "", "$5.50"},
		{"us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0", "", "$3.30"},
		{"anthropic.claude-mythos-5-2", "", "$8.80"}, // has no row: a tenth over the list
		{"eu.anthropic.claude-mythos-5-2-v1", "", "$8.80"},
		{"global.anthropic.claude-mythos-5-2", "", "$8.00"},
		{"global.anthropic.claude-opus-4-1-20250805-v1:0", "", "$15.00"},
		{"eu.anthropic.claude-opus-4-1-20250805-v1:0", "", "$15.00"},
		{"eu.anthropic.claude-3-haiku-20240307-v1:0", "", "$0.25"},
		{"anthropic.claude-opus-5", "", "$5.50"}, // by the row of another region
		{"eu.openai.gpt-6.2-sol", "", "$2.20"},
		{"apac.openai.gpt-oss-20b-1:0", "", "$0.07"},
		{"arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-opus-4-8", "", "$5.50"},
		{"arn:aws:bedrock:eu-west-1:123456789012:inference-profile/global.anthropic.claude-opus-4-8", "", "$5.00"},
		{"arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:inference-profile/us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0", "", "$3.30"},
		{"bedrock/us-east-1/anthropic.claude-opus-4-8", "", "$5.50"},
		{"vertex_ai/claude-opus-4-8@default", "", "$5.00"},
		{"projects/p/locations/eu/publishers/anthropic/models/claude-opus-4-8", "regional", "$5.50"},
		{"google/gemini-2.5-flash", "", "$0.30"},
		{"xai/grok-4.3", "", "$1.25"},
		{"x-ai/grok-4.3", "us", "$1.375"},
		{"openrouter/deepseek/deepseek-v4-pro", "", "$1.32"},
		{"moonshotai/kimi-k3", "", "$3.00"},
	} {
		item := usage.Item{Kind: usage.Input, Amount: million, Model: tt.model, Region: tt.region, Prompt: 1_000}
		if got, ok := known.CostOf([]usage.Item{item}, today); got.String() != tt.want || !ok {
			t.Errorf("%s in %q: %s, known %v; want %s", tt.model, tt.region, got, ok, tt.want)
		}
	}
}

func TestWhichNameDecidesThePrice(t *testing.T) {
	t.Parallel()
	known := pricing.Embedded()
	for name, tt := range map[string]struct{ answered, upstream, asked, want string }{
		"the model that answered":              {"claude-opus-4-8", "claude-fable-5", "claude-fable-5", "claude-opus-4-8"},
		"one name for all":                     {"gpt-5.5", "gpt-5.5", "gpt-5.5", "gpt-5.5"},
		"a date more":                          {"gpt-5-2025-08-07", "gpt-5", "gpt-5", "gpt-5-2025-08-07"},
		"another version answers":              {"gemini-3.8-flash", "gemini-2.5-pro", "gemini-2.5-pro", "gemini-3.8-flash"},
		"a moving name":                        {"gemini-3.8-flash", "gemini-flash-latest", "gemini-flash-latest", "gemini-3.8-flash"},
		"Bedrock's id says where":              {"claude-haiku-4-5-20251001", "us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5", "us.anthropic.claude-haiku-4-5-20251001-v1:0"},
		"an ARN with the id":                   {"claude-opus-4-8", "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-8", "x", "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-8"},
		"an ARN that says nothing":             {"", "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc", "claude-opus-4-8", "claude-opus-4-8"},
		"a deployment on Azure":                {"prod-codex", "prod-codex", "gpt-5.5", "gpt-5.5"},
		"a deployment that names its model":    {"gpt-5.5", "prod-codex", "my-codex", "gpt-5.5"},
		"a mapped name":                        {"", "claude-opus-4-8", "mine", "claude-opus-4-8"},
		"Bedrock's id of another model":        {"claude-opus-4-8", "us.anthropic.claude-fable-5", "claude-fable-5", "claude-opus-4-8"},
		"nobody's":                             {"a", "b", "c", ""},
		"no names":                             {"", "", "", ""},
		"a model of Bedrock that names itself": {"anthropic.claude-opus-4-8", "global.anthropic.claude-opus-4-8", "x", "global.anthropic.claude-opus-4-8"},
		"both say where":                       {"us.anthropic.claude-opus-4-8", "global.anthropic.claude-opus-4-8", "x", "us.anthropic.claude-opus-4-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := known.Choose(today, tt.answered, tt.upstream, tt.asked)
			if ok != (tt.want != "") || ok && got != tt.want {
				t.Errorf("%q, %v; want %q", got, ok, tt.want)
			}
		})
	}
}

func TestTheModelsThatAProviderSellsOnADay(t *testing.T) {
	t.Parallel()
	known := pricing.Embedded()
	for _, tt := range []struct {
		provider, day string
		has, lacks    []string
	}{
		{"anthropic", "2026-11-29", []string{"claude-opus-4-8", "claude-haiku-4-5", "claude-haiku-5-5", "claude-sonnet-4-5"}, []string{"claude-3-5-haiku", "claude-3-haiku", "gpt-5", "us.anthropic.claude-opus-4-8"}},
		{"anthropic", "2026-11-30", nil, []string{"claude-sonnet-4-5"}},
		{"anthropic", "2026-01-01", []string{"claude-3-5-haiku", "claude-sonnet-4-5"}, []string{"claude-haiku-5-5"}},
		{"google", "2026-12-01", []string{"gemini-3.8-flash"}, []string{"gemini-2.5-flash-preview-tts", "gemini-flash-latest"}},
		{"openai", "2026-12-11", []string{"gpt-5.5", "gpt-5.5-pro"}, []string{"gpt-5", "o3", "whisper-1", "gpt-image-2", "codex-auto-review"}},
		{"nobody", "2026-12-11", nil, []string{"gpt-5"}},
	} {
		got := known.Current(tt.provider, day(t, tt.day).Time())
		for _, name := range tt.has {
			if !slices.Contains(got, name) {
				t.Errorf("%s on %s: %s is not among %q", tt.provider, tt.day, name, got)
			}
		}
		for _, name := range tt.lacks {
			if slices.Contains(got, name) {
				t.Errorf("%s on %s: has %s", tt.provider, tt.day, name)
			}
		}
		if !slices.IsSorted(got) {
			t.Errorf("%q", got)
		}
	}
}

func TestTheDearestModelOfAProvider(t *testing.T) {
	t.Parallel()
	known := pricing.Embedded()
	for provider, want := range map[string]string{
		"anthropic": "claude-fable-5", "openai": "gpt-6-cyber", "gemini": "gemini-4-argon", "google": "gemini-4-argon", "xai": "grok-4.6", "nobody": "",
	} {
		if got, ok := known.Dearest(provider, today); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v; want %q", provider, got, ok, want)
		}
	}
	if got, _ := known.Dearest("gemini", time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)); got != "gemini-4-neon" {
		t.Errorf("the day before the price of another model doubles: %q", got)
	}
	if got, _ := known.Dearest("anthropic", time.Date(2025, 12, 1, 0, 0, 0, 0, time.UTC)); got != "claude-3-opus" {
		t.Errorf("a year before: %q", got)
	}
}
