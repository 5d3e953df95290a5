package reprice

import (
	"cmp"
	"slices"
	"time"

	"crs/internal/bound"
	"crs/internal/usage"
)

// Cells are what records come to, by the rows of hours that they are counted in.
type Cells struct {
	prices   *Prices
	zone     *time.Location
	cells    map[place]*cell
	unpriced map[string]int64
}

// place is where a record is counted.
type place struct {
	hour                     int64
	day, key, account, model string
}

type cell struct {
	sum                      usage.Sum // its cost is the new one
	unpricedBefore, unpriced int64
}

// NewCells begins with no record.
func NewCells(p *Prices, zone *time.Location) *Cells {
	return &Cells{prices: p, zone: zone, cells: map[place]*cell{}, unpriced: map[string]int64{}}
}

// Take counts a record. One that no account was asked for cost nothing, whatever the prices.
func (c *Cells) Take(r *usage.Record) {
	if r.Account == "" {
		return
	}
	end := r.End()
	at := place{int64(usage.HourOf(end)), end.In(c.zone).Format(time.DateOnly), r.Key, r.Account, r.Model}
	in := c.cells[at]
	if in == nil {
		in = new(cell)
		c.cells[at] = in
	}
	p := c.prices.Of(r)
	in.sum.Add(&usage.Sum{Requests: 1, Tokens: r.Tokens.Bound(), Cost: p.Cost, Charged: p.Charged})
	if r.Unpriced {
		in.unpricedBefore++
	}
	if p.Unpriced {
		in.unpriced++
		for _, name := range c.prices.unknown(r) {
			c.note(name)
		}
	}
}

// mostModels bounds how many models without a price are named: clients may ask for any.
const mostModels = 100

func (c *Cells) note(model string) {
	if _, known := c.unpriced[model]; known || len(c.unpriced) < mostModels {
		c.unpriced[model]++
	}
}

// Unpriced are models that have no price, and how many records of them there are; those with the most first.
func (c *Cells) Unpriced() []Model {
	var all []Model
	for name, n := range c.unpriced {
		all = append(all, Model{name, n})
	}
	slices.SortFunc(all, func(a, b Model) int { return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Name, b.Name)) })
	return all
}

// Model is one that has no price.
type Model struct {
	Name     string
	Requests int64
}

// Left is why a row is left as it is.
type Left string

// The reasons.
const (
	NoRecords Left = "no_records" // none of its requests is in a ledger any more, or ever was
	Differs   Left = "differs"    // the records are not all of its requests
	DaysOnly  Left = "days_only"  // its hours are gone: only the day is known
	Changed   Left = "changed"    // it was changed by somebody else meanwhile
)

// Row is a row of the roll-ups, and what it should be.
type Row struct {
	usage.Correction
	Left Left // empty where the records cover it
	// UnpricedBefore is how many records had no price when they were written, Unpriced how many have none now.
	UnpricedBefore, Unpriced int64
}

// Moves reports whether the row is to be changed.
func (r *Row) Moves() bool {
	return r.Left == "" && (r.Cost != r.Was.Cost || r.Charged != r.Was.Charged)
}

// Row holds a row of the roll-ups against the records: only one that they cover wholly may be corrected by them.
func (c *Cells) Row(sum *usage.Sum) Row {
	row := Row{Correction: usage.Correction{Was: *sum, Cost: sum.Cost, Charged: sum.Charged}}
	in := c.cells[place{sum.Hour.Unix(), sum.Day, sum.Key, sum.Account, sum.Model}]
	switch {
	case in == nil && sum.Account == "":
	case in == nil:
		row.Left = NoRecords
	case in.sum.Requests != sum.Requests, in.sum.Tokens != sum.Tokens, sum.Cost >= bound.Full, sum.Charged >= bound.Full:
		row.Left = Differs
	default:
		row.Cost, row.Charged, row.UnpricedBefore, row.Unpriced = in.sum.Cost, in.sum.Charged, in.unpricedBefore, in.unpriced
	}
	return row
}
