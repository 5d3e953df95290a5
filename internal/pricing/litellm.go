package pricing

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"crs/internal/usage"
)

// litellm reads a table in LiteLLM's format: an object of models, each an object of fields, with prices in USD for one unit. What
// crs has no use for, nulls and the entry "sample_spec" are passed over.
type litellm struct{ *reader }

// fields of one entry.
type fields map[string]json.RawMessage

// stems are the names of price fields, without what may follow: the length of the prompt that it is for, and a tier.
var stems = map[string]usage.Kind{
	"input_cost_per_token": usage.Input, "output_cost_per_token": usage.Output, "output_cost_per_reasoning_token": usage.Reasoning,
	"cache_read_input_token_cost": usage.CacheRead, "cache_creation_input_token_cost": usage.CacheWrite5m, hourly: usage.CacheWrite1h,
	"input_cost_per_image_token": usage.ImageInput, "cache_read_input_image_token_cost": usage.ImageCacheRead, "output_cost_per_image_token": usage.ImageOutput,
	"input_cost_per_audio_token": usage.AudioInput, "cache_read_input_audio_token_cost": usage.AudioCacheRead,
	"cache_read_input_token_cost_per_audio_token": usage.AudioCacheRead, "output_cost_per_audio_token": usage.AudioOutput,
	"input_cost_per_video_token": usage.VideoInput, "output_cost_per_video_token": kindNamed("video_output"),
}

const (
	hourly   = "cache_creation_input_token_cost_above_1hr"
	cacheHit = "input_cost_per_token_cache_hit" // an older name of the price of cached tokens
)

// tierSuffixes are the tiers by how their fields end.
var tierSuffixes = []struct{ suffix, tier string }{
	{"_priority", "priority"}, {"_flex", "flex"}, {"_batches", "batch"}, {"_ultrafast", "ultrafast"}, {"_fast", "fast"},
}

// entry reads a model. It gives nil, having said why, when there is no price that crs can charge.
func (l litellm) entry(name string, doc json.RawMessage) *row {
	var f fields
	if err := json.Unmarshal(doc, &f); err != nil {
		l.refuse(name, "", err.Error())
		return nil
	}
	maps.DeleteFunc(f, func(_ string, value json.RawMessage) bool { return string(value) == "null" }) // says nothing
	r := newRow(name)
	r.about = Price{Provider: f.text("litellm_provider"), Mode: f.text("mode"), MaxInput: f.count("max_input_tokens"), MaxOutput: f.count("max_output_tokens")}
	r.about.Retires, _ = ParseDay(f.text("deprecation_date"))
	for _, field := range slices.Sorted(maps.Keys(f)) {
		l.field(name, r, f, field, 0)
	}
	l.steps(name, r, f)
	l.searches(name, r, f)
	l.multipliers(name, r, f)
	if r.claude && !l.trusted { // it gives all Claude 3 models the one-hour price of Sonnet
		maps.DeleteFunc(r.given, func(at point, _ PerUnit) bool { return at.kind == usage.CacheWrite1h })
	}
	return r
}

// field takes one field, if it is the price of something.
func (l litellm) field(name string, r *row, f fields, field string, above int64) {
	at, ok := parseField(field)
	switch {
	case ok:
		if above > 0 {
			at.above = above
		}
		at.above = r.about.reaches(at.above)
		l.rate(name, r, at, field, f[field])
	case field == cacheHit:
		if _, given := f["cache_read_input_token_cost"]; !given {
			l.rate(name, r, point{usage.CacheRead, above, ""}, field, f[field])
		}
	case !strings.Contains(field, "cost") || field == searchField:
	case above == 0:
		l.unit(name, r, f, field)
	case !isUncounted(field):
		l.notUnderstood(name, field, f[field])
	}
}

// parseField understands the name of a price of tokens: STEM[_above_Nk_tokens][_TIER].
func parseField(field string) (at point, ok bool) {
	for _, t := range tierSuffixes {
		if rest, found := strings.CutSuffix(field, t.suffix); found {
			field, at.tier = rest, t.tier
			break
		}
	}
	if rest, found := strings.CutSuffix(field, "k_tokens"); found {
		i := strings.LastIndex(rest, "_above_")
		if i < 0 {
			return point{}, false
		}
		thousands, err := strconv.ParseUint(rest[i+len("_above_"):], 10, 32)
		if err != nil || thousands == 0 {
			return point{}, false
		}
		field, at.above = rest[:i], int64(thousands)*1000
	}
	at.kind, ok = stems[field]
	return at, ok && at.kind < usage.Kinds
}

