package pricing_test

import (
	"reflect"
	"testing"

	"crs/internal/pricing"
)

func TestWhatAnotherTableChanges(t *testing.T) {
	t.Parallel()
	before := table(t, models("gone", "gone too", "same", "words", "dearer", "tiered", "searching", "fast", "regional"))
	after := table(t, `{
		"new": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6},
		"same": {"input_cost_per_token": "0.000001", "output_cost_per_token": 2e-6},
		"words": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "litellm_provider": "other", "mode": "chat", "max_input_tokens": 7},
		"dearer": {"input_cost_per_token": 1e-6, "output_cost_per_token": 3e-6},
		"tiered": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "input_cost_per_token_above_200k_tokens": 1e-6},
		"searching": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "search_context_cost_per_query": {"search_context_size_medium": 0.02}},
		"fast": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "provider_specific_entry": {"fast": 2}},
		"regional": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "provider_specific_entry": {"us": 1.1}}
	}`)
	want := pricing.Changes{
		Added: []string{"new"}, Removed: []string{"gone", "gone too"}, Changed: []string{"dearer", "fast", "regional", "searching", "tiered"},
	}
	if got := before.Changes(after); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := after.Changes(after); !reflect.DeepEqual(got, pricing.Changes{}) {
		t.Errorf("a table and itself: %+v", got)
	}
}

func TestWhatATableLacksIsCountedAmongTheModelsThatAllHave(t *testing.T) {
	t.Parallel()
	own := pricing.Embedded()
	all := len(own.SoldBy([]string{"anthropic", "openai", "gemini"}))
	for name, tt := range map[string]struct {
		old, next *pricing.Table
		lost, had int
	}{
		"itself":               {own, own, 0, all},
		"one model":            {own, table(t, models("claude-opus-5")), all - 1, all},
		"other names only":     {table(t, models("x/a", "x/b", "openai/c")), table(t, models("x/a", "c")), 1, 3},
		"a name within a name": {table(t, models("gpt-5-2025-08-07")), table(t, models("gpt-5")), 0, 1},
	} {
		if lost, had := tt.old.Lost(tt.next); lost != tt.lost || had != tt.had {
			t.Errorf("%s: %d of %d, want %d of %d", name, lost, had, tt.lost, tt.had)
		}
	}
}
