package pricing

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"crs/internal/usage"
)

// Our own table has one row for a model and period. Its columns for kinds are named as those are, others are passed over: USD for a million of what is
// counted in tokens, for one of everything else. Lists are separated by spaces: steps are "ABOVE KIND=USD …; ABOVE …", tiers
// "NAME=TIMES", "NAME|NAME=TIMES/short" (see [Tier]) or "NAME=?" where the factor is not known, regions "NAME=TIMES", unmetered "NAME=USD". A row without any price is a
// model that is known to have none that could be charged.
//
//go:embed prices.csv
var embedded []byte

// ownRow is one line of our own table.
type ownRow struct {
	columns map[string]int
	fields  []string
}

// of is what the line has in a column; "" where there is no such column.
func (o ownRow) of(column string) string {
	i, ok := o.columns[column]
	if !ok {
		return ""
	}
	return o.fields[i]
}

// parseOwn reads our own table.
func parseOwn(doc []byte) (*Table, error) {
	lines := csv.NewReader(bytes.NewReader(doc))
	head, err := lines.Read()
	if err != nil {
		return nil, fmt.Errorf("read price table: %w", err)
	}
	own := ownRow{columns: map[string]int{}}
	for i, name := range head {
		own.columns[name] = i
	}
	t := newTable()
	for {
		own.fields, err = lines.Read()
		switch {
		case err == io.EOF:
			return t.indexed(), nil
		case err != nil:
			return nil, fmt.Errorf("read price table: %w", err)
		}
		if err := t.addOwn(own); err != nil {
			return nil, fmt.Errorf("prices of %s: %w", own.of("model"), err)
		}
	}
}

// addOwn adds what a line says to the model and to each of its aliases.
func (t *Table) addOwn(own ownRow) error {
	r, err := own.row()
	if err != nil {
		return err
	}
	p := r.price()
	for _, name := range append(strings.Fields(own.of("aliases")), own.of("model")) {
		if err := t.addPeriod(name, p); err != nil {
			return err
		}
	}
	return nil
}

func (o ownRow) row() (*row, error) {
	r := newRow(o.of("model"))
	r.about = Price{Provider: o.of("provider"), Mode: o.of("mode"), Source: o.of("source")}
	for _, read := range []func(*row) error{o.readDays, o.readLimits, o.readRates, o.readSteps, o.readTiers, o.readRegions, o.readFees} {
		if err := read(r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (o ownRow) readDays(r *row) error {
	for name, to := range map[string]*Day{"from": &r.about.From, "until": &r.about.Until, "as_of": &r.about.AsOf, "retires": &r.about.Retires} {
		day, err := ParseDay(o.of(name))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*to = day
	}
	return nil
}

func (o ownRow) readLimits(r *row) error {
	for name, to := range map[string]*int64{"max_input": &r.about.MaxInput, "max_output": &r.about.MaxOutput} {
		if o.of(name) == "" {
			continue
		}
		n, err := strconv.ParseInt(o.of(name), 10, 64)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*to = n
	}
	return nil
}

func (o ownRow) readRates(r *row) error {
	for k := range usage.Kinds {
		if err := r.give(point{kind: k}, o.of(k.String())); err != nil {
			return err
		}
	}
	return nil
}

// give takes a rate as our own table writes it.
func (r *row) give(at point, text string) error {
	if text == "" {
		return nil
	}
	places, most := 12, int64(maxUnit)
	if at.kind.Tokens() {
		places, most = 6, maxPrice
	}
	value, _, err := parseDecimal(text, places)
	if err == nil && value > most {
		err = errTooLarge
	}
	if err != nil {
		return fmt.Errorf("%s: %s: %w", at.kind, text, err)
	}
	r.given[at] = PerUnit(value)
	return nil
}

func (o ownRow) readSteps(r *row) error {
	for step := range strings.SplitSeq(o.of("steps"), ";") {
		words := strings.Fields(step)
		if len(words) == 0 {
			continue
		}
		above, err := strconv.ParseInt(words[0], 10, 64)
		if err != nil {
			return fmt.Errorf("steps: %w", err)
		}
		for _, word := range words[1:] {
			name, text, _ := strings.Cut(word, "=")
			k := kindNamed(name)
			if !k.Tokens() {
				return fmt.Errorf("steps: %s is no kind of token", name)
			}
			if err := r.give(point{kind: k, above: above}, text); err != nil {
				return fmt.Errorf("steps: %w", err)
			}
		}
	}
	return nil
}

func (o ownRow) readTiers(r *row) error {
	for word := range strings.FieldsSeq(o.of("tiers")) {
		names, text, _ := strings.Cut(word, "=")
		if text == "?" {
			r.about.Unsure = append(r.about.Unsure, names)
			continue
		}
		text, short := strings.CutSuffix(text, "/short")
		times, err := parseMultiplier(text)
		if err != nil {
			return fmt.Errorf("tiers: %s: %w", word, err)
		}
		for name := range strings.SplitSeq(names, "|") {
			r.about.Tiers = append(r.about.Tiers, Tier{Name: name, Times: times, Short: short})
		}
	}
	return nil
}

func (o ownRow) readRegions(r *row) error {
	for word := range strings.FieldsSeq(o.of("regions")) {
		name, text, _ := strings.Cut(word, "=")
		times, err := parseMultiplier(text)
		if err != nil {
			return fmt.Errorf("regions: %s: %w", word, err)
		}
		r.about.Regions = append(r.about.Regions, Region{name, times})
	}
	return nil
}

func (o ownRow) readFees(r *row) error {
	for word := range strings.FieldsSeq(o.of("unmetered")) {
		name, text, _ := strings.Cut(word, "=")
		price, _, err := parseDecimal(text, 9)
		if err != nil {
			return fmt.Errorf("unmetered: %s: %w", word, err)
		}
		r.about.Unmetered = append(r.about.Unmetered, Fee{name, Cost(price)})
	}
	return nil
}

// parseMultiplier reads a factor.
func parseMultiplier(text string) (Multiplier, error) {
	value, _, err := parseDecimal(text, 6)
	if err == nil && Multiplier(value) > maxMultiplier {
		err = errTooLarge
	}
	return Multiplier(value), err
}
