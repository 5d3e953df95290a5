package tui

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"crs/tui/draw"
)

// detail is a dialog with a text that can be scrolled, and with keys.
type detail struct {
	name       string
	wide, high int // 0 is as much as there is
	text       func(m *Model, width, height int) []string
	load       func(m *Model, d *detail) tea.Cmd // nil when there is nothing to ask for
	keys       []binding                         // esc, enter and q close it unless they are among these
	spins      bool                              // something does in its text
	offset     int
	waits      bool // for what was asked for
	failed     string
}

// newDetail is one as large as it can be.
func newDetail(name string, text func(m *Model, width int) []string, actions ...binding) *detail {
	return &detail{
		name: name, text: func(m *Model, width, _ int) []string { return text(m, width) },
		keys: append(actions, binding{keys: "esc", short: "back"}, binding{keys: "↑↓", short: "scroll"}),
	}
}

// loads asks for what a detail shows besides, and keeps it.
func loads[T any](do func(Daemon, context.Context) (T, error), keep func(*Model, T)) func(*Model, *detail) tea.Cmd {
	return func(m *Model, d *detail) tea.Cmd {
		asking := func(ctx context.Context) (T, error) { return do(m.opt.Daemon, ctx) }
		return ask(m, asking, func(m *Model, got T, err error) tea.Cmd {
			d.waits = false
			if err != nil {
				d.failed = sentence(err)
				return nil
			}
			keep(m, got)
			return nil
		})
	}
}

func (d *detail) title() string       { return d.name }
func (d *detail) size() (int, int)    { return d.wide, d.high }
func (d *detail) busy() bool          { return d.waits || d.spins }
func (d *detail) bindings() []binding { return d.keys }

func (d *detail) begin(m *Model) tea.Cmd {
	if d.load == nil {
		return nil
	}
	d.waits = true
	return tea.Batch(m.keepSpinning(), d.load(m, d))
}

func (d *detail) view(m *Model, width, height int) []string {
	lines := d.text(m, width, height)
	if d.waits {
		lines = append(lines, "", m.t.Faint.Paint(m.spinner()+" asking…"))
	}
	if d.failed != "" {
		lines = append(lines, "")
		lines = append(lines, paintAll(m.t.Warn, draw.Wrap(d.failed, width))...)
	}
	d.offset = max(min(d.offset, len(lines)-height), 0)
	return lines[d.offset:]
}

func (d *detail) take(m *Model, msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		return nil
	}
	if b := find(d.keys, k.String()); b != nil {
		return b.do(m)
	}
	switch k.String() {
	case "esc", "enter", "q":
		m.close(d)
	case " ":
		d.offset += 10
	default:
		moved(k, &d.offset, 1<<20)
	}
	return nil
}

// newHelp is what the keys do.
func newHelp(m *Model) *detail {
	s := m.screen()
	return newDetail("Keys", func(m *Model, width int) []string {
		lines := []string{m.t.Strong.Paint(s.name())}
		lines = append(lines, helpLines(m.t, s.bindings(), width)...)
		lines = append(lines, "", m.t.Strong.Paint("Everywhere"))
		return append(lines, helpLines(m.t, append(m.bindings(),
			binding{keys: "ctrl+l", long: "draw the screen anew"}, binding{keys: "ctrl+z", long: "put the dashboard into the background"},
		), width)...)
	})
}

func helpLines(t *draw.Theme, all []binding, width int) []string {
	var lines []string
	for _, b := range all {
		if b.long == "" {
			continue
		}
		for i, text := range draw.Wrap(b.long, max(width-14, 8)) {
			lines = append(lines, "  "+t.Accent.Paint(draw.Fit(word(i == 0, b.keys), 11))+" "+text)
		}
	}
	return lines
}
