package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"crs/ctl"
	"crs/tui/draw"
)

// usageScreen charts what was used.
type usageScreen struct {
	span, by, what int // which of spans, groupings and measures
	told           map[usageKey]ctl.Usage
	asked          bool
	failed         string
	sheet          sheet[share]
}

// usageKey is what usage was asked for.
type usageKey struct{ span, by int }

// span is a time that is looked at.
type span struct {
	name, since, column string // as the contract has them
	step                time.Duration
	label               string // how a bar's time is written
}

func spans() []span {
	return []span{
		{"24 hours", "24h", "hour", time.Hour, "15h"},
		{"3 days", "72h", "hour", time.Hour, "15h"},
		{"14 days", "14d", "day", 24 * time.Hour, "01-02"},
		{"60 days", "60d", "day", 24 * time.Hour, "01-02"},
	}
}

func groupings() []string { return []string{"model", "key", "account"} }

// measure is something that is charted.
type measure struct {
	name  string
	of    func(*ctl.UsageRow) float64
	write func(float64) string
}

func measures() []measure {
	return []measure{
		{"cost", func(r *ctl.UsageRow) float64 { return float64(r.Cost) / 1e9 }, func(v float64) string { return money(ctl.USD(v * 1e9)) }},
		{"tokens", func(r *ctl.UsageRow) float64 { return float64(tokens(r)) }, short},
		{"requests", func(r *ctl.UsageRow) float64 { return float64(r.Requests) }, short},
	}
}

// tokens are all that a row counts.
func tokens(r *ctl.UsageRow) int64 {
	return r.InputTokens + r.OutputTokens + r.CacheReadTokens + r.CacheWrite5mTokens + r.CacheWrite1hTokens
}

// share is what one model, key or account used in all.
type share struct {
	rank int // its series
	name string
	row  ctl.UsageRow
	part float64
}

func newUsage() *usageScreen {
	s := &usageScreen{told: map[usageKey]ctl.Usage{}}
	s.sheet.id = func(x *share) string { return x.name }
	number := func(name string, rank int, of func(*ctl.UsageRow) int64) column[share] {
		return column[share]{draw.Column{Name: name, Width: 8, Right: true, Rank: rank}, func(_ *Model, x *share) draw.Cell { return draw.Cell{Text: short(float64(of(&x.row)))} }, nil}
	}
	s.sheet.columns = []column[share]{
		{draw.Column{Name: "", Width: 2}, swatch, nil},
		{draw.Column{Name: "WHAT", Width: 14, Most: 34}, func(_ *Model, x *share) draw.Cell { return plainCell(x.name) }, nil},
		{draw.Column{Name: "SHARE", Width: 15, Rank: 3}, portion, nil},
		{draw.Column{Name: "COST", Width: 8, Right: true}, func(_ *Model, x *share) draw.Cell { return draw.Cell{Text: money(x.row.Cost)} }, nil},
		number("REQUESTS", 2, func(r *ctl.UsageRow) int64 { return r.Requests }),
		number("INPUT", 4, func(r *ctl.UsageRow) int64 { return r.InputTokens }),
		number("OUTPUT", 4, func(r *ctl.UsageRow) int64 { return r.OutputTokens }),
		number("CACHED", 5, func(r *ctl.UsageRow) int64 { return r.CacheReadTokens }),
		number("WRITTEN", 6, func(r *ctl.UsageRow) int64 { return r.CacheWrite5mTokens + r.CacheWrite1hTokens }),
	}
	return s
}

// swatch is how a series looks in the chart.
func swatch(m *Model, x *share) draw.Cell {
	ink, fill := m.t.Series(x.rank)
	return draw.Cell{Text: ink.Paint(strings.Repeat(fill, 2))}
}

func portion(m *Model, x *share) draw.Cell {
	ink, _ := m.t.Series(x.rank)
	n := int(x.part*8 + 0.5)
	return draw.Cell{Text: ink.Paint(strings.Repeat("█", n)) + strings.Repeat(" ", 8-n) + draw.FitRight(short(x.part*100)+"%", 5)}
}

func (s *usageScreen) name() string { return "Usage" }
func (s *usageScreen) typing() bool { return false }

// enter asks for what is looked at.
func (s *usageScreen) enter(m *Model) tea.Cmd {
	if s.asked {
		return nil
	}
	s.asked = true
	key := usageKey{s.span, s.by}
	sp := spans()[key.span]
	q := ctl.UsageQuery{By: []string{sp.column, groupings()[key.by]}, Since: sp.since}
	return ask(m, func(ctx context.Context) (ctl.Usage, error) { return m.opt.Daemon.Usage(ctx, q) }, func(m *Model, u ctl.Usage, err error) tea.Cmd {
		s.asked, s.failed = false, ""
		if err != nil {
			s.failed = sentence(err)
			return nil
		}
		s.told[key] = u
		if (usageKey{s.span, s.by}) != key {
			return s.enter(m) // something else was chosen meanwhile
		}
		return nil
	})
}

func (s *usageScreen) key(m *Model, k tea.KeyMsg) tea.Cmd {
	s.sheet.move(k, len(s.shares()))
	s.sheet.asks = false // there is nothing to filter
	return nil
}

func (s *usageScreen) bindings() []binding {
	next := func(n *int, of int) func(*Model) tea.Cmd {
		return func(m *Model) tea.Cmd {
			*n = (*n + 1) % of
			return s.enter(m)
		}
	}
	return []binding{
		{keys: "t", short: "time", long: "24 hours, 3 days, 14 days or 60 days", do: next(&s.span, len(spans()))},
		{keys: "b", short: "by", long: "by model, key or account", do: next(&s.by, len(groupings()))},
		{keys: "v", short: "value", long: "cost, tokens or requests", do: next(&s.what, len(measures()))},
		{keys: "↑ ↓", long: "up and down the table"},
	}
}

