package pricing_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"crs/internal/pricing"
	"crs/internal/usage"
)

// testdata/litellm.json has every field that LiteLLM's table has; the numbers are of no real model.
func fixture(t *testing.T) (text string, models map[string]map[string]any) {
	t.Helper()
	doc, err := os.ReadFile("testdata/litellm.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(doc, &models); err != nil {
		t.Fatal(err)
	}
	return string(doc), models
}

func TestLiteLLMsTableIsReadWhole(t *testing.T) {
	t.Parallel()
	text, models := fixture(t)
	got := read(t, text, pricing.Origin{})
	if got.Format != pricing.LiteLLM || got.Entries != len(models)-1 {
		t.Errorf("%s with %d of %d entries", got.Format, got.Entries, len(models)-1)
	}
	refused := []string{
		"prices of nano-x: input, priority: $2.50 for a million tokens is 50 times the ordinary $0.05",
		"prices of negative-x: input_cost_per_token: -1e-06: must not be negative",
		"prices of search-y/search: tiered_pricing: has prices that are not for a range of lengths of the prompt",
	}
	if said := sentences(got.Refused); !slices.Equal(said, refused) {
		t.Errorf("refused:\n%s", strings.Join(said, "\n"))
	}
	unpriced := []string{
		"prices of 1024-x-1024/dall-e-x: it is billed by what crs does not count: input_cost_per_pixel",
		"prices of commitment-x/1-month: it is billed by what crs does not count: input_cost_per_second, output_cost_per_second",
		"prices of free-x: 0 for everything: set it to 0 yourself if it is free",
		"prices of ocr-x: it is billed by what crs does not count: annotation_cost_per_page, annotation_cost_per_page_batches, ocr_cost_per_credit, ocr_cost_per_page, ocr_cost_per_page_batches",
		"prices of rerank-x: it is billed by what crs does not count: input_cost_per_query",
		"prices of search-y/search: it has no price",
		"prices of tts-x: it is billed by what crs does not count: input_cost_per_character",
		"prices of video-x: it is billed by what crs does not count: output_cost_per_second, output_cost_per_second_1080p, output_cost_per_second_2k, output_cost_per_second_480p, output_cost_per_second_4k, output_cost_per_second_720p, output_cost_per_second_768p",
	}
	if said := sentences(got.Unpriced); !slices.Equal(said, unpriced) {
		t.Errorf("unpriced:\n%s", strings.Join(said, "\n"))
	}
	if priced := len(got.Table.Models()); priced != got.Entries-len(unpriced)-1 {
		t.Errorf("%d models have prices", priced)
	}
}

func sentences(all []pricing.Refusal) (said []string) {
	for _, r := range all {
		said = append(said, r.String())
	}
	slices.Sort(said)
	return said
}

// Without any one of its prices, what is read is another table: each is taken, shown or refused.
func TestEveryPriceOfLiteLLMsTableCounts(t *testing.T) {
	t.Parallel()
	_, models := fixture(t)
	for model, entry := range models {
		whole := summary(t, model, entry)
		for field := range entry {
			price := strings.Contains(field, "cost") || strings.Contains(field, "pricing") || strings.Contains(field, "multiplier") || field == "provider_specific_entry"
			if model == "sample_spec" || !price || slices.Contains(redundant[model], field) {
				continue
			}
			fewer := map[string]any{}
			for other, value := range entry {
				if other != field {
					fewer[other] = value
				}
			}
			if summary(t, model, fewer) == whole {
				t.Errorf("%s of %s makes no difference", field, model)
			}
		}
	}
}

// redundant are the prices that say nothing that others do not, or that crs has no use for.
var redundant = map[string][]string{
	"claude-x-1": { // follow from the price of input
		"cache_read_input_token_cost", "cache_creation_input_token_cost", "cache_creation_input_token_cost_above_1hr", "cache_creation_input_token_cost_above_1hr_above_200k_tokens",
		"cache_read_input_token_cost_above_200k_tokens", "cache_creation_input_token_cost_above_200k_tokens", "cache_read_input_token_cost_batches", "output_cost_per_token_batches",
	},
	"qwen-x":               {"off_peak_pricing"}, // the price of other hours holds all day
	"image-x":              {"input_cost_per_token", "output_cost_per_token"},
	"image-z":              {"output_cost_per_image"}, // what its tokens come to
	"1024-x-1024/dall-e-x": {"output_cost_per_pixel"},
	"whisper-x":            {"input_cost_per_second", "output_cost_per_second"},
	"elevenlabs/scribe-x":  {"output_cost_per_second"},
	"rerank-x":             {"input_cost_per_token", "output_cost_per_token"},
	"embed-x":              {"output_cost_per_token"},
	"free-x":               {"input_cost_per_token", "output_cost_per_token"},
	"negative-x":           {"output_cost_per_token"},
}

