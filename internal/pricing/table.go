package pricing

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
)

// A Table knows what models cost. It never changes, so it may be shared; a new one is made from an old one and swapped in.
type Table struct {
	models  map[string]periods
	version string
	asOf    Day

	// Names of rows by others, "" where several rows fit: without the vendor's prefix, of those that have one, in small letters, and
	// without both.
	bare, folded, bareFolded map[string]string

	bedrock map[string]string // ids on Bedrock without their prefix, of rows that are in a region
	found   *findings
	offers  atomic.Pointer[offers]
}

// periods are what one model costs, by the day: in the order of their first.
type periods []*Price

// on is the price of a day: the latest that has begun by then, else the first.
func (p periods) on(day Day) *Price {
	for i := len(p) - 1; i > 0; i-- {
		if p[i].From <= day {
			return p[i]
		}
	}
	return p[0]
}

// Embedded is the table that was built in.
func Embedded() *Table {
	t, err := parseOwn(embedded)
	if err != nil {
		panic(err) // a test reads the same bytes
	}
	return t
}

func newTable() *Table { return &Table{models: map[string]periods{}} }

// addPeriod adds what a model costs in one more period. Call indexed when all are there.
func (t *Table) addPeriod(name string, p *Price) error {
	i, taken := slices.BinarySearchFunc(t.models[name], p.From, func(x *Price, from Day) int { return cmp.Compare(x.From, from) })
	if taken {
		return fmt.Errorf("%s has two rows for the same day", name)
	}
	t.models[name] = slices.Insert(t.models[name], i, p)
	return nil
}

// indexed makes the table ready for use.
func (t *Table) indexed() *Table {
	t.version = t.hash()
	for _, all := range t.models {
		t.asOf = max(t.asOf, all.asOf())
	}
	t.index()
	return t
}

// Models are the names of all models in the table, sorted.
func (t *Table) Models() []string { return slices.Sorted(maps.Keys(t.models)) }

// SoldBy are the names, sorted, of the models with a price that providers sell.
func (t *Table) SoldBy(providers []string) []string {
	names := []string{}
	for _, name := range t.Models() {
		if p := t.models[name][0]; p.has != 0 && slices.Contains(providers, p.Provider) {
			names = append(names, name)
		}
	}
	return names
}

// Periods are what a model of the table costs, by the day, in the order of their first days; nil for one that is not in it by
// exactly this name.
func (t *Table) Periods(name string) []*Price { return slices.Clone(t.models[name]) }

// AsOf is the newest day that one of its prices is of.
func (t *Table) AsOf() Day { return t.asOf }

// Version identifies what the table says: equal versions give equal costs. It is 12 characters, for usage records.
func (t *Table) Version() string { return t.version }

func (t *Table) hash() string {
	var text []byte
	for _, name := range t.Models() {
		for _, p := range t.models[name] {
			text = appendText(text, name)
			text = p.appendTo(binary.AppendVarint(text, int64(p.From)))
		}
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])[:12]
}

// appendTo appends all that decides what answers cost.
func (p *Price) appendTo(text []byte) []byte {
	text = appendSteps(binary.AppendUvarint(text, uint64(p.has)), p.Steps)
	for _, t := range p.Tiers {
		text = binary.AppendVarint(appendText(text, t.Name), int64(t.Times))
		if t.Short {
			text = append(text, "short"...)
		}
		text = appendSteps(text, t.Steps)
	}
	text = append(text, "regions"...)
	for _, r := range p.Regions {
		text = binary.AppendVarint(appendText(text, r.Name), int64(r.Times))
	}
	return text
}

func appendSteps(text []byte, steps []Step) []byte {
	text = binary.AppendUvarint(text, uint64(len(steps)))
	for i := range steps {
		text = binary.AppendVarint(text, steps[i].Above)
		for _, rate := range steps[i].Rates {
			text = binary.AppendVarint(text, int64(rate))
		}
	}
	return text
}

func appendText(text []byte, s string) []byte {
	return append(binary.AppendUvarint(text, uint64(len(s))), s...)
}