func (s *usageScreen) view(m *Model, width, height int) []string {
	u, ok := s.told[usageKey{s.span, s.by}]
	what, sp := measures()[s.what], spans()[s.span]
	head := m.t.Strong.Paint(" "+what.name) + " of the last " + m.t.Strong.Paint(sp.name) + " by " + m.t.Strong.Paint(groupings()[s.by])
	switch {
	case s.failed != "":
		return append([]string{head, ""}, paintAll(m.t.Bad, draw.Wrap("  "+s.failed, width))...)
	case !ok:
		return []string{head, "", m.t.Faint.Paint("  asking…")}
	case len(u.Rows) == 0:
		return []string{head, "", m.t.Faint.Paint("  Nothing was used.")}
	}
	total := m.t.Strong.Paint(what.write(what.of(&u.Total))) + " in all "
	lines := []string{draw.Ends(head, total, width)}
	shares := s.shares()
	table := min(len(shares)+1, max(height/3, 3))
	if chart := height - 1 - table; chart >= 5 {
		lines = append(lines, s.chart(m, &u, shares).Draw(m.t, width, chart)...)
	} else {
		table = height - 1
	}
	return append(lines, s.sheet.table(m, shares, width, table)...)
}

func paintAll(ink draw.Ink, lines []string) []string {
	for i := range lines {
		lines[i] = ink.Paint(lines[i])
	}
	return lines
}

// nameOf is what a row is about.
func nameOf(r *ctl.UsageRow) string { return cmp.Or(r.Model, r.Key, r.Account, "none") }

// shares are what each used, the largest first; all that cannot be told apart in a chart are one.
func (s *usageScreen) shares() []*share {
	u, what := s.told[usageKey{s.span, s.by}], measures()[s.what]
	sums := map[string]*share{}
	for i := range u.Rows {
		r := &u.Rows[i]
		x := sums[nameOf(r)]
		if x == nil {
			x = &share{name: nameOf(r)}
			sums[x.name] = x
		}
		x.row.Add(r)
	}
	all := make([]*share, 0, len(sums))
	for _, x := range sums {
		all = append(all, x)
	}
	slices.SortFunc(all, func(x, y *share) int {
		return cmp.Or(cmp.Compare(what.of(&y.row), what.of(&x.row)), cmp.Compare(x.name, y.name))
	})
	if len(all) > draw.MostSeries {
		rest := &share{name: plural(len(all)-draw.MostSeries+1, "other")}
		for _, x := range all[draw.MostSeries-1:] {
			rest.row.Add(&x.row)
		}
		all = append(all[:draw.MostSeries-1:draw.MostSeries-1], rest)
	}
	whole := what.of(&u.Total)
	for i, x := range all {
		x.rank = i
		if whole > 0 {
			x.part = what.of(&x.row) / whole
		}
	}
	return all
}

// chart has a bar for every step of the time, also where nothing was used.
func (s *usageScreen) chart(m *Model, u *ctl.Usage, shares []*share) *draw.Chart {
	sp, what := spans()[s.span], measures()[s.what]
	labels, bars := barsOf(u, sp, m.b.zone)
	c := &draw.Chart{Labels: labels, Format: what.write, Series: make([]draw.Series, len(shares))}
	series := map[string]int{}
	for i, x := range shares {
		c.Series[i] = draw.Series{Name: x.name, Values: make([]float64, len(labels))}
		series[x.name] = i
	}
	for i := range u.Rows {
		r := &u.Rows[i]
		bar, ok := bars[barOf(r, m.b.zone)]
		if !ok {
			continue
		}
		n, ok := series[nameOf(r)]
		if !ok {
			n = len(shares) - 1
		}
		c.Series[n].Values[bar] += what.of(r)
	}
	return c
}

// barOf names the bar that a row belongs to.
func barOf(r *ctl.UsageRow, zone *time.Location) string {
	if r.Hour == "" {
		return r.Day
	}
	at, err := time.Parse("2006-01-02T15:04Z07:00", r.Hour)
	if err != nil {
		return r.Hour
	}
	return at.In(zone).Format("2006-01-02T15")
}

// barsOf gives the bars' labels, and where each stands.
func barsOf(u *ctl.Usage, sp span, zone *time.Location) (labels []string, at map[string]int) {
	layout := time.DateOnly
	if sp.column == "hour" {
		layout = "2006-01-02T15"
	}
	at = map[string]int{}
	last := u.Until.In(zone).Format(layout)
	for t := u.Since.In(zone); len(labels) < 200; t = stepOn(t, sp) {
		name := t.Format(layout)
		if _, twice := at[name]; !twice { // as an hour is when clocks are put back
			at[name] = len(labels)
			labels = append(labels, t.Format(sp.label))
		}
		if name >= last {
			break
		}
	}
	return labels, at
}

// stepOn goes to the next bar: days are not all equally long.
func stepOn(t time.Time, sp span) time.Time {
	if sp.column == "day" {
		return t.AddDate(0, 0, 1)
	}
	return t.Add(sp.step)
}

// loadToday asks for what was used today.
func (m *Model) loadToday() tea.Cmd {
	return ask(m, func(ctx context.Context) (ctl.Usage, error) {
		return m.opt.Daemon.Usage(ctx, ctl.UsageQuery{Since: "today"})
	}, func(m *Model, u ctl.Usage, err error) tea.Cmd {
		if err == nil {
			m.b.today, m.b.endedToday, m.b.costToday = u.Total, 0, 0
		}
		return nil
	})
}
