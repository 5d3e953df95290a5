package pricing

import (
	"maps"
	"slices"
	"strings"
)

// An Update is what comes of a table that another one was laid over.
type Update struct {
	Table *Table
	// Kept are the models, sorted, of which the older table's price stayed.
	Kept []string
	// Implausible are prices that were kept out because they are very far from those that are known; none where they were forced.
	Implausible []Refusal
}

// Updated lays a table that was taken over this one, model by model: of what both know, the price whose data is newer wins, whenever
// the table was taken. Data without a date is older than any that has one, so that it only adds models. Unless it is forced, a model
// whose price is implausible stays as it is here.
func (t *Table) Updated(taken *Table, force bool) Update {
	all := &Table{models: maps.Clone(t.models)}
	out := Update{Table: all}
	for _, name := range taken.Models() {
		next := taken.models[name][0]
		old, known := t.models[name]
		if known && next.AsOf <= old.asOf() {
			out.Kept = append(out.Kept, name)
			continue
		}
		if strange, is := t.implausible(name, next); is && !force {
			out.Implausible = append(out.Implausible, strange)
			continue
		}
		if known {
			all.models[name] = old.replaced(next)
		} else {
			all.models[name] = periods{t.snapshot(name, next)}
		}
	}
	all.indexed()
	return out
}

// snapshot completes the price of a model that is one of this table's, of a day.
func (t *Table) snapshot(name string, next *Price) *Price {
	f, known := t.find(name)
	if !known || f.how != Date || !strings.HasPrefix(name, f.name) {
		return next
	}
	return next.completed(f.prices.on(next.AsOf), true)
}

// Overridden lays an operator's own prices over this table. They hold on every day. What they do not say, of what is not counted in
// tokens and of tiers and regions, stays as it is.
func (t *Table) Overridden(own *Table) *Table {
	all := &Table{models: maps.Clone(t.models)}
	for name, set := range own.models {
		p := set[0]
		if old, known := t.models[name]; known {
			p = p.completed(old[len(old)-1], false)
		}
		all.models[name] = periods{p}
	}
	return all.indexed()
}

// asOf is the newest day that the data is of.
func (p periods) asOf() (newest Day) {
	for _, one := range p {
		newest = max(newest, one.AsOf)
	}
	return newest
}

// replaced puts a newer price in the place of that of its day. What was announced for later, and what held before, stays.
func (p periods) replaced(next *Price) periods {
	old := p.on(next.AsOf)
	all := slices.Clone(p)
	i := slices.Index(all, old)
	all[i] = next.completed(old, true)
	all[i].From, all[i].Until = old.From, old.Until
	return all
}
