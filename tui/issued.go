package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"crs/ctl"
	"crs/tui/draw"
)

// issued shows a new key, this once.
type issued struct {
	name, secret string
	copied       bool
}

func newIssued(k *ctl.IssuedKey) *issued { return &issued{name: draw.Clean(k.Name), secret: k.Secret} }

func (d *issued) title() string    { return "Key " + d.name }
func (d *issued) size() (int, int) { return 66, 8 }
func (d *issued) busy() bool       { return false }

func (d *issued) bindings() []binding {
	return []binding{{keys: "c", short: "copy"}, {keys: "esc", short: "it is kept; close"}}
}

func (d *issued) view(m *Model, width, height int) []string {
	lines := draw.Wrap("This is the key. It is shown this once, and cannot be shown again:", width)
	lines = append(lines, "")
	for _, part := range draw.Break(d.secret, width) {
		lines = append(lines, m.t.Strong.Paint(part))
	}
	lines = append(lines, "")
	hint := m.t.Accent.Paint("c") + " copies it"
	if d.copied {
		hint = m.t.Good.Paint("✓ it is copied")
	}
	if lines = append(lines, hint); len(lines) < height {
		lines = append(lines, paintAll(m.t.Faint, draw.Wrap("How a client is told of it: crs env "+d.name+" --client "+m.b.firstClient(), width))...)
	}
	return lines
}

func (d *issued) take(m *Model, msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		return nil
	}
	switch k.String() {
	case "c":
		d.copied = true
		return m.copy(d.secret)
	case "enter", "q":
		if d.copied { // or one key too many in the form before would be the end of it
			m.close(d)
		}
	case "esc":
		m.close(d)
		m.notice.until = m.opt.Now().Add(2 * time.Second)
	}
	return nil
}