// summary is all that is read of an entry.
func summary(t *testing.T, model string, entry map[string]any) string {
	t.Helper()
	doc, err := json.Marshal(map[string]any{model: entry})
	if err != nil {
		t.Fatal(err)
	}
	got := read(t, string(doc), pricing.Origin{})
	text := fmt.Sprint(sentences(got.Refused), sentences(got.Unpriced), got.Table.Version())
	for _, p := range got.Table.Periods(model) {
		text += fmt.Sprint(p.Unmetered)
	}
	return text
}

func TestWhatLiteLLMsFieldsCost(t *testing.T) {
	t.Parallel()
	text, _ := fixture(t)
	known := read(t, text, pricing.Origin{}).Table
	for _, tt := range []struct {
		item usage.Item
		want pricing.Cost // nano-USD for one
	}{
		{usage.Item{Model: "claude-x-1", Kind: usage.CacheWrite1h}, 6_000},
		{usage.Item{Model: "claude-x-1", Kind: usage.Input, Tier: "fast", Region: "us"}, 19_800},
		{usage.Item{Model: "claude-x-1", Kind: usage.Output, Region: "regional", Prompt: 200_001}, 24_750},
		{usage.Item{Model: "claude-x-1", Kind: usage.Output, Tier: "batch", Prompt: 200_001}, 11_250}, // the discount holds for every length
		{usage.Item{Model: "claude-x-1", Kind: usage.Input, Tier: "priority"}, 3_000},
		{usage.Item{Model: "claude-x-1", Kind: usage.WebSearch}, 10_000_000},
		{usage.Item{Model: "gpt-x", Kind: usage.Reasoning, Tier: "flex"}, 5_200},
		{usage.Item{Model: "gpt-x", Kind: usage.Output, Tier: "fast", Prompt: 300_000}, 31_000},
		{usage.Item{Model: "gpt-x", Kind: usage.CacheRead, Tier: "priority", Prompt: 300_000}, 820},
		{usage.Item{Model: "gpt-x", Kind: usage.CacheWrite5m, Tier: "batch", Prompt: 300_000}, 2_700},
		{usage.Item{Model: "gpt-x", Kind: usage.Output, Tier: "ultrafast"}, 61_000},
		{usage.Item{Model: "gpt-x", Kind: usage.Output, Tier: "ultrafast", Prompt: 300_000}, 15_000}, // is not sold for that
		{usage.Item{Model: "gpt-x", Kind: usage.Input, Region: "eu"}, 2_200},
		{usage.Item{Model: "gpt-x", Kind: usage.FileSearch}, 2_500_000},
		{usage.Item{Model: "gpt-x", Kind: usage.Session}, 30_000_000},
		{usage.Item{Model: "qwen-x", Kind: usage.Reasoning, Prompt: 32_000}, 7_000},
		{usage.Item{Model: "qwen-x", Kind: usage.Reasoning, Prompt: 32_001}, 15_000},
		{usage.Item{Model: "qwen-x", Kind: usage.CacheRead, Prompt: 32_001}, 240},
		{usage.Item{Model: "qwen-x", Kind: usage.Input, Prompt: 500_000}, 3_000},
		{usage.Item{Model: "chat-x", Kind: usage.CacheRead}, 28},                         // deepseek's, by its bare name
		{usage.Item{Model: "grok-x", Kind: usage.Input, Prompt: 199_999}, 3_000},         // xAI's steps hold from
		{usage.Item{Model: "grok-x", Kind: usage.Input, Prompt: 200_000}, 4_000},         // their lengths on
		{usage.Item{Model: "gpt-x-audio", Kind: usage.AudioInput, Tier: "fast"}, 70_000}, // by its other name
		{usage.Item{Model: "gpt-x-audio", Kind: usage.AudioCacheRead}, 2_600},
		{usage.Item{Model: "gemini-2-x", Kind: usage.GroundedTurn}, 35_000_000},
		{usage.Item{Model: "gemini-2-x", Kind: usage.WebSearch}, 0},
		{usage.Item{Model: "gemini-2-x", Kind: usage.ImageOutput}, 30_000},
		{usage.Item{Model: "gemini-2-x", Kind: usage.AudioCacheRead}, 110},
		{usage.Item{Model: "gemini-3-x", Kind: usage.WebSearch}, 14_000_000},
		{usage.Item{Model: "image-x", Kind: usage.Image}, 40_000_000},
		{usage.Item{Model: "image-y", Kind: usage.Image}, 50_000_000},
		{usage.Item{Model: "image-z", Kind: usage.Image}, 0},
		{usage.Item{Model: "whisper-x", Kind: usage.Second}, 100_000},
		{usage.Item{Model: "scribe-x", Kind: usage.Second}, 61_100},
		{usage.Item{Model: "search", Kind: usage.WebSearch}, 5_000_000},
		{usage.Item{Model: "nano-x", Kind: usage.Input, Tier: "priority"}, 50},
		{usage.Item{Model: "nano-x", Kind: usage.Input, Tier: "flex"}, 25},
	} {
		tt.item.Amount = 1
		if got, _ := known.CostOf([]usage.Item{tt.item}, today); got != tt.want {
			t.Errorf("%s costs %d, want %d", tt.item, int64(got), int64(tt.want))
		}
	}
}
