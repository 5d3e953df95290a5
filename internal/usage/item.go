package usage

import (
	"fmt"

	"crs/internal/bound"
)

// Kind is what is used up and has a price.
type Kind uint8

// The kinds. The ledger has them by name, so they may be put in another order.
const (
	Input     Kind = iota // tokens of the prompt, neither read from a cache nor written to one
	Output                // tokens of the answer, thinking apart
	Reasoning             // tokens of the answer that were thinking
	CacheRead
	CacheWrite5m // or for as long as a provider's shorter cache lasts
	CacheWrite1h // or for as long as its longer one does
	ImageInput   // tokens of images in the prompt
	ImageCacheRead
	ImageOutput // tokens of images in the answer
	AudioInput
	AudioCacheRead
	AudioOutput
	VideoInput
	VideoOutput
	WebSearch    // one search of the web
	GroundedTurn // one answer that searches of the web are the ground of, however many
	FileSearch   // one search in the caller's files
	Image        // one image that was made
	Second       // of sound
	Session      // of a tool that is billed by those, such as a container
	Kinds        // how many there are
)

// kind is what there is to know of a kind.
type kind struct {
	name string // where it is stored
	// partOf is the kind that it is counted in where nobody tells it apart; Kinds: it is counted apart anyway.
	partOf Kind
}

var kinds = [Kinds]kind{
	Input: {"input", Kinds}, Output: {"output", Kinds}, Reasoning: {"reasoning", Output},
	CacheRead: {"cache_read", Kinds}, CacheWrite5m: {"cache_write_5m", Kinds}, CacheWrite1h: {"cache_write_1h", Kinds},
	ImageInput: {"image_input", Input}, ImageCacheRead: {"image_cache_read", CacheRead}, ImageOutput: {"image_output", Output},
	AudioInput: {"audio_input", Input}, AudioCacheRead: {"audio_cache_read", CacheRead}, AudioOutput: {"audio_output", Output},
	VideoInput: {"video_input", Input}, VideoOutput: {"video_output", Output},
	WebSearch: {"web_search", Kinds}, GroundedTurn: {"grounded_turn", Kinds}, FileSearch: {"file_search", Kinds},
	Image: {"image", Kinds}, Second: {"second", Kinds}, Session: {"session", Kinds},
}

// String is its name.
func (k Kind) String() string {
	if k >= Kinds {
		return "unknown"
	}
	return kinds[k].name
}

// Tokens reports whether it is counted in tokens. Those are what tiers and regions make dearer.
func (k Kind) Tokens() bool { return k < WebSearch }

// MarshalText implements encoding.TextMarshaler.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. A name that only a newer crs knows is Kinds.
func (k *Kind) UnmarshalText(text []byte) error {
	for *k = 0; *k < Kinds; *k++ {
		if kinds[*k].name == string(text) {
			return nil
		}
	}
	return nil
}

// Item is an amount of one kind that one model used up: what is priced.
type Item struct {
	Kind   Kind  `json:"kind"`
	Amount int64 `json:"amount"`
	// Model did it. In a record it is "" where that is what the record is priced as, and so are Tier and Region.
	Model string `json:"model,omitempty"`
	// Prompt is how long the whole prompt was that the model had, in tokens: prices have steps by it.
	Prompt int64 `json:"prompt,omitempty"`
	// Tier is what the provider says that it served: priority, flex, batch, fast, ultrafast; "" is the standard one.
	Tier string `json:"tier,omitempty"`
	// Region is where it was done, as far as that has a price: us, eu.
	Region string `json:"region,omitempty"`
}

// String is for people and tests.
func (i Item) String() string {
	return fmt.Sprintf("%d %s of %s (prompt %d, tier %q, region %q)", i.Amount, i.Kind, i.Model, i.Prompt, i.Tier, i.Region)
}

// Amounts are how much of each kind.
type Amounts [Kinds]int64

// Add sums up.
func (a Amounts) Add(more Amounts) Amounts {
	for k := range a {
		a[k] = bound.Sum(a[k], more[k])
	}
	return a
}

// Bound gives what of one call's amounts can be believed.
func (a Amounts) Bound() Amounts {
	for k := range a {
		most := int64(mostPieces)
		if Kind(k).Tokens() {
			most = bound.Tokens
		}
		a[k] = bound.Figure(a[k], most)
	}
	return a
}

// mostPieces is how much one request can have used of what is not counted in tokens: seconds of a day of sound, and far more than there
// are of anything else.
const mostPieces = 100_000

// Call is what one call of a model used, priced alike.
type Call struct {
	Model, Tier, Region string // as of an Item
	Tokens              Tokens
	// Also are what of Tokens is no text, and what is not counted in tokens.
	Also Amounts
}

// Plain reports whether Tokens and searches of the web say all there is to say of it.
func (c *Call) Plain() bool {
	also := c.Also
	also[WebSearch], also[Image] = 0, 0
	return also == Amounts{}
}

// AppendItems appends what a call is billed for.
func (c *Call) AppendItems(items []Item) []Item {
	all, prompt := c.amounts(), c.Tokens.Prompt()
	for k, n := range all {
		if n > 0 {
			items = append(items, Item{Kind: Kind(k), Amount: n, Model: c.Model, Prompt: prompt, Tier: c.Tier, Region: c.Region})
		}
	}
	return items
}

// amounts are a call's by kind, each token in one of them.
func (c *Call) amounts() Amounts {
	t, all := &c.Tokens, c.Also
	all[Input], all[Output], all[Reasoning] = t.Input, t.Output, t.Reasoning
	all[CacheRead], all[CacheWrite5m], all[CacheWrite1h] = t.CacheRead, t.CacheWrite, t.CacheWrite1h
	for k := range all {
		if of := kinds[k].partOf; of < Kinds {
			all[k] = max(min(all[k], all[of]), 0)
			all[of] -= all[k]
		}
	}
	return all
}

// MostItems is how many a record has at most.
const MostItems = 32

// promptClasses are about where providers' prices have steps. Prompts on the same sides of all of them cost alike.
var promptClasses = [...]int64{32_000, 100_000, 128_000, 199_999, 200_000, 256_000, 272_000, 512_000, 1_000_000}

func promptClass(prompt int64) (class int) {
	for class < len(promptClasses) && prompt > promptClasses[class] {
		class++
	}
	return class
}

// FoldItems adds up the items that cost alike. When more are left than a record has, it adds up, and says so, what may not cost
// alike: first prompts of any length (as the longest of them), then everything that one model did.
func FoldItems(items []Item) (few []Item, folded bool) {
	few = fold(items, func(i Item) Item { i.Prompt = int64(promptClass(i.Prompt)); return i })
	for _, rough := range []func(Item) Item{
		func(i Item) Item { i.Prompt = 0; return i },
		func(i Item) Item { i.Prompt, i.Tier, i.Region = 0, "", ""; return i },
		func(i Item) Item { return Item{Kind: i.Kind} },
	} {
		if len(few) <= MostItems {
			break
		}
		few, folded = fold(few, rough), true
	}
	return few, folded
}

// fold adds up items that are alike in what like leaves of them, in the place of the first.
func fold(items []Item, like func(Item) Item) []Item {
	few, at := make([]Item, 0, min(len(items), MostItems)), map[Item]int{}
	for _, i := range items {
		group := like(i)
		group.Amount = 0
		n, known := at[group]
		if !known {
			at[group] = len(few)
			few = append(few, i)
			continue
		}
		few[n].Amount = bound.Sum(few[n].Amount, i.Amount)
		few[n].Prompt = max(few[n].Prompt, i.Prompt)
	}
	return few
}
