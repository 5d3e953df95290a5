package pricing

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"crs/internal/usage"
)

// A Table knows what models cost. It never changes, so it may be shared; a new one is made from an old one and swapped in.
type Table struct {
	prices   map[string]*Price
	families []family
	rejected []string
	version  string
}

// family is a fallback: models whose names begin with prefix, up to a hyphen, cost what model costs.
type family struct{ prefix, model string }

//go:embed prices.json
var embedded []byte

// EmbeddedOn is the day that prices.json is of. It changes with the file.
func EmbeddedOn() time.Time { return time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC) }

// Embedded is the table that was built in.
func Embedded() *Table {
	t, err := Parse(embedded)
	if err != nil {
		panic(err) // a test reads the same bytes
	}
	return t
}

func newTable(prices map[string]*Price, families []family, rejected []string) *Table {
	t := &Table{prices: prices, families: families, rejected: rejected}
	t.version = t.hash()
	return t
}

// With lays another table over this one: where both know a model, all of its prices are the other's. Families stay.
func (t *Table) With(over *Table) *Table {
	prices := maps.Clone(t.prices)
	maps.Copy(prices, over.prices)
	return newTable(prices, t.families, slices.Concat(t.rejected, over.rejected))
}

// WithFamilies sets what models cost that are in no table: one whose name, without what Lookup takes off, is a key of
// models, or begins with it and a hyphen, costs what the key's value costs. The longest key decides.
func (t *Table) WithFamilies(models map[string]string) (*Table, error) {
	var families []family
	for prefix, model := range models {
		if _, ok := t.prices[model]; !ok {
			return nil, fmt.Errorf("price family %s: model %s has no price itself", prefix, model)
		}
		families = append(families, family{prefix, model})
	}
	slices.SortFunc(families, func(a, b family) int {
		if len(a.prefix) != len(b.prefix) {
			return len(b.prefix) - len(a.prefix)
		}
		return strings.Compare(a.prefix, b.prefix)
	})
	return newTable(t.prices, families, t.rejected), nil
}

// Cost is the price of one answer of model. It is 0 and false when the model is unknown: show that, do not hide it.
func (t *Table) Cost(model string, u usage.Tokens, o Options) (cost Cost, known bool) {
	m, ok := t.Lookup(model)
	if !ok {
		return 0, false
	}
	return m.Price.Cost(u, o), true
}

// Models are the names of all models in the table, sorted.
func (t *Table) Models() []string { return slices.Sorted(maps.Keys(t.prices)) }

// Rejected says, a sentence each, which entries were left out because their prices cannot be right.
func (t *Table) Rejected() []string { return slices.Clone(t.rejected) }

// Version identifies what the table says: equal versions give equal costs. It is 12 characters, for usage records.
func (t *Table) Version() string { return t.version }

func (t *Table) hash() string {
	h := sha256.New()
	for _, name := range t.Models() {
		p := t.prices[name]
		fmt.Fprintf(h, "%q search %d fast %d\n", name, p.WebSearch, p.Fast)
		for _, region := range slices.Sorted(maps.Keys(p.Regions)) {
			fmt.Fprintf(h, " %q %d\n", region, p.Regions[region])
		}
		for _, tier := range p.Tiers {
			fmt.Fprintf(h, " above %d\n", tier.Above)
			tier.Standard.write(h)
			tier.Priority.write(h)
			tier.Flex.write(h)
		}
	}
	for _, f := range t.families {
		fmt.Fprintf(h, "family %q %q\n", f.prefix, f.model)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

func (r Rates) write(w io.Writer) {
	fmt.Fprintf(w, "  %d %d %d %d %d %d\n", r.Input, r.Output, r.Reasoning, r.CacheWrite5m, r.CacheWrite1h, r.CacheRead)
}
