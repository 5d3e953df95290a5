package daemon_test

import (
	"fmt"
	"net/http"
	"testing"

	"crs/ctl"
	"crs/lab/crstest"
)

// TestTieredPrices: beyond a length of the prompt the whole request costs another price, cached tokens and the answer included
// (protocols.md, J.3). What a key is charged follows its multiplier, what it cost does not.
func TestTieredPrices(t *testing.T) {
	t.Parallel()
	const none = "cache_write=0,cache_write_1h=0,reasoning=0"
	for name, c := range map[string]struct {
		platform, model, tokens string
		cost                    ctl.USD // in nano-dollars
	}{
		"Gemini, at the border":   {"gemini-api", "gemini-2.5-pro", "input=200000,cache_read=0,output=1000", 200_000*1250 + 1000*10_000},
		"Gemini, beyond":          {"gemini-api", "gemini-2.5-pro", "input=200001,cache_read=0,output=1000", 200_001*2500 + 1000*15_000},
		"Gemini, by what is read": {"gemini-api", "gemini-2.5-pro", "input=1000,cache_read=200000,output=1000", 1000*2500 + 200_000*250 + 1000*15_000},
		"GPT, at the border":      {"openai-responses", "gpt-5.4", "input=272000,cache_read=0,output=1000", 272_000*2500 + 1000*15_000},
		"GPT, beyond":             {"openai-responses", "gpt-5.4", "input=272001,cache_read=0,output=1000", 272_001*5000 + 1000*22_500},
		"Claude, flat":            {"claude-console", "claude-opus-4-8", "input=500000,cache_read=0,output=1000", 500_000*5000 + 1000*25_000},
		"Haiku, beyond":           {"claude-console", "claude-haiku-5-5", "input=1,cache_read=100000,output=1000", 1*500 + 100_000*50 + 1000*2500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			b.AccountOn(c.platform, "a")
			two := 2.0
			key := b.Key("k", func(k *ctl.NewKey) { k.Multiplier = &two })
			b.Script("loop:ok(" + c.tokens + "," + none + ")")
			k := askers()[c.platform]
			k.named(c.model)
			for _, stream := range []bool{false, true} {
				if a := k.ask(t, b, key, stream); a.Status != http.StatusOK {
					t.Fatalf("%d %s", a.Status, a.Body)
				}
				b.Idle()
				if last := b.Last(); last.Cost != c.cost || last.Charged != 2*c.cost || last.Unpriced || last.Prices == "" {
					t.Errorf("streamed %v: it cost %d, charged %d (want %d): %+v", stream, last.Cost, last.Charged, c.cost, last)
				}
			}
			u, err := b.Usage(t.Context(), ctl.UsageQuery{Since: "all", By: []string{"model"}})
			if err != nil || u.Total.Cost != 2*c.cost || len(u.Rows) != 1 || u.Rows[0].Model != c.model {
				t.Errorf("%+v, %v", u, err)
			}
		})
	}
}

// TestAModelWithoutAPriceIsFlagged: it costs nothing, and that is seen.
func TestAModelWithoutAPriceIsFlagged(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.AccountOn("openai-responses", "a")
	k := askers()["openai-responses"]
	k.named("nobody-knows-this-one")
	if a := k.ask(t, b, b.Key("k"), true); a.Status != http.StatusOK {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	b.Idle()
	if last := b.Last(); !last.Unpriced || last.Cost != 0 || last.OutputTokens == 0 {
		t.Errorf("%s", fmt.Sprintf("%+v", last))
	}
}
