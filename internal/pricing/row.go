package pricing

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"crs/internal/usage"
)

// row is what a source says about one model, and nothing derived.
type row struct {
	about Price // all but the rates
	given map[point]PerUnit
	// claude models have cache prices in a fixed proportion to that of input, unless a source says otherwise.
	claude bool
	broken bool // a price that it cannot do without cannot be right
}

// point names one rate.
type point struct {
	kind  usage.Kind
	above int64
	tier  string
}

// String names it for people.
func (p point) String() string {
	text := p.kind.String()
	if p.above > 0 {
		text += fmt.Sprintf(" above %d tokens", p.above)
	}
	if p.tier != "" {
		text += ", " + p.tier
	}
	return text
}

func newRow(name string) *row { return &row{given: map[point]PerUnit{}, claude: isClaude(name)} }

// price works out every rate, so that asking for a cost is only arithmetic.
func (r *row) price() *Price {
	p := r.about
	for at := range r.given {
		if at.above == 0 && at.tier == "" {
			p.said.add(at.kind)
		}
	}
	p.has = p.said
	rates := r.base()
	if p.said&tokenKinds != 0 {
		p.has |= tokenKinds
	}
	p.Steps = []Step{{Rates: rates}}
	for _, above := range r.thresholds() {
		rates = r.longer(rates, above)
		p.Steps = append(p.Steps, Step{Above: above, Rates: rates})
	}
	p.Tiers = slices.Concat(p.Tiers, r.ownTiers(p.Steps))
	return &p
}

// base is the rates of an ordinary request. Without a price of their own, cached tokens of Claude cost what Anthropic has charged in
// proportion to input; other providers' cost as much as input, which is the most they can. Tokens of images, sound and video cost
// what those of text do.
func (r *row) base() Rates {
	var rates Rates
	for k := range usage.Kinds {
		rates[k] = r.given[point{kind: k}]
	}
	in := rates[usage.Input]
	fill := func(k usage.Kind, value PerUnit) {
		if _, given := r.given[point{kind: k}]; !given {
			rates[k] = value
		}
	}
	fill(usage.Output, rates[usage.AudioOutput]) // of what only speaks
	read, write := in, in
	if r.claude {
		read, write = proportion(in, 1, 10), proportion(in, 5, 4)
	}
	fill(usage.CacheRead, read)
	fill(usage.CacheWrite5m, write)
	longWrite := rates[usage.CacheWrite5m]
	if r.claude {
		longWrite = proportion(in, 2, 1)
	}
	fill(usage.CacheWrite1h, longWrite)
	for _, k := range []usage.Kind{usage.ImageInput, usage.AudioInput, usage.VideoInput} {
		fill(k, in)
	}
	for _, k := range []usage.Kind{usage.ImageCacheRead, usage.AudioCacheRead} {
		fill(k, rates[usage.CacheRead])
	}
	for k := range usage.WebSearch {
		if answers(k) {
			fill(k, rates[usage.Output])
		}
	}
	return rates
}

// longer makes the rates of a step from those of the one before: what is given for it, and the rest in proportion to input or output.
func (r *row) longer(before Rates, above int64) Rates {
	in := r.or(point{usage.Input, above, ""}, before[usage.Input])
	out := r.or(point{usage.Output, above, ""}, before[usage.Output])
	rates := before
	for k := range usage.WebSearch {
		by, of := in, before[usage.Input]
		if answers(k) {
			by, of = out, before[usage.Output]
		}
		rates[k] = r.or(point{k, above, ""}, proportion(before[k], by, of))
	}
	return rates
}

// answers reports whether a kind of tokens is of the answer.
func answers(k usage.Kind) bool {
	return k == usage.Reasoning || k.Tokens() && strings.HasSuffix(k.String(), "output")
}

// ownTiers are the tiers that rates are given for. A kind without one costs in proportion to input. A discount holds for every
// prompt; what is dearer is sold for those lengths of prompt that it has a price for.
func (r *row) ownTiers(standard []Step) []Tier {
	names := map[string]bool{}
	for at := range r.given {
		names[at.tier] = true
	}
	delete(names, "")
	var tiers []Tier
	for _, name := range slices.Sorted(maps.Keys(names)) {
		t := Tier{Name: name, Times: times1}
		var by, of PerUnit = 1, 1
		for i := range standard {
			s := &standard[i]
			given, ok := r.given[point{usage.Input, s.Above, name}]
			switch {
			case ok:
				by, of = given, s.Rates[usage.Input]
			case !r.gives(s.Above, name) && by >= of:
				by, of = 1, 1
			}
			t.Steps = append(t.Steps, Step{s.Above, r.inTier(s, name, by, of)})
		}
		tiers = append(tiers, t)
	}
	return tiers
}

func (r *row) inTier(s *Step, name string, by, of PerUnit) Rates {
	rates := s.Rates
	for k := range usage.WebSearch {
		rates[k] = r.or(point{k, s.Above, name}, proportion(s.Rates[k], by, of))
	}
	if out, given := r.given[point{usage.Output, s.Above, name}]; given {
		for k := range usage.WebSearch {
			if answers(k) {
				rates[k] = r.or(point{k, s.Above, name}, proportion(s.Rates[k], out, s.Rates[usage.Output]))
			}
		}
	}
	return rates
}

// gives reports whether there is any rate of a tier at a step.
func (r *row) gives(above int64, tier string) bool {
	for k := range usage.WebSearch {
		if _, ok := r.given[point{k, above, tier}]; ok {
			return true
		}
	}
	return false
}

func (r *row) or(at point, otherwise PerUnit) PerUnit {
	if given, ok := r.given[at]; ok {
		return given
	}
	return otherwise
}

func (r *row) thresholds() []int64 {
	above := map[int64]bool{}
	for at := range r.given {
		above[at.above] = true
	}
	delete(above, 0)
	return slices.Sorted(maps.Keys(above))
}

// points are the rates that are given, in order.
func (r *row) points() []point {
	return slices.SortedFunc(maps.Keys(r.given), func(a, b point) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.above, b.above), cmp.Compare(a.tier, b.tier))
	})
}

// nothing reports whether no rate is more than 0.
func (r *row) nothing() bool {
	for _, rate := range r.given {
		if rate > 0 {
			return false
		}
	}
	return true
}

// onlyOneOf leaves out the price of a unit where its tokens have one: tables give both for what is billed once.
func (r *row) onlyOneOf(unit, tokens usage.Kind) {
	if r.given[point{kind: tokens}] > 0 {
		delete(r.given, point{kind: unit})
	}
}

// bothNames has priority and fast, which are OpenAI's two names of one tier, cost the same where only one is given.
func (r *row) bothNames() {
	if p := r.about.Provider; !strings.Contains(p, "openai") && !strings.HasPrefix(p, "azure") || r.claude {
		return
	}
	other := map[string]string{"priority": "fast", "fast": "priority"}
	for at, value := range maps.Clone(r.given) {
		if other[at.tier] == "" {
			continue
		}
		at.tier = other[at.tier]
		if _, own := r.given[at]; !own {
			r.given[at] = value
		}
	}
}

// reaches makes of a length, above which a price is said to hold, the one above which it does: xAI's hold from that length on.
func (p *Price) reaches(above int64) int64 {
	if p.Provider == "xai" && above > 0 {
		return above - 1
	}
	return above
}
