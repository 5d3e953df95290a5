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
	for i, c := range logColumns() {
		s.columns = append(s.columns, column[line]{c, func(m *Model, l *line) draw.Cell { return logCell(m, l, i) }, nil})
	}
	return s
}

func logColumns() []draw.Column {
	return []draw.Column{
		{Name: "TIME", Width: 8, Rank: 3}, {Name: "STATUS", Width: 6, Right: true}, {Name: "KEY", Width: 8, Most: 14, Rank: 1}, {Name: "ACCOUNT", Width: 8, Most: 14, Rank: 2},
		{Name: "MODEL", Width: 16, Most: 26, Rank: 6}, {Name: "FIRST", Width: 6, Right: true, Rank: 7}, {Name: "TOTAL", Width: 6, Right: true, Rank: 5},
		{Name: "INPUT", Width: 6, Right: true, Rank: 9}, {Name: "CACHED", Width: 6, Right: true, Rank: 10}, {Name: "OUTPUT", Width: 6, Right: true, Rank: 8},
		{Name: "COST", Width: 7, Right: true, Rank: 4}, {Name: "NOTE", Width: 24, Most: 120, Rank: 1},
	}
}

// eventText is a line that is about no request.
func eventText(m *Model, l *line) (string, draw.Ink) {
	if l.request != nil {
		return "", draw.Ink{}
	}
	text := l.text
	if l.who != "" {
		text = l.who + " " + text
	}
	return draw.Clean(clock(l.at, m.now()) + "  " + text), gradeInk(m.t, l.grade)
}

// logCell is what a line of the log has in a column.
func logCell(m *Model, l *line, column int) draw.Cell {
	r := l.request
	ink := gradeInk(m.t, l.grade)
	switch name := logColumns()[column].Name; {
	case name == "TIME":
		return draw.Cell{Text: clock(l.at, m.now()), Ink: m.t.Faint}
	case name == "ACCOUNT":
		return said1(l.who)
	case name == "NOTE":
		return draw.Cell{Text: draw.Clean(l.text), Ink: ink}
	case name == "STATUS" && r == nil:
		return draw.Cell{Text: "·", Ink: ink}
	case r == nil:
		return draw.Cell{}
	default:
		return requestCell(r, name, ink)
	}
}

func requestCell(r *ctl.Request, column string, ink draw.Ink) draw.Cell {
	switch column {
	case "STATUS":
		if r.Status == 0 {
			return draw.Cell{Text: "left", Ink: ink}
		}
		return draw.Cell{Text: strconv.Itoa(r.Status), Ink: ink}
	case "KEY":
		return said1(r.Key)
	case "MODEL":
		return said1(r.Model)
	case "FIRST":
		return draw.Cell{Text: took(r.FirstByteMS)}
	case "TOTAL":
		return draw.Cell{Text: took(r.TotalMS)}
	case "INPUT":
		return draw.Cell{Text: short(float64(r.InputTokens))}
	case "CACHED":
		return draw.Cell{Text: short(float64(r.CacheRead + r.CacheWrite5m + r.CacheWrite1h))}
	case "OUTPUT":
		return draw.Cell{Text: short(float64(r.OutputTokens))}
	}
	return draw.Cell{Text: money(r.Cost)}
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
