package pricing_test

import (
	"encoding/csv"
	"math/big"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"crs/internal/pricing"
	"crs/internal/usage"
)

// reference is a line of testdata/prices.csv: list prices as facts, USD for a million tokens. What it comes to is worked out here
// from its words with fractions, apart from the package that is tested.
type reference map[string]string

func references(t *testing.T) (all []reference) {
	t.Helper()
	f, err := os.Open("testdata/prices.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines[1:] {
		r := reference{}
		for i, column := range lines[0] {
			r[column] = line[i]
		}
		all = append(all, r)
	}
	return all
}

// Every row is priced under each of its names on its first day, its last and the day after, with every kind of token, on both sides of
// every step, in every tier and region, and with what is charged by the piece.
func TestEveryRowOfTheReferenceIsPriced(t *testing.T) {
	t.Parallel()
	known, all := pricing.Embedded(), references(t)
	if len(all) != 406 {
		t.Fatalf("%d rows", len(all))
	}
	for _, r := range all {
		if strings.HasSuffix(r["model"], "/*") {
			continue // a rule: TestAModelIsDearerWhereItIsServedInARegion
		}
		for _, name := range r.names(all) {
			for _, day := range r.days() {
				in := r.on(all, day).priced()
				for _, items := range in.requests(name) {
					got, priced := known.CostOf(items, day)
					want := in.cost(items, day)
					if priced != (want != nil) || priced && int64(got) != nano(want) {
						t.Errorf("%s on %s costs %s (%v), want %v\n%v", name, day.Format(time.DateOnly), got, priced, want, items)
					}
				}
			}
		}
	}
}

// names are the model's and its aliases, as far as those have no row of their own.
func (r reference) names(all []reference) []string {
	words, _, _ := strings.Cut(r["aliases"], " (")
	names := slices.DeleteFunc(strings.Fields(words), func(alias string) bool {
		first := slices.IndexFunc(all, func(x reference) bool { return slices.Contains(strings.Fields(x["aliases"]), alias) })
		return all[first]["model"] != r["model"] || slices.ContainsFunc(all, func(x reference) bool { return x["model"] == alias })
	})
	return append(names, r["model"])
}

// days are the first, the last and the day after; any where the row does not say.
func (r reference) days() (days []time.Time) {
	if from, err := time.Parse(time.DateOnly, r["effective_from"]); err == nil {
		days = append(days, from, from.AddDate(0, 0, 1))
	}
	if until, err := time.Parse(time.DateOnly, r["effective_until"]); err == nil {
		last := until.AddDate(0, 0, 1).Add(-time.Nanosecond)
		days = append(days, last, last.Add(time.Nanosecond))
	}
	if days == nil {
		days = []time.Time{today}
	}
	if strings.Contains(r["ultrafast_mult"], "until") {
		days = append(days, time.Date(2027, 2, 28, 23, 59, 59, 0, time.UTC), time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC))
	}
	return days
}

// on is the row of the same model that holds on a day.
func (r reference) on(all []reference, at time.Time) reference {
	day := at.Format(time.DateOnly)
	for _, x := range all {
		if x["model"] == r["model"] && x["effective_from"] <= day && (x["effective_until"] == "" || day <= x["effective_until"]) {
			return x
		}
	}
	return r // after the last
}

var columns = map[usage.Kind]string{
	usage.Input: "input", usage.Output: "output", usage.CacheRead: "cache_read", usage.CacheWrite5m: "cache_write_short", usage.CacheWrite1h: "cache_write_long",
	usage.ImageInput: "image_in", usage.ImageCacheRead: "image_cached", usage.ImageOutput: "image_out",
	usage.AudioInput: "audio_in", usage.AudioCacheRead: "audio_cached", usage.AudioOutput: "audio_out",
}

// step is what tokens cost above a length of the prompt.
type step struct {
	above int64
	rates map[usage.Kind]*big.Rat
}

var (
	thinking = regexp.MustCompile(`thinking output ([\d.]+)`)
	further  = regexp.MustCompile(`above (\d+): ([\d.]+)/([\d.]+)`)
	video    = regexp.MustCompile(`^video ([\d.]+) per 1M tokens`)
	videoOut = regexp.MustCompile(`^video output ([\d.]+) per 1M tokens`)
	minute   = regexp.MustCompile(`^minute ([\d.]+)$`)
)

