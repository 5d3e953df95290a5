package tui

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	tea "github.com/charmbracelet/bubbletea"

	"crs/ctl"
	"crs/tui/draw"
)

// logScreen shows what ended and what happened, newest first.
type logScreen struct {
	sheet[line]
	only int // which of onlys
}

// onlys are what the log can be narrowed down to.
func onlys() []string { return []string{"everything", "errors", "events"} }

func newLog() *logScreen {
	s := &logScreen{}
	s.title, s.all = "Log", s.shown
	s.id = func(l *line) string { return strconv.FormatInt(l.n, 10) }
	s.empty = "Nothing has ended yet. Every request appears here when it does, and what happens to accounts."
	s.free = eventText
	s.columns = logColumns()
	return s
}

func logColumns() []column[line] {
	return []column[line]{
		{draw.Column{Name: "TIME", Width: 8, Rank: 3}, func(m *Model, l *line) draw.Cell { return draw.Cell{Text: clock(l.at, m.now()), Ink: m.t.Faint} }, nil},
		{draw.Column{Name: "STATUS", Width: 6, Right: true}, logStatus, nil},
		{draw.Column{Name: "KEY", Width: 8, Most: 14, Rank: 1}, ofRequest(func(r *ctl.Request) string { return r.Key }), nil},
		{draw.Column{Name: "ACCOUNT", Width: 8, Most: 14, Rank: 2}, func(_ *Model, l *line) draw.Cell { return plainCell(l.who) }, nil},
		{draw.Column{Name: "MODEL", Width: 16, Most: 26, Rank: 6}, ofRequest(func(r *ctl.Request) string { return r.Model }), nil},
		{draw.Column{Name: "FIRST", Width: 6, Right: true, Rank: 7}, ofRequest(func(r *ctl.Request) string { return took(r.FirstByteMS) }), nil},
		{draw.Column{Name: "TOTAL", Width: 6, Right: true, Rank: 5}, ofRequest(func(r *ctl.Request) string { return took(r.TotalMS) }), nil},
		{draw.Column{Name: "INPUT", Width: 6, Right: true, Rank: 9}, ofRequest(func(r *ctl.Request) string { return short(float64(r.InputTokens)) }), nil},
		{draw.Column{Name: "CACHED", Width: 6, Right: true, Rank: 10}, ofRequest(func(r *ctl.Request) string { return short(float64(r.CacheRead + r.CacheWrite5m + r.CacheWrite1h)) }), nil},
		{draw.Column{Name: "OUTPUT", Width: 6, Right: true, Rank: 8}, ofRequest(func(r *ctl.Request) string { return short(float64(r.OutputTokens)) }), nil},
		{draw.Column{Name: "COST", Width: 7, Right: true, Rank: 4}, ofRequest(func(r *ctl.Request) string { return money(r.Cost) }), nil},
		{draw.Column{Name: "NOTE", Width: 24, Most: 120, Rank: 1}, func(m *Model, l *line) draw.Cell {
			return draw.Cell{Text: draw.Clean(l.text), Ink: gradeInk(m.t, l.grade)}
		}, nil},
	}
}

// ofRequest is a cell that only lines about a request have.
func ofRequest(write func(*ctl.Request) string) func(*Model, *line) draw.Cell {
	return func(_ *Model, l *line) draw.Cell {
		if l.request == nil {
			return draw.Cell{}
		}
		return plainCell(write(l.request))
	}
}

func logStatus(m *Model, l *line) draw.Cell {
	c := draw.Cell{Text: "·", Ink: gradeInk(m.t, l.grade)}
	if r := l.request; r != nil {
		c.Text = cmp.Or(word(r.Status != 0, strconv.Itoa(r.Status)), "left")
	}
	return c
}

// eventText is a line that is about no request.
func eventText(m *Model, l *line) (string, draw.Ink) {
	if l.request != nil {
		return "", draw.Ink{}
	}
	return draw.Clean(clock(l.at, m.now()) + "  " + word(l.who != "", l.who+" ") + l.text), gradeInk(m.t, l.grade)
}

func gradeInk(t *draw.Theme, g grade) draw.Ink {
	switch g {
	case notable:
		return t.Warn
	case bad:
		return t.Bad
	}
	return t.Good
}

// shown are the lines that are in the table, newest first.
func (s *logScreen) shown(m *Model) []*line {
	all := make([]*line, 0, len(m.b.log))
	for i := range slices.Backward(m.b.log) {
		l := &m.b.log[i]
		if s.only == 0 || s.only == 1 && l.grade != fine || s.only == 2 && l.request == nil {
			all = append(all, l)
		}
	}
	return all
}

func (s *logScreen) key(m *Model, k tea.KeyMsg) tea.Cmd {
	if s.place == 0 && k.String() != "down" && k.String() != "j" {
		s.chosen = "" // the first stays the first while new ones come
	}
	return s.sheet.key(m, k)
}

func (s *logScreen) view(m *Model, width, height int) []string {
	if s.place == 0 {
		s.chosen = ""
	}
	lines := []string{rule(m.t, onlys()[s.only], width)}
	if height < 8 {
		lines = nil
	}
	return append(lines, s.sheet.view(m, width, height-len(lines))...)
}

func (s *logScreen) bindings() []binding {
	return append([]binding{
		{keys: "enter", short: "explain", long: "everything about a request, and why it went where it went", do: s.on((*Model).explain)},
		{keys: "e", short: "only", long: "everything, only errors, or only what happened to accounts", do: func(*Model) tea.Cmd {
			s.only = (s.only + 1) % len(onlys())
			return nil
		}},
	}, sheetBindings()[:2]...)
}

// explain shows everything about what a line of the log says.
func (m *Model) explain(l *line) tea.Cmd {
	if l.request == nil {
		return m.push(newDetail(cmp.Or(draw.Clean(l.who), "Event"), func(m *Model, width int) []string {
			return append([]string{m.t.Faint.Paint(clock(l.at, m.now())), ""}, draw.Wrap(draw.Clean(l.text), width)...)
		}))
	}
	return m.push(newRequestDetail(l.request))
}

// mostRecalled is how many of the requests that ended before are shown.
const mostRecalled = 200

// loadLog asks for the newest requests that have ended.
func (m *Model) loadLog() tea.Cmd {
	return ask(m, func(ctx context.Context) ([]ctl.Request, error) {
		return m.opt.Daemon.Requests(ctx, ctl.RequestQuery{Limit: mostRecalled})
	}, func(m *Model, all []ctl.Request, err error) tea.Cmd {
		if err == nil {
			m.b.recall(all)
		}
		return nil
	})
}
