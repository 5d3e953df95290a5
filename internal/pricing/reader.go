package pricing

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"crs/internal/usage"
)

// maxPrice is one cent for a token, ten times the dearest there has been. What is above it is a price per million tokens
// that was written as one per token. maxUnit is $100, for all that is not counted in tokens.
const (
	maxPrice      = 10_000_000_000
	maxUnit       = 100_000_000_000_000
	maxMultiplier = 100 * times1

	// mostModels is how many a table may have: LiteLLM's has three thousand.
	mostModels = 100_000
)

// The formats that price tables come in.
const (
	LiteLLM   = "litellm"    // of BerriAI/litellm's model_prices_and_context_window.json
	ModelsDev = "models.dev" // of https://models.dev/api.json
)

// gemini is what tables call Google as a provider.
const gemini = "gemini"

// Origin is where a table is from.
type Origin struct {
	// Format is one of those above; "" to find out.
	Format string
	// Source is said with each price.
	Source string
	// AsOf is the day that the data is of; 0 when nobody says. A format that dates each price has its own.
	AsOf Day
}

// Refusal is something in a table that was not taken.
type Refusal struct {
	Model string
	Field string // "" for the whole model
	Why   string
}

// String is a sentence.
func (r Refusal) String() string {
	if r.Field == "" {
		return fmt.Sprintf("prices of %s: %s", r.Model, r.Why)
	}
	return fmt.Sprintf("prices of %s: %s: %s", r.Model, r.Field, r.Why)
}

// Reading is a table as it was read.
type Reading struct {
	Table *Table
	// Format is that of the table.
	Format string
	// Entries is how many models it names.
	Entries int
	// Refused is what cannot be right and was left out: models, and single prices of models that were taken. Unpriced are the models
	// without a price that crs could charge. NotUnderstood are prices of what crs does not know, each once.
	Refused, Unpriced, NotUnderstood []Refusal
}

// Parse reads a table in one of the formats. A price that cannot be right is left out, so that one bad line does not cost all the
// others; without an ordinary price of input and output that is right a model is left out.
func Parse(doc []byte, from Origin) (*Reading, error) {
	models, err := decodeTable(doc)
	if err != nil {
		return nil, err
	}
	r := &reader{from: from}
	r.out.Format = from.Format
	if r.out.Format == "" {
		r.out.Format = formatOf(models)
	}
	table := newTable()
	add := func(name string, row *row) {
		r.out.Entries++
		if !isName(name) {
			r.refuse(strconv.Quote(name), "", "is no name of a model")
			return
		}
		if p := r.finish(name, row); p != nil {
			table.models[name] = periods{p}
		}
	}
	switch r.out.Format {
	case ModelsDev:
		modelsDev{r}.each(models, add)
	case LiteLLM:
		for _, name := range slices.Sorted(maps.Keys(models)) {
			add(name, litellm{r}.entry(name, models[name]))
		}
	default:
		return nil, fmt.Errorf("read price table: there is no format %q", from.Format)
	}
	if r.out.Entries > mostModels {
		return nil, errTooMany
	}
	r.out.NotUnderstood = r.strangeFields()
	r.out.Table = table.indexed()
	return &r.out, nil
}

// ParseOverrides reads an operator's own prices, in LiteLLM's format, to be laid over a table with [Table.Overridden]. The
// operator is taken at their word: each model needs its input and output price, a price that cannot be read is an error,
// and none is corrected.
func ParseOverrides(doc []byte) (*Table, error) {
	models, err := decodeTable(doc)
	if err != nil {
		return nil, err
	}
	r := &reader{trusted: true}
	table := newTable()
	for _, name := range slices.Sorted(maps.Keys(models)) {
		if !isName(name) {
			return nil, fmt.Errorf("prices of %q: is no name of a model", name)
		}
		row := litellm{r}.entry(name, models[name])
		if len(r.out.Refused) > 0 {
			return nil, errors.New(r.out.Refused[0].String())
		}
		for _, k := range []usage.Kind{usage.Input, usage.Output} {
			if _, ok := row.given[point{kind: k}]; !ok {
				return nil, fmt.Errorf("prices of %s: the price of %s is missing", name, k)
			}
		}
		table.models[name] = periods{row.price()}
	}
	return table.indexed(), nil
}

func decodeTable(doc []byte) (map[string]json.RawMessage, error) {
	var models map[string]json.RawMessage
	if err := json.Unmarshal(doc, &models); err != nil {
		return nil, fmt.Errorf("read price table: %w", err)
	}
	if len(models) > mostModels {
		return nil, errTooMany
	}
	delete(models, "sample_spec") // explains the format
	return models, nil
}

var errTooMany = fmt.Errorf("read price table: it has more than %d models", mostModels)

// reader reads a table of another's.
type reader struct {
	from    Origin
	trusted bool // the operator wrote it
	out     Reading
	strange map[string]*strangeField // by its name
}