// priced is a row with what its words come to.
type priced struct {
	reference
	steps []step
}

func (r reference) priced() priced { return priced{r, r.worked()} }

// worked are the prices by the length of the prompt; none for a row without a price.
func (r reference) worked() []step {
	if r["input"] == "" || strings.Contains(r["note"], "moving alias") {
		return nil
	}
	all := []step{{0, r.base()}}
	if r["long_above"] != "" {
		given := map[usage.Kind]*big.Rat{
			usage.Input: rat(r["long_input"]), usage.Output: rat(r["long_output"]), usage.CacheRead: rat(r["long_cache_read"]),
			usage.CacheWrite5m: rat(r["long_cache_write_short"]), usage.CacheWrite1h: rat(r["long_cache_write_long"]),
		}
		all = append(all, step{whole(r["long_above"]), longer(all[0].rates, given)})
	}
	for _, m := range further.FindAllStringSubmatch(r["note"], -1) {
		given := map[usage.Kind]*big.Rat{usage.Input: rat(m[2]), usage.Output: rat(m[3])}
		all = append(all, step{whole(m[1]), longer(all[len(all)-1].rates, given)})
	}
	return all
}

func (r reference) base() map[usage.Kind]*big.Rat {
	rates := map[usage.Kind]*big.Rat{}
	for k, column := range columns {
		rates[k] = rat(r[column])
	}
	if text := rat(r["text_out_of_image_model"]); text != nil {
		rates[usage.Output] = text
	}
	if m := thinking.FindStringSubmatch(r["note"]); m != nil {
		rates[usage.Reasoning] = rat(m[1])
	}
	if m := video.FindStringSubmatch(r["per_unit"]); m != nil {
		rates[usage.VideoInput] = rat(m[1])
	}
	for _, like := range [][2]usage.Kind{ // what has no price of its own costs what another kind does
		{usage.Output, usage.AudioOutput}, {usage.Reasoning, usage.Output}, {usage.CacheRead, usage.Input}, {usage.CacheWrite5m, usage.Input},
		{usage.CacheWrite1h, usage.CacheWrite5m}, {usage.ImageInput, usage.Input}, {usage.AudioInput, usage.Input}, {usage.VideoInput, usage.Input},
		{usage.ImageCacheRead, usage.CacheRead}, {usage.AudioCacheRead, usage.CacheRead}, {usage.ImageOutput, usage.Output}, {usage.AudioOutput, usage.Output},
	} {
		if rates[like[0]] == nil {
			rates[like[0]] = rates[like[1]]
		}
	}
	if k := videoOutput(); k < usage.Kinds {
		rates[k] = rates[usage.Output]
		if m := videoOut.FindStringSubmatch(r["per_unit"]); m != nil {
			rates[k] = rat(m[1])
		}
	}
	if strings.Contains(r["note"], "use the peak rate to be safe") {
		for k, rate := range rates {
			rates[k] = new(big.Rat).Mul(rate, big.NewRat(2, 1))
		}
	}
	return rates
}

// videoOutput is the kind of that name, if there is one.
func videoOutput() (k usage.Kind) {
	_ = k.UnmarshalText([]byte("video_output"))
	return k
}

// longer has what is given, and the rest in proportion to input or output.
func longer(before, given map[usage.Kind]*big.Rat) map[usage.Kind]*big.Rat {
	rates := map[usage.Kind]*big.Rat{}
	for k, rate := range before {
		by := usage.Input
		switch k {
		case usage.Output, usage.Reasoning, usage.ImageOutput, usage.AudioOutput, videoOutput():
			by = usage.Output
		}
		rates[k] = given[k]
		if given[k] == nil {
			rates[k] = new(big.Rat).Mul(rate, new(big.Rat).Quo(given[by], before[by]))
		}
	}
	return rates
}

