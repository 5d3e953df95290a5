package tui

import (
	"cmp"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"crs/ctl"
	"crs/tui/draw"
)

// traffic shows every request in flight, and below them those that ended last.
type traffic struct{ sheet[ctl.Flight] }

func newTraffic() *traffic {
	s := &traffic{}
	s.title, s.all = "Traffic", func(m *Model) []*ctl.Flight { return m.b.flights() }
	s.id = func(f *ctl.Flight) string { return f.ID }
	s.empty = "Nothing is in flight. What clients ask for appears here while it is served."
	s.columns = []column[ctl.Flight]{
		{draw.Column{Name: "KEY", Width: 8, Most: 18}, func(_ *Model, f *ctl.Flight) draw.Cell { return plainCell(f.Key) }, func(x, y *ctl.Flight) int { return cmp.Compare(x.Key, y.Key) }},
		{draw.Column{Name: "ACCOUNT", Width: 8, Most: 18}, account, func(x, y *ctl.Flight) int { return cmp.Compare(x.Account, y.Account) }},
		{draw.Column{Name: "MODEL", Width: 16, Most: 30, Rank: 2}, func(_ *Model, f *ctl.Flight) draw.Cell { return plainCell(f.Model) }, func(x, y *ctl.Flight) int { return cmp.Compare(x.Model, y.Model) }},
		{draw.Column{Name: "PHASE", Width: 9}, phase, func(x, y *ctl.Flight) int { return cmp.Compare(x.Phase, y.Phase) }},
		{draw.Column{Name: "FOR", Width: 5, Right: true}, age, func(x, y *ctl.Flight) int { return x.At.Compare(y.At) }},
		{draw.Column{Name: "FIRST", Width: 5, Right: true, Rank: 3}, func(_ *Model, f *ctl.Flight) draw.Cell { return draw.Cell{Text: took(f.FirstByteMS)} }, func(x, y *ctl.Flight) int { return cmp.Compare(y.FirstByteMS, x.FirstByteMS) }},
		{draw.Column{Name: "SENT", Width: 5, Right: true, Rank: 6}, func(_ *Model, f *ctl.Flight) draw.Cell { return draw.Cell{Text: bytes(float64(f.Sent))} }, func(x, y *ctl.Flight) int { return cmp.Compare(y.Sent, x.Sent) }},
		{draw.Column{Name: "B/S", Width: 5, Right: true, Rank: 1}, speed, nil},
		{draw.Column{Name: "TOK/S", Width: 5, Right: true, Rank: 5}, tokenSpeed, nil},
		{draw.Column{Name: "PACE", Width: 8, Most: 20, Rank: 4}, pulse, nil},
		{draw.Column{Name: "CLIENT", Width: 11, Rank: 7}, func(_ *Model, f *ctl.Flight) draw.Cell { return plainCell(f.Client) }, nil},
		{draw.Column{Name: "FAILED", Width: 6, Right: true, Rank: 8}, failed, nil},
	}
	return s
}

// plainCell is a cell with what comes from outside.
func plainCell(text string) draw.Cell { return draw.Cell{Text: draw.Clean(text)} }

func account(m *Model, f *ctl.Flight) draw.Cell {
	if f.Account == "" {
		return draw.Cell{Text: "-", Ink: m.t.Faint}
	}
	return plainCell(f.Account)
}

// stalledAfter is how long an answer may pause until that is pointed out.
const stalledAfter = 5 * time.Second

// phase is how far a request has come; a stream that has paused is pointed out.
func phase(m *Model, f *ctl.Flight) draw.Cell {
	if pause := silent(f, m.now()); pause >= stalledAfter {
		return draw.Cell{Text: "quiet " + lasts(pause), Ink: m.t.Warn}
	}
	switch f.Phase {
	case "streaming":
		return draw.Cell{Text: f.Phase, Ink: m.t.Good}
	case "queued", "picking":
		return draw.Cell{Text: f.Phase, Ink: m.t.Warn}
	}
	return draw.Cell{Text: f.Phase, Ink: m.t.Accent}
}

// silent is how long nothing was sent of an answer that had begun.
func silent(f *ctl.Flight, now time.Time) time.Duration {
	if f.Phase != "streaming" || f.LastAt == nil {
		return 0
	}
	return now.Sub(*f.LastAt)
}

func age(m *Model, f *ctl.Flight) draw.Cell { return draw.Cell{Text: lasts(m.now().Sub(f.At))} }

func speed(m *Model, f *ctl.Flight) draw.Cell {
	if f.Sent == 0 || m.b.flows[f.N] == nil {
		return draw.Cell{}
	}
	return draw.Cell{Text: short(m.b.flows[f.N].rate(m.now()))}
}

// tokenSpeed is an estimate, and says so.
func tokenSpeed(m *Model, f *ctl.Flight) draw.Cell {
	if f.Sent == 0 || m.b.flows[f.N] == nil {
		return draw.Cell{}
	}
	n, ok := m.b.sizes.tokens(f.Model, m.b.flows[f.N].rate(m.now()))
	if !ok {
		return draw.Cell{}
	}
	return draw.Cell{Text: "~" + short(n)}
}

// pulse is how fast the answer came in the last seconds.
func pulse(m *Model, f *ctl.Flight) draw.Cell {
	if f.Sent == 0 || m.b.flows[f.N] == nil {
		return draw.Cell{}
	}
	return draw.Cell{Ink: m.t.Accent, Draw: func(width int) string { return draw.Spark(m.b.flows[f.N].past(m.now()), width) }}
}

func failed(m *Model, f *ctl.Flight) draw.Cell {
	if f.Attempts == 0 {
		return draw.Cell{}
	}
	return draw.Cell{Text: whole(int64(f.Attempts)), Ink: m.t.Warn}
}

// endedRows is how many requests that have ended are shown below those in flight, where there is room.
const endedRows = 6

func (s *traffic) view(m *Model, width, height int) []string {
	if height < 3*endedRows || width < 60 {
		return s.sheet.view(m, width, height)
	}
	lines := s.sheet.view(m, width, height-endedRows-1)
	return append(lines, justEnded(m, width, endedRows+1)...)
}

// justEnded shows the requests that ended last, newest first.
func justEnded(m *Model, width, height int) []string {
	lines := []string{rule(m.t, "just ended", width)}
	ended := sheet[line]{columns: logColumns()}
	layout := draw.Place(ended.widths(), width-2)
	for i := len(m.b.log) - 1; i >= 0 && len(lines) < height; i-- {
		if l := &m.b.log[i]; l.request != nil {
			lines = append(lines, ended.row(m, layout, l, false))
		}
	}
	return draw.Sized(lines, width, height)
}

func (s *traffic) bindings() []binding {
	return append([]binding{
		{keys: "enter", short: "explain", long: "everything about a request, and which accounts would do for it", do: s.on(func(m *Model, f *ctl.Flight) tea.Cmd { return m.push(newFlightDetail(f)) })},
		{keys: "x", short: "disconnect", long: "end a request that is in flight", do: s.on((*Model).disconnect)},
	}, sheetBindings()...)
}

func (m *Model) disconnect(f *ctl.Flight) tea.Cmd {
	text := "End the request of " + draw.Clean(f.Key) + " for " + draw.Clean(f.Model) + "? Its client gets an error, or an answer that breaks off."
	return remove(m, question{"Disconnect", text, "disconnect", "disconnected " + f.ID}, f.ID, m.opt.Daemon.Disconnect)
}