func (r *reader) refuse(model, field, why string) {
	r.out.Refused = append(r.out.Refused, Refusal{model, field, why})
}

// finish makes a price of what was read, if there is one that can be charged.
func (r *reader) finish(name string, row *row) *Price {
	if row == nil {
		return nil
	}
	r.leaveOutImplausible(name, row)
	row.bothNames()
	if row.about.AsOf == 0 {
		row.about.AsOf = r.from.AsOf
	}
	row.about.Source = r.from.Source
	if row.broken {
		return nil
	}
	if len(row.given) > 0 && row.nothing() {
		clear(row.given)
		if len(row.about.Unmetered) == 0 {
			r.unpriced(name, "0 for everything: set it to 0 yourself if it is free")
			return nil
		}
	}
	row.dropFreeTokens()
	if missing := row.missing(); missing != "" {
		r.refuse(name, "", missing)
		return nil
	}
	row.onlyOneOf(usage.Image, usage.ImageOutput)
	row.onlyOneOf(usage.Second, usage.AudioInput)
	p := row.price()
	if p.has == 0 {
		r.unpriced(name, billedBy(p.Unmetered))
		return nil
	}
	return p
}

func (r *reader) unpriced(name, why string) {
	r.out.Unpriced = append(r.out.Unpriced, Refusal{Model: name, Why: why})
}

// billedBy says why there is no price that could be charged.
func billedBy(fees []Fee) string {
	if len(fees) == 0 {
		return "it has no price"
	}
	names := make([]string, len(fees))
	for i := range fees {
		names[i] = fees[i].Name
	}
	return "it is billed by what crs does not count: " + strings.Join(names, ", ")
}

// rate takes the price of one unit, in USD; of a million where the format has those.
func (r *reader) rate(name string, to *row, at point, field string, text json.RawMessage) {
	places := 12
	if r.out.Format == ModelsDev {
		places = 6
	}
	value, ok, err := number(text, places)
	switch {
	case to.broken: // and said to be
	case err != nil:
		r.refuse(name, field, fmt.Sprintf("%s: %s", text, err))
	case ok && at.kind.Tokens() && value > maxPrice:
		r.refuse(name, field, fmt.Sprintf("%s is more than a cent for one token; is it the price of a million?", text))
	case ok && value > maxUnit:
		r.refuse(name, field, fmt.Sprintf("%s: %s", text, errTooLarge))
	case ok:
		to.given[at] = PerUnit(value)
		return
	default:
		return
	}
	to.broken = to.broken || at == point{kind: usage.Input} || at == point{kind: usage.Output}
}

// fee takes the price of what crs does not count.
func (r *reader) fee(name string, to *row, field string, text json.RawMessage) {
	value, ok, err := number(text, 9)
	switch {
	case err != nil:
		r.refuse(name, field, fmt.Sprintf("%s: %s", text, err))
	case ok && value > 0:
		to.about.Unmetered = append(to.about.Unmetered, Fee{field, Cost(value)})
	}
}

func (r *reader) multiplier(name, field string, text json.RawMessage) (Multiplier, bool) {
	value, ok, err := number(text, 6)
	if err == nil && ok && (Multiplier(value) > maxMultiplier || value == 0) {
		err = errNoFactor
	}
	if err != nil {
		r.refuse(name, field, fmt.Sprintf("%s: %s", text, err))
	}
	return Multiplier(value), ok && err == nil
}

var errNoFactor = errors.New("must be more than 0 and at most 100")

// leaveOutImplausible leaves out rates that are very many times the ordinary one, and of steps and tiers those that are next to nothing.
func (r *reader) leaveOutImplausible(name string, row *row) {
	for _, at := range row.points() {
		base := row.given[point{kind: usage.Input}]
		if answers(at.kind) {
			base = row.given[point{kind: usage.Output}]
		}
		value, same := row.given[at], row.given[point{kind: at.kind}]
		switch {
		case !at.kind.Tokens():
			continue
		case base > 0 && value/implausible >= base:
			r.refuse(name, at.String(), fmt.Sprintf("%s for a million tokens is %d times the ordinary %s", value.PerMillion(), value/base, base.PerMillion()))
		case same > 0 && value*implausible <= same:
			r.refuse(name, at.String(), fmt.Sprintf("%s for a million tokens is a fiftieth of the ordinary %s or less", value.PerMillion(), same.PerMillion()))
		default:
			continue
		}
		delete(row.given, at)
	}
}

// number reads a number as a whole number of its places-th decimals. It is false when there is none.
func number(doc json.RawMessage, places int) (value int64, ok bool, err error) {
	text := strings.Trim(string(doc), `"`) // some tables quote their numbers
	if text == "" || text == "null" {
		return 0, false, nil
	}
	value, _, err = parseDecimal(text, places)
	return value, err == nil, err
}