// unit takes the price of something that is not counted in tokens: as a kind if crs counts it, else for display.
func (l litellm) unit(name string, r *row, f fields, field string) {
	kind, divide := f.unitOf(field)
	switch {
	case kind < usage.Kinds:
	case isUncounted(field):
		l.fee(name, r, field, f[field])
		return
	default:
		l.notUnderstood(name, field, f[field])
		return
	}
	at := point{kind: kind}
	before := r.given[at]
	l.rate(name, r, at, field, f[field])
	if value, ok := r.given[at]; ok {
		r.given[at] = max(before, value/divide)
	}
}

// unitOf is the kind that a field has the price of so many of; usage.Kinds for what crs does not count.
func (f fields) unitOf(field string) (kind usage.Kind, many PerUnit) {
	mode := f.text("mode")
	images, sound := strings.HasPrefix(mode, "image"), strings.HasPrefix(mode, "audio")
	switch {
	case field == "output_cost_per_image", field == "input_cost_per_image" && images && f["output_cost_per_image"] == nil:
		return usage.Image, 1
	case (field == "output_cost_per_second" || field == "input_cost_per_second") && sound: // the same seconds, at one of the two
		return usage.Second, 1
	case field == "input_cost_per_query" && mode == "search":
		return usage.WebSearch, 1
	case field == "code_interpreter_cost_per_session":
		return usage.Session, 1
	case field == "file_search_cost_per_1k_calls":
		return usage.FileSearch, 1000
	}
	return usage.Kinds, 1
}

// steps takes prices by the length of the prompt that are in a list.
func (l litellm) steps(name string, r *row, f fields) {
	const field = "tiered_pricing"
	var steps []fields
	if f[field] == nil {
		return
	}
	if err := json.Unmarshal(f[field], &steps); err != nil {
		l.refuse(name, field, "is no list of prices")
		return
	}
	for _, step := range steps {
		var limits []json.Number
		if err := json.Unmarshal(step["range"], &limits); err != nil || len(limits) == 0 {
			l.refuse(name, field, "has prices that are not for a range of lengths of the prompt")
			return
		}
		above, _, err := parseDecimal(limits[0].String(), 0)
		if err != nil {
			l.refuse(name, field, err.Error())
			continue
		}
		for _, one := range slices.Sorted(maps.Keys(step)) {
			if one != "range" {
				l.field(name, r, step, one, above)
			}
		}
	}
}

const searchField = "search_context_cost_per_query"

// searches takes the price of a search with a medium context, else of another size: an answer does not say which it was. Up to
// Gemini 2.5, Google counts the answers that searches are the ground of.
func (l litellm) searches(name string, r *row, f fields) {
	kind := usage.WebSearch
	if f.text("web_search_billing_unit") == "per_prompt" || isGrounded(name) {
		kind = usage.GroundedTurn
	}
	sizes := f.object(searchField)
	for _, size := range []string{"medium", "high", "low"} {
		if price := sizes["search_context_size_"+size]; price != nil && string(price) != "null" {
			l.rate(name, r, point{kind: kind}, searchField, price)
			return
		}
	}
}

// isGrounded reports whether a model is a Gemini up to 2.5.
func isGrounded(name string) bool {
	name = name[strings.LastIndexByte(name, '/')+1:]
	return strings.HasPrefix(name, "gemini-2") || strings.HasPrefix(name, "gemini-1")
}

// regionFields are the regions by the fields that say what they make dearer.
var regionFields = []struct{ field, region string }{
	{"regional_endpoint_uplift_multiplier", "regional"}, {"regional_processing_uplift_multiplier_us", "us"},
	{"regional_processing_uplift_multiplier_eu", "eu"}, {"inference_geo_us_multiplier", "us"},
}

func (l litellm) multipliers(name string, r *row, f fields) {
	for _, x := range regionFields {
		if times, ok := l.multiplier(name, x.field, f[x.field]); ok {
			r.addRegion(x.region, times)
		}
	}
	const field = "provider_specific_entry"
	special := f.object(field)
	for _, word := range slices.Sorted(maps.Keys(special)) {
		times, ok := l.multiplier(name, field+"."+word, special[word])
		switch {
		case !ok:
		case word == "fast":
			r.about.Tiers = append(r.about.Tiers, Tier{Name: word, Times: times})
		default:
			r.addRegion(word, times)
		}
	}
}

// addRegion keeps regions in order, each once.
func (r *row) addRegion(name string, times Multiplier) {
	i, known := slices.BinarySearchFunc(r.about.Regions, name, func(x Region, name string) int { return strings.Compare(x.Name, name) })
	if !known {
		r.about.Regions = slices.Insert(r.about.Regions, i, Region{name, times})
	}
}

func (f fields) text(name string) string {
	var text string
	_ = json.Unmarshal(f[name], &text) // for display: what is no text stays empty
	return text
}

func (f fields) count(name string) int64 {
	n, _, err := parseDecimal(strings.Trim(string(f[name]), `"`), 0)
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