// each is the price of one of what is not counted in tokens; nil when there is none.
func (r reference) each(k usage.Kind) *big.Rat {
	grounded := r["web_search_per_1k"] == "35"
	switch {
	case strings.Contains(r["note"], "moving alias"):
	case k == usage.WebSearch && !grounded, k == usage.GroundedTurn && grounded:
		if price := rat(r["web_search_per_1k"]); price != nil {
			return price.Quo(price, big.NewRat(1000, 1))
		}
	case k == usage.FileSearch && r["provider"] == "openai" && r["web_search_per_1k"] != "":
		return big.NewRat(25, 10_000) // by the rules beside the table
	case k == usage.Second:
		if m := minute.FindStringSubmatch(r["per_unit"]); m != nil {
			second := new(big.Rat).Quo(rat(m[1]), big.NewRat(60, 1))
			return rat(second.FloatString(12)) // a rate is a whole number of pico-USD
		}
	}
	return nil
}

// times is the factor of a tier; 1 for one that the row does not know.
func (r reference) times(tier string, long bool, at time.Time) *big.Rat {
	column := map[string]string{"flex": "flex_mult", "batch": "batch_mult", "fast": "fast_mult", "priority": "priority_mult", "ultrafast": "ultrafast_mult"}[tier]
	if tier == "fast" && r["provider"] == "openai" {
		column = "priority_mult"
	}
	text := r[column]
	switch {
	case column == "priority_mult" && long && strings.HasPrefix(r["priority_long"], "none"):
	case strings.HasPrefix(text, "3 until 2027-02-28; 6 from"):
		text = "3"
		if at.Format(time.DateOnly) > "2027-02-28" {
			text = "6"
		}
		return rat(text)
	case rat(text) != nil:
		return rat(text)
	}
	return big.NewRat(1, 1)
}

func (r reference) region(name string) *big.Rat {
	text := r["region_mult"]
	if name == "us" && text != "" || name == "jp" && (strings.Contains(text, "hosts") || text == "1.1") {
		return rat("1.1")
	}
	return big.NewRat(1, 1)
}

// requests are what is tried of a row.
func (r priced) requests(model string) (all [][]usage.Item) {
	var prompts []int64
	for _, s := range r.steps {
		prompts = append(prompts, max(1, s.above), s.above+1)
	}
	if prompts == nil {
		prompts = []int64{1}
	}
	item := usage.Item{Model: model, Amount: 12_345}
	for k := range usage.Kinds {
		for _, item.Prompt = range prompts {
			item.Kind = k
			all = append(all, []usage.Item{item})
		}
	}
	for _, item.Prompt = range prompts {
		for _, item.Tier = range []string{"", "priority", "fast", "flex", "batch", "ultrafast", "default"} {
			for _, item.Region = range []string{"", "us", "jp"} {
				var whole []usage.Item
				for k := range usage.Image {
					item.Kind = k
					whole = append(whole, item)
				}
				all = append(all, whole)
			}
		}
	}
	return all
}

// cost is what items of the row's model cost; nil when nothing of them has a price.
func (r priced) cost(items []usage.Item, at time.Time) *big.Rat {
	var sum *big.Rat
	add := func(amount int64, price *big.Rat) {
		if price == nil {
			return
		}
		if sum == nil {
			sum = new(big.Rat)
		}
		sum.Add(sum, new(big.Rat).Mul(price, big.NewRat(amount, 1)))
	}
	steps := r.steps
	for _, item := range items {
		switch {
		case !item.Kind.Tokens():
			add(item.Amount, r.each(item.Kind))
		case steps != nil:
			n := len(steps) - 1
			for n > 0 && item.Prompt <= steps[n].above {
				n--
			}
			rate := new(big.Rat).Quo(steps[n].rates[item.Kind], big.NewRat(1_000_000, 1))
			rate.Mul(rate, r.times(item.Tier, n > 0, at))
			add(item.Amount, rate.Mul(rate, r.region(item.Region)))
		}
	}
	return sum
}

func rat(text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil
	}
	return r
}

func whole(text string) int64 { return rat(text).Num().Int64() }

// nano rounds dollars to nano-dollars, half up.
func nano(dollars *big.Rat) int64 {
	n := new(big.Rat).Mul(dollars, big.NewRat(1_000_000_000, 1))
	n.Add(n, big.NewRat(1, 2))
	return new(big.Int).Quo(n.Num(), n.Denom()).Int64()
}
