package pricing

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// maxPrice is one cent for a token, ten times the dearest there has been. What is above it is a price per million tokens
// that was written as one per token. The bounds together keep every sum within an amount.
const (
	maxPrice      = 10_000_000_000
	maxSearch     = 100_000_000_000_000 // $100
	maxMultiplier = 100 * times1

	defaultSearch = 10_000_000_000 // $0.01
	defaultFast   = 6 * times1
)

var errNotByToken = errors.New("no price per token")

// entry is one model of a table as it is written: what it gives, and nothing derived.
type entry struct {
	about   Price // all but the tiers
	given   map[rate]PerToken
	claude  bool
	trusted bool // the operator wrote it
}

// rate names one price of a model.
type rate struct {
	kind    kind
	above   int64
	service service
}

type kind byte

const (
	input kind = iota
	output
	reasoning
	cacheWrite5m
	cacheWrite1h
	cacheRead
	kinds
)

var fieldNames = [kinds]string{
	input:        "input_cost_per_token",
	output:       "output_cost_per_token",
	reasoning:    "output_cost_per_reasoning_token",
	cacheWrite5m: "cache_creation_input_token_cost",
	cacheWrite1h: "cache_creation_input_token_cost_above_1hr",
	cacheRead:    "cache_read_input_token_cost",
}

type service byte

const (
	standard service = iota
	priority
	flex
)

type fields map[string]json.RawMessage

func readEntry(name string, doc json.RawMessage) (*entry, error) {
	var f fields
	if err := json.Unmarshal(doc, &f); err != nil {
		return nil, fmt.Errorf("prices of %s: %w", name, err)
	}
	e := &entry{claude: isClaude(name), given: map[rate]PerToken{}}
	e.about = Price{
		Provider: f.text("litellm_provider"), Mode: f.text("mode"),
		MaxInput: f.count("max_input_tokens"), MaxOutput: f.count("max_output_tokens"),
	}
	if err := errors.Join(e.readRates(f), e.readSearch(f), e.readMultipliers(f)); err != nil {
		return nil, fmt.Errorf("prices of %s: %w", name, err)
	}
	_, in := e.given[rate{kind: input}]
	_, out := e.given[rate{kind: output}]
	if !in && !out {
		return nil, fmt.Errorf("prices of %s: %w", name, errNotByToken)
	}
	return e, nil
}

func (e *entry) readRates(f fields) error {
	for _, field := range slices.Sorted(maps.Keys(f)) {
		r, ok := parseRate(field)
		if !ok {
			continue
		}
		price, ok, err := f.number(field, 12)
		if err != nil {
			return err
		}
		if price > maxPrice {
			return fmt.Errorf("%s: %s is more than a cent for one token; is it the price of a million?", field, f[field])
		}
		if ok {
			e.given[r] = PerToken(price)
		}
	}
	return nil
}

// parseRate understands a price field: NAME[_above_Nk_tokens][_priority|_flex].
func parseRate(field string) (r rate, ok bool) {
	if rest, ok := strings.CutSuffix(field, "_priority"); ok {
		field, r.service = rest, priority
	} else if rest, ok := strings.CutSuffix(field, "_flex"); ok {
		field, r.service = rest, flex
	}
	if rest, ok := strings.CutSuffix(field, "k_tokens"); ok {
		i := strings.LastIndex(rest, "_above_")
		if i < 0 {
			return rate{}, false
		}
		thousands, err := strconv.ParseUint(rest[i+len("_above_"):], 10, 32)
		if err != nil {
			return rate{}, false
		}
		field, r.above = rest[:i], int64(thousands)*1000
	}
	i := slices.Index(fieldNames[:], field)
	r.kind = kind(i)
	return r, i >= 0
}

// readSearch takes the price of a search with a medium context: an answer does not say which size it was.
func (e *entry) readSearch(f fields) error {
	const field = "search_context_cost_per_query"
	e.about.WebSearch = defaultSearch
	price, ok, err := f.object(field).number("search_context_size_medium", 12)
	if err != nil || !ok {
		return err
	}
	if price > maxSearch {
		return fmt.Errorf("%s: %w", field, errTooLarge)
	}
	e.about.WebSearch = price
	return nil
}

func (e *entry) readMultipliers(f fields) error {
	const field = "provider_specific_entry"
	e.about.Fast, e.about.Regions = defaultFast, map[string]Multiplier{}
	special := f.object(field)
	for _, name := range slices.Sorted(maps.Keys(special)) {
		value, ok, err := special.number(name, 6)
		if err == nil && Multiplier(value) > maxMultiplier {
			err = fmt.Errorf("%s: %s: %w", name, special[name], errTooLarge)
		}
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", field, err)
		case !ok:
		case name == "fast":
			e.about.Fast = Multiplier(value)
		default:
			e.about.Regions[name] = Multiplier(value)
		}
	}
	return nil
}

func (f fields) text(name string) string {
	var text string
	_ = json.Unmarshal(f[name], &text) // for display: what is no text stays empty
	return text
}

func (f fields) count(name string) int64 {
	n, _, err := f.number(name, 0)
	if err != nil {
		return 0
	}
	return n
}

// object gives a field's own fields: none when it is absent or something else.
func (f fields) object(name string) fields {
	var inner fields
	_ = json.Unmarshal(f[name], &inner)
	return inner
}

// number reads a field as a whole number of its places-th decimals. It is false when the field is absent or null.
func (f fields) number(name string, places int) (value int64, ok bool, err error) {
	text := strings.Trim(string(f[name]), `"`) // some tables quote their numbers
	if text == "" || text == "null" {
		return 0, false, nil
	}
	value, _, err = parseDecimal(text, places)
	if err != nil {
		return 0, false, fmt.Errorf("%s: %s: %w", name, f[name], err)
	}
	return value, true, nil
}
