package tui

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"

	"crs/ctl"
	"crs/tui/draw"
)

// limitColumns are those of the table of keys for limits that have a name. The main ones stay the longest where there is little room,
// and can be sorted by.
func limitColumns(c *ctl.Catalogue) []column[ctl.Key] {
	main := c.MainLimits()
	var all []column[ctl.Key]
	rank := 3
	for i := range c.NamedLimits {
		n := &c.NamedLimits[i]
		x := column[ctl.Key]{
			Column: draw.Column{Name: n.Title, Width: 15},
			cell:   func(m *Model, k *ctl.Key) draw.Cell { l := k.Use.Limit(n.Limit); return used(m.t, &l) },
		}
		if c.Money(n) {
			x.Width = 17
		}
		if at := slices.Index(main, *n); at >= 0 {
			x.Rank, x.order = 2*at, moreUsed(n.Limit)
		} else {
			x.Rank, rank = rank, rank+1
		}
		all = append(all, x)
	}
	return all
}

// moreUsed is the order in which the key that has used most comes first.
func moreUsed(limit string) func(x, y *ctl.Key) int {
	of := func(k *ctl.Key) float64 {
		l := k.Use.Limit(limit)
		n, _ := l.Used.Float64()
		return n
	}
	return func(x, y *ctl.Key) int { return cmp.Compare(of(y), of(x)) }
}

// used is how much of a limit is used, with a gauge when it limits.
func used(t *draw.Theme, l *ctl.LimitUse) draw.Cell {
	text, share := usedOf(l), l.Share()
	if !limits(l) {
		return draw.Cell{Text: text}
	}
	text += "/" + mostOf(l)
	return draw.Cell{Text: text, Ink: t.Level(share), Draw: func(width int) string {
		if room := width - draw.Width(text) - 1; room >= 3 {
			return draw.Gauge(t, share, min(room, 8)) + " " + t.Level(share).Paint(text)
		}
		return text
	}}
}

func limits(l *ctl.LimitUse) bool {
	n, _ := l.Max.Float64()
	return n > 0
}

func usedOf(l *ctl.LimitUse) string { return quantity(l.Used, l.USD) }
func mostOf(l *ctl.LimitUse) string { return quantity(l.Max, l.USD) }

// quantity writes how much there is of what a limit counts; "" where nothing is known.
func quantity(n json.Number, usd bool) string {
	switch {
	case n == "":
		return ""
	case usd:
		return money(ctl.Dollars(n))
	}
	v, _ := n.Float64()
	return short(v)
}

// limitLines are the use that a key makes of each of its limits, under each other.
func limitLines(m *Model, k *ctl.Key, width int) []string {
	all := slices.Concat([]ctl.LimitUse{atOnce(k)}, k.Use.Limits)
	name := factName
	for i := range all {
		name = max(name, min(draw.Width(draw.Clean(all[i].Label))+1, width/2))
	}
	var lines []string
	for i := range all {
		lines = append(lines, limitLine(m, &all[i], name, width))
	}
	return append(lines, m.t.Faint.Paint(draw.Fit("reserved", name))+money(k.Use.Reserved))
}

func limitLine(m *Model, l *ctl.LimitUse, name, width int) string {
	line := m.t.Faint.Paint(draw.Fit(draw.Clean(l.Label), name))
	if !limits(l) {
		return line + usedOf(l)
	}
	line += draw.Gauge(m.t, l.Share(), min(20, max(width-name-21, 4))) + " " + usedOf(l) + " of " + mostOf(l)
	if l.EndsAt == nil || l.Share() == 0 {
		return line
	}
	if anew := "  anew " + until(l.EndsAt, m.now()); draw.Width(line)+draw.Width(anew) <= width {
		line += m.t.Faint.Paint(anew)
	}
	return line
}

// atOnce is the limit of requests in flight, written as the others are.
func atOnce(k *ctl.Key) ctl.LimitUse {
	return ctl.LimitUse{Label: "concurrency", Used: number(k.Use.InFlight), Max: number(k.Limits.Concurrency)}
}

func number(n int) json.Number { return json.Number(strconv.Itoa(n)) }
