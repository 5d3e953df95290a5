package remote

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"crs/ctl"
	"crs/ctl/cli/command"
)

// priceFacts shows everything that can be charged.
func (a *app) priceFacts(p ctl.Price) {
	facts := []command.Fact{{"model", p.Model}, {"priced as", p.Match}, {"provider", p.Provider}}
	d := p.PriceDetails
	if d != nil && d.Unpriced {
		facts = append(facts, command.Fact{"price", "none that could be charged: requests cost $0 and are marked as unpriced"})
	} else if d == nil || len(d.Tokens) > 0 {
		facts = append(facts,
			command.Fact{"input", p.Input.String()}, command.Fact{"output", p.Output.String()}, command.Fact{"cache read", p.CacheRead.String()},
			command.Fact{"cache write, 5 minutes", p.CacheWrite5m.String()}, command.Fact{"cache write, 1 hour", p.CacheWrite1h.String()})
	}
	if d != nil {
		facts = append(facts, detailFacts(d)...)
	}
	a.Facts(append(facts, command.Fact{"", own(&p)})...)
	a.Say("\nUS dollars for a million tokens, for one of anything else")
}

func detailFacts(d *ctl.PriceDetails) (facts []command.Fact) {
	add := func(name, text string) { facts = append(facts, command.Fact{name, text}) }
	for _, kind := range slices.Sorted(maps.Keys(d.Tokens)) {
		if !slices.Contains(shownAlways, kind) {
			add(words(kind), d.Tokens[kind].String())
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(d.Each)) {
		add(words(kind), d.Each[kind].String())
	}
	for _, s := range d.Steps {
		add(fmt.Sprintf("above %d tokens", s.Above), tokenPrices(s.Tokens))
	}
	for _, t := range d.Tiers {
		facts = append(facts, tierFacts(&t, d.Steps)...)
	}
	if d.Times != 0 {
		add("under this name", times(d.Times)+", as it tells of a region")
	}
	facts = append(facts, regionFacts(d.Regions)...)
	return append(facts, factsOfDays(d)...)
}

// regionFacts are the regions, those that cost the same together.
func regionFacts(regions map[string]float64) (facts []command.Fact) {
	names := map[float64][]string{}
	for _, name := range slices.Sorted(maps.Keys(regions)) {
		names[regions[name]] = append(names[regions[name]], name)
	}
	for _, factor := range slices.Sorted(maps.Keys(names)) {
		facts = append(facts, command.Fact{"in " + strings.Join(names[factor], ", "), times(factor)})
	}
	return facts
}

// shownAlways are the kinds that are shown first, whatever the table says of them.
var shownAlways = []string{"input", "output", "cache_read", "cache_write_5m", "cache_write_1h"}

func tierFacts(t *ctl.PriceTier, steps []ctl.PriceStep) (facts []command.Fact) {
	switch {
	case t.Short && len(steps) > 0:
		return []command.Fact{{t.Name, fmt.Sprintf("%s, up to %d tokens", times(t.Times), steps[0].Above)}}
	case t.Steps == nil:
		return []command.Fact{{t.Name, times(t.Times)}}
	}
	for _, s := range t.Steps {
		name := t.Name
		if s.Above > 0 {
			name += fmt.Sprintf(" above %d tokens", s.Above)
		}
		facts = append(facts, command.Fact{name, tokenPrices(s.Tokens)})
	}
	return facts
}

func factsOfDays(d *ctl.PriceDetails) (facts []command.Fact) {
	add := func(name, text string) { facts = append(facts, command.Fact{name, text}) }
	if len(d.Periods) > 0 || d.Until != "" {
		add("holds", period(d.From, d.Until))
	}
	for _, p := range d.Periods {
		add(period(p.From, p.Until), fmt.Sprintf("input %s, output %s", p.Input, p.Output))
	}
	for _, name := range slices.Sorted(maps.Keys(d.Unmetered)) {
		add("not counted", words(name)+" "+d.Unmetered[name].String())
	}
	add("retires", d.Retires)
	add("data of", strings.TrimPrefix(strings.TrimSuffix(d.AsOf+", "+d.Source, ", "), ", "))
	return facts
}

// period says on which days a price holds.
func period(from, until string) string {
	switch {
	case from == "" && until == "":
		return "always"
	case from == "":
		return "until " + until
	case until == "":
		return "from " + from
	}
	return "from " + from + " until " + until
}

// tokenPrices writes what kinds of tokens cost, the most usual first.
func tokenPrices(all map[string]ctl.USD) string {
	kinds := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b))
	})
	for i, kind := range kinds {
		kinds[i] = words(kind) + " " + all[kind].String()
	}
	return strings.Join(kinds, ", ")
}

func place(kind string) int {
	if i := slices.Index(shownAlways, kind); i >= 0 {
		return i
	}
	return len(shownAlways)
}

func words(kind string) string { return strings.ReplaceAll(kind, "_", " ") }

func times(factor float64) string { return "× " + strconv.FormatFloat(factor, 'f', -1, 64) }
