package pricing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"crs/internal/pricing"
	"crs/internal/usage"
)

func TestAPriceThatIsMissingIsNotFree(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ entry, refused string }{
		"output is null":            {`"input_cost_per_token":1e-6,"output_cost_per_token":null,"mode":"chat"`, "output is missing"},
		"output is not there":       {`"input_cost_per_token":1e-6,"mode":"responses"`, "output is missing"},
		"output is an empty text":   {`"input_cost_per_token":1e-6,"output_cost_per_token":"","mode":"completion"`, "output is missing"},
		"nobody says the mode":      {`"input_cost_per_token":1e-6`, "output is missing"},
		"input is null":             {`"input_cost_per_token":null,"output_cost_per_token":1e-6,"mode":"chat"`, "input is missing"},
		"only of cached tokens":     {`"cache_read_input_token_cost":1e-6,"mode":"chat"`, "input is missing"},
		"only of long prompts":      {`"input_cost_per_token_above_200k_tokens":1e-6,"output_cost_per_token":1e-6,"mode":"chat"`, "input is missing"},
		"the first size is not":     {`"tiered_pricing":[{"range":[32000,1e6],"input_cost_per_token":1e-6,"output_cost_per_token":1e-6}],"mode":"chat"`, "input is missing"},
		"of sound, without text":    {`"input_cost_per_audio_token":1e-6,"output_cost_per_audio_token":1e-6,"mode":"chat"`, "input is missing"},
		"images without their own":  {`"input_cost_per_token":1e-6,"output_cost_per_image_token":null,"mode":"image_generation"`, "output is missing"},
		"speech without its own":    {`"input_cost_per_token":1e-6,"mode":"audio_speech"`, "output is missing"},
		"an embedding":              {`"input_cost_per_token":1e-6,"output_cost_per_token":null,"mode":"embedding"`, ""},
		"a transcription":           {`"input_cost_per_token":1e-6,"mode":"audio_transcription"`, ""},
		"speech":                    {`"input_cost_per_token":1e-6,"output_cost_per_audio_token":1e-6,"mode":"audio_speech"`, ""},
		"images by their tokens":    {`"input_cost_per_token":1e-6,"output_cost_per_image_token":1e-6,"mode":"image_generation"`, ""},
		"images by the piece":       {`"input_cost_per_image":0.04,"output_cost_per_image":null,"mode":"image_generation"`, ""},
		"searches of another size":  {`"input_cost_per_token":1e-6,"output_cost_per_token":1e-6,"search_context_cost_per_query":{"search_context_size_medium":null,"search_context_size_high":0.01}`, ""},
		"a cached price, under two": {`"input_cost_per_token":1e-6,"output_cost_per_token":1e-6,"cache_read_input_token_cost":null,"input_cost_per_token_cache_hit":1e-7`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := read(t, `{"m":{`+tt.entry+`}}`, pricing.Origin{})
			said := strings.Join(sentences(got.Refused), "\n")
			if (said == "") != (tt.refused == "") || !strings.Contains(said, tt.refused) || len(got.Refused)+len(got.Table.Models()) != 1 {
				t.Errorf("%q, refused %q", got.Table.Models(), said)
			}
		})
	}
	got := read(t, `{"openai":{"models":{"m":{"cost":{"input":1,"output":null}},"n":{"cost":{"output":1}}}}}`, pricing.Origin{})
	if len(got.Refused) != 2 || len(got.Table.Models()) != 0 {
		t.Errorf("of models.dev: %q, refused %q", got.Table.Models(), got.Refused)
	}
}

func TestWhatIsNullIsAsIfItWereNotThere(t *testing.T) {
	t.Parallel()
	known := table(t, `{
		"image":{"input_cost_per_image":0.04,"output_cost_per_image":null,"mode":"image_generation"},
		"search":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6,"search_context_cost_per_query":{"search_context_size_medium":null,"search_context_size_high":0.01}},
		"cached":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6,"cache_read_input_token_cost":null,"input_cost_per_token_cache_hit":1e-7}}`)
	for want, item := range map[string]usage.Item{
		"$0.04":      {Model: "image", Kind: usage.Image},
		"$0.01":      {Model: "search", Kind: usage.WebSearch},
		"$0.0000001": {Model: "cached", Kind: usage.CacheRead},
	} {
		item.Amount = 1
		if got, ok := known.CostOf([]usage.Item{item}, today); got.String() != want || !ok {
			t.Errorf("%s: %s, known %v; want %s", item, got, ok, want)
		}
	}
}

