package reconcile

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"crs/internal/bound"
	"crs/internal/reprice"
	"crs/internal/share"
	"crs/internal/usage"
)

// Cell is what a model cost on a day of UTC, by the bill and by records.
type Cell struct {
	Day, Model string
	Billed     bool  // the bill has it
	Known      bool  // it is a model that the price table has
	Bill       int64 // nano-USD
	// Requests are those on accounts that are on the bill; Cost what they cost by the table in use, Recorded when they were made.
	Requests, Cost, Recorded int64
	// Of the requests: without a price; with tokens that were not told whole; refused ones, which cost nothing; with a doubt.
	Unpriced, Guessed, Refused, Doubtful int64
	Searches                             int64
	// Elsewhere are requests on accounts that are not on the bill, and what they cost.
	Elsewhere, ElsewhereCost int64
}

// Difference is how much more the bill says.
func (c *Cell) Difference() int64 { return c.Bill - c.Cost }

// Book holds a bill against records.
type Book struct {
	prices *reprice.Prices
	names  *Names
	mine   func(*usage.Record) bool
	cells  map[[2]string]*Cell
	days   map[string]int64
}

// NewBook begins with nothing. mine says whether a record's account is on the bill.
func NewBook(p *reprice.Prices, mine func(*usage.Record) bool) *Book {
	names := NewNames(p.Table.Models(), func(model string) (string, bool) {
		m, ok := p.Table.Lookup(model, time.Time{}) // which it is does not depend on the day
		return m.Name, ok
	})
	return &Book{prices: p, names: names, mine: mine, cells: map[[2]string]*Cell{}, days: map[string]int64{}}
}

// Bill takes in a line of the bill.
func (b *Book) Bill(day, line string, cost int64) {
	model, known := b.names.In(line)
	c := b.cell(day, model)
	c.Billed, c.Known = true, known
	c.Bill = bound.Sum(c.Bill, cost)
}

func (b *Book) cell(day, model string) *Cell {
	at := [2]string{day, model}
	if b.cells[at] == nil {
		b.cells[at] = &Cell{Day: day, Model: model}
	}
	return b.cells[at]
}

// Take takes in a record.
func (b *Book) Take(r *usage.Record) {
	day := r.End().UTC().Format(time.DateOnly)
	b.days[day]++
	if r.Account == "" {
		return
	}
	var room [12]usage.Item
	items := b.prices.AppendBilled(room[:0], r)
	own := b.names.Of(cmp.Or(r.PricedAs, r.Upstream, r.Model))
	if len(items) > 0 && len(r.Items) == 0 {
		own = b.names.Of(items[0].Model)
	}
	p := b.prices.Of(r)
	if !b.mine(r) {
		c := b.cell(day, own)
		c.Elsewhere, c.ElsewhereCost = c.Elsewhere+1, bound.Sum(c.ElsewhereCost, p.Cost)
		return
	}
	models, weights := b.parts(items, own, r)
	now, then := share.Of(p.Cost, weights), share.Of(bound.Figure(r.Cost, bound.Cost), weights)
	for i, model := range models {
		c := b.cell(day, model)
		c.Cost, c.Recorded = bound.Sum(c.Cost, now[i]), bound.Sum(c.Recorded, then[i])
	}
	b.cell(day, own).note(r, &p)
}

// parts are the models of a record and what each cost; its own is always among them.
func (b *Book) parts(items []usage.Item, own string, r *usage.Record) (models []string, weights []int64) {
	of := map[string][]usage.Item{own: nil}
	for _, i := range items {
		name := b.names.Of(i.Model)
		of[name] = append(of[name], i)
	}
	models = slices.Sorted(maps.Keys(of))
	weights = make([]int64, len(models))
	if len(models) == 1 {
		return models, []int64{1}
	}
	for i, m := range models {
		cost, _ := b.prices.Table.CostOf(of[m], r.End())
		weights[i] = max(0, int64(cost))
	}
	return models, weights
}

func (c *Cell) note(r *usage.Record, p *reprice.Priced) {
	c.Requests++
	c.Searches += r.Searches
	for _, n := range []struct {
		is    bool
		count *int64
	}{
		{p.Unpriced, &c.Unpriced}, {r.Source == usage.Partial || r.Source == usage.Estimated, &c.Guessed}, {r.Unbilled, &c.Refused}, {r.Doubt != "", &c.Doubtful},
	} {
		if n.is {
			*n.count++
		}
	}
}

// Cells are all days and models that the bill has, or that cost something on its accounts; by day and model.
func (b *Book) Cells() (all []Cell) {
	for _, c := range b.cells {
		if c.Billed || c.Requests > 0 || c.Cost > 0 {
			all = append(all, *c)
		}
	}
	slices.SortFunc(all, func(a, b Cell) int { return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Model, b.Model)) })
	return all
}

// Records is how many there were on a day.
func (b *Book) Records(day string) int64 { return b.days[day] }
