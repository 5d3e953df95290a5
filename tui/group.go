package tui

import (
	"cmp"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"crs/ctl"
	"crs/tui/draw"
)

// showGroups shows what groups there are, and who is in them.
func (m *Model) showGroups() tea.Cmd {
	d := newDetail("Groups", groupText)
	d.load = func(m *Model, d *detail) tea.Cmd {
		return ask(m, m.opt.Daemon.Groups, func(m *Model, all []ctl.Group, err error) tea.Cmd {
			if d.loaded(err); err == nil {
				m.b.group = all
			}
			return nil
		})
	}
	d.actions = []binding{
		{keys: "n", short: "make one", do: (*Model).newGroup},
		{keys: "N", short: "delete one", do: (*Model).deleteGroup},
	}
	return m.push(d)
}

func groupText(m *Model, width int) []string {
	if len(m.b.group) == 0 {
		return draw.Wrap("There are no groups. Keys can be bound to one, and are then served by its accounts alone. Press n to make one.", width)
	}
	var lines []string
	for i := range m.b.group {
		g := &m.b.group[i]
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, m.t.Strong.Paint(draw.Cut(draw.Clean(g.Name), width)))
		lines = append(lines, facts(m.t, width,
			fact{"description", g.Description}, fact{"accounts", cmp.Or(strings.Join(g.Accounts, ", "), "none")}, fact{"keys bound", cmp.Or(strings.Join(g.Keys, ", "), "none")},
		)...)
	}
	return lines
}