// A model that a table has without all of its prices keeps the one that it had.
func TestAModelWithoutAllOfItsPricesKeepsOurs(t *testing.T) {
	t.Parallel()
	taken := read(t, `{"gpt-5":{"input_cost_per_token":9e-6,"output_cost_per_token":null,"mode":"chat"}}`, pricing.Origin{AsOf: day(t, "2026-11-30")})
	got := pricing.Embedded().Updated(taken.Table, false).Table
	if cost, ok := cost(got, "gpt-5", usage.Tokens{Input: 1e6, Output: 1e6}, asked{}); cost.String() != "$11.25" || !ok {
		t.Errorf("%s, known %v", cost, ok)
	}
}

func TestAPriceThatIsNotUnderstoodIsSaidOnceAndFirst(t *testing.T) {
	t.Parallel()
	var doc strings.Builder
	doc.WriteString(`{"":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6},"x/":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6}`)
	for n := range 30 {
		fmt.Fprintf(&doc, `,"a%02d":{"input_cost_per_token":-1},"b%02d":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6,"zzz_cost_per_token":1e-3,"nothing_cost_per_token":0,"null_cost_per_token":null}`, n, n)
	}
	doc.WriteString(`,"s":{"tiered_pricing":[{"range":[0],"input_cost_per_token":1e-6,"output_cost_per_token":1e-6},{"range":[9],"yyy_cost_per_token":1}]}}`)
	got := read(t, doc.String(), pricing.Origin{})
	want := []string{
		"prices of s: yyy_cost_per_token: not understood: what it is the price of is not billed",
		"prices of b00: zzz_cost_per_token: not understood: what it is the price of is not billed (29 more models have it)",
		`prices of "": is no name of a model`,
	}
	for i, refused := range append(got.NotUnderstood, got.Refused[0]) {
		if said := refused.String(); said != want[i] {
			t.Errorf("%d: %s", i, said)
		}
	}
	if names := got.Table.Models(); len(names) != 31 || slices.Contains(names, "") || slices.Contains(names, "x/") {
		t.Errorf("%q", names)
	}
	if _, err := pricing.ParseOverrides([]byte(`{"":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6}}`)); err == nil {
		t.Error("an operator's model has no name")
	}
	dev := read(t, `{"openai":{"models":{"":{"cost":{"input":1,"output":1}},"m":{"cost":{"input":1,"output":1,"output_hologram":5}}}}}`, pricing.Origin{})
	if len(dev.Refused) != 1 || len(dev.NotUnderstood) != 1 || !strings.Contains(dev.NotUnderstood[0].String(), "output_hologram: not understood") {
		t.Errorf("of models.dev: %q", dev.Refused)
	}
}

// What is billed by the piece, or by what crs does not count, is not nearly free by its tokens.
func TestWhatIsBilledByThePieceHasNoFreeTokens(t *testing.T) {
	t.Parallel()
	known := table(t, `{
		"dall-e-3":{"input_cost_per_image":0.04,"input_cost_per_token":0,"output_cost_per_token":0,"mode":"image_generation"},
		"searcher":{"input_cost_per_token":0,"output_cost_per_token":0,"mode":"chat","search_context_cost_per_query":{"search_context_size_medium":0.01}},
		"whisper":{"input_cost_per_second":0.0001,"input_cost_per_token":0,"output_cost_per_token":0,"mode":"audio_transcription"},
		"tts":{"input_cost_per_character":1e-5,"input_cost_per_token":0,"output_cost_per_token":0,"mode":"audio_speech"}}`)
	of := func(model string, kinds ...usage.Kind) (all []usage.Item) {
		for _, k := range kinds {
			all = append(all, usage.Item{Kind: k, Amount: 10, Model: model})
		}
		return all
	}
	for name, tt := range map[string]struct {
		items []usage.Item
		want  string
		known bool
	}{
		"images":                {of("dall-e-3", usage.Image), "$0.40", true},
		"images and the prompt": {of("dall-e-3", usage.Input, usage.Image), "$0.40", true},
		"only the prompt":       {of("dall-e-3", usage.Input), "$0.00", false},
		"tokens of searches":    {of("searcher", usage.Input, usage.Output), "$0.00", false},
		"seconds":               {of("whisper", usage.Second, usage.Output), "$0.001", true},
		"tokens of seconds":     {of("whisper", usage.Input, usage.Output), "$0.00", false},
		"tokens of characters":  {of("tts", usage.Input, usage.AudioOutput), "$0.00", false},
	} {
		if got, ok := known.CostOf(tt.items, today); got.String() != tt.want || ok != tt.known {
			t.Errorf("%s: %s, known %v", name, got, ok)
		}
	}
}
