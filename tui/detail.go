package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"crs/tui/draw"
)

// detail is a dialog with a text that can be scrolled.
type detail struct {
	name    string
	text    func(m *Model, width int) []string
	load    func(m *Model, d *detail) tea.Cmd // nil when there is nothing to ask for
	actions []binding
	offset  int
	waits   bool // for what was asked for
	failed  string
}

func newDetail(name string, text func(m *Model, width int) []string) *detail {
	return &detail{name: name, text: text}
}

func (d *detail) title() string    { return d.name }
func (d *detail) size() (int, int) { return 0, 0 }
func (d *detail) busy() bool       { return d.waits }

func (d *detail) begin(m *Model) tea.Cmd {
	if d.load == nil {
		return nil
	}
	d.waits = true
	return tea.Batch(m.keepSpinning(), d.load(m, d))
}

// loaded ends the wait for what was asked for.
func (d *detail) loaded(err error) {
	d.waits = false
	if err != nil {
		d.failed = sentence(err)
	}
}

func (d *detail) view(m *Model, width, height int) []string {
	lines := d.text(m, width)
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
	if moved(k, &d.offset, 1<<20) {
		return nil
	}
	switch k.String() {
	case "esc", "enter", "q":
		m.close(d)
	case " ":
		d.offset += 10
	default:
		if b := find(d.actions, k.String()); b != nil {
			return b.do(m)
		}
	}
	return nil
}

func (d *detail) bindings() []binding {
	return append(d.actions, binding{keys: "esc", short: "back"}, binding{keys: "↑↓", short: "scroll"})
}

// newHelp is what the keys do.
func newHelp(m *Model) *detail {
	s := m.screen()
	return newDetail("Keys", func(m *Model, width int) []string {
		lines := []string{m.t.Strong.Paint(s.name())}
		lines = append(lines, helpLines(m.t, s.bindings(), width)...)
		lines = append(lines, "", m.t.Strong.Paint("Everywhere"))
		lines = append(lines, helpLines(m.t, m.bindings(), width)...)
		lines = append(lines, helpLines(m.t, []binding{{keys: "ctrl+l", long: "draw the screen anew"}, {keys: "ctrl+z", long: "put the dashboard into the background"}}, width)...)
		return lines
	})
}

func helpLines(t *draw.Theme, all []binding, width int) []string {
	var lines []string
	for _, b := range all {
		if b.long == "" {
			continue
		}
		for i, text := range draw.Wrap(b.long, max(width-14, 8)) {
			name := ""
			if i == 0 {
				name = b.keys
			}
			lines = append(lines, "  "+t.Accent.Paint(draw.Fit(name, 11))+" "+text)
		}
	}
	return lines
}
