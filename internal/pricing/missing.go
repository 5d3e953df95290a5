package pricing

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"crs/internal/usage"
)

// What a table does not say must not make anything free: neither a price that is missing nor one in a field that crs does not know.

// isName reports whether a model can have a name, after whatever is before its last slash.
func isName(name string) bool {
	return strings.TrimSpace(name[strings.LastIndexByte(name, '/')+1:]) != ""
}

// dropFreeTokens leaves out the prices of tokens where all are 0 and something else has one: tables fill them in for models that are
// billed by the image, the second or the search.
func (r *row) dropFreeTokens() {
	for at, rate := range r.given {
		if at.kind.Tokens() && rate > 0 {
			return
		}
	}
	maps.DeleteFunc(r.given, func(at point, _ PerUnit) bool { return at.kind.Tokens() })
}

// missing says which price a model that is billed by tokens lacks; "" when it lacks none.
func (r *row) missing() string {
	if !r.billedByTokens() {
		return ""
	}
	if _, ok := r.given[point{kind: usage.Input}]; !ok {
		return "the price of input is missing: it would be free"
	}
	kinds := r.about.answerKinds()
	if len(kinds) > 0 && !slices.ContainsFunc(kinds, func(k usage.Kind) bool { _, ok := r.given[point{kind: k}]; return ok }) {
		return "the price of output is missing: it would be free"
	}
	return ""
}

func (r *row) billedByTokens() bool {
	for at := range r.given {
		if at.kind.Tokens() {
			return true
		}
	}
	return false
}

// converses reports whether a model's mode is one in which text is answered to text. Entries without a mode are such.
func (p *Price) converses() bool {
	switch p.Mode {
	case "", "chat", "completion", "responses", "realtime":
		return true
	}
	return false
}

// answerKinds are the kinds of which a model must have the price of one, so that its answers are not free; none where a mode has no
// answers that are billed, such as that of an embedding.
func (p *Price) answerKinds() []usage.Kind {
	switch {
	case p.converses():
		return []usage.Kind{usage.Output, usage.AudioOutput}
	case strings.HasPrefix(p.Mode, "image"):
		return []usage.Kind{usage.Output, usage.ImageOutput, usage.Image}
	case p.Mode == "audio_speech":
		return []usage.Kind{usage.Output, usage.AudioOutput, usage.Second}
	}
	return nil
}

// strangeField is a price that crs does not understand.
type strangeField struct {
	first  string // model that has it
	models int
}

// notUnderstood notes a price whose field crs does not know.
func (r *reader) notUnderstood(model, field string, text json.RawMessage) {
	if value, ok, err := number(text, 12); err == nil && (!ok || value == 0) {
		return // is the price of nothing
	}
	if r.strange == nil {
		r.strange = map[string]*strangeField{}
	}
	if r.strange[field] == nil {
		r.strange[field] = &strangeField{first: model}
	}
	r.strange[field].models++
}

// strangeFields says each field once, however many models have it.
func (r *reader) strangeFields() (all []Refusal) {
	for _, field := range slices.Sorted(maps.Keys(r.strange)) {
		why, x := "not understood: what it is the price of is not billed", r.strange[field]
		if x.models > 1 {
			why += fmt.Sprintf(" (%d more models have it)", x.models-1)
		}
		all = append(all, Refusal{x.first, field, why})
	}
	return all
}

// isUncounted reports whether a field of LiteLLM's is the price of something that crs knows and does not count.
func isUncounted(field string) bool {
	for _, t := range tierSuffixes {
		field = strings.TrimSuffix(field, t.suffix)
	}
	field, _, _ = strings.Cut(field, "_above_")
	if i := strings.LastIndexByte(field, '_'); i >= 0 && isNumber(strings.TrimRight(field[i+1:], "pk")) { // a size
		field = field[:i]
	}
	return slices.Contains(uncounted[:], field)
}

var uncounted = [...]string{
	"annotation_cost_per_page", "ocr_cost_per_credit", "ocr_cost_per_page",
	"cache_creation_input_audio_token_cost", "citation_cost_per_token", "output_cost_per_video_token",
	"computer_use_input_cost_per_1k_tokens", "computer_use_output_cost_per_1k_tokens",
	"file_search_cost_per_gb_per_day", "vector_store_cost_per_gb_per_day", "google_maps_grounding_cost_per_query",
	"input_cost_per_audio_per_second", "output_cost_per_audio_per_second", "input_cost_per_video_per_second", "output_cost_per_video_per_second",
	"input_cost_per_character", "output_cost_per_character", "input_cost_per_image", "output_cost_per_image",
	"input_cost_per_pixel", "output_cost_per_pixel", "input_cost_per_second", "output_cost_per_second",
	"input_cost_per_query", "input_cost_per_request", "input_dbu_cost_per_token", "output_dbu_cost_per_token",
}
