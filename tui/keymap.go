package tui

import (
	"slices"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// typed handles what came from the keyboard at once: keys that were pressed faster than they were read come as one, and one
// that follows esc closely as alt with it.
func (m *Model) typed(k tea.KeyMsg) tea.Cmd {
	if k.Type != tea.KeyRunes || k.Paste || len(k.Runes) < 2 && !k.Alt {
		return m.key(k)
	}
	var cmds []tea.Cmd
	if k.Alt {
		if m.writing() {
			return m.key(k) // there alt moves by words
		}
		cmds = append(cmds, m.key(tea.KeyMsg{Type: tea.KeyEsc}))
	}
	for _, r := range k.Runes {
		one := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}}
		if r == ' ' {
			one.Type = tea.KeySpace
		}
		cmds = append(cmds, m.key(one))
	}
	return tea.Batch(cmds...)
}

// writing reports whether a text is being written that can be edited.
func (m *Model) writing() bool {
	switch m.dialog().(type) {
	case *form, *login:
		return true
	}
	return false
}

// key handles one that was pressed: dialogs come first, then whatever is being typed, then what holds everywhere.
func (m *Model) key(k tea.KeyMsg) tea.Cmd {
	switch k.String() {
	case "ctrl+c":
		return tea.Quit
	case "ctrl+z":
		return tea.Suspend
	case "ctrl+l":
		return tea.ClearScreen
	case "f12":
		return m.failForTest()
	}
	if d := m.dialog(); d != nil {
		return d.take(m, k)
	}
	if m.screen().typing() {
		return m.screen().key(m, k)
	}
	if b := find(m.bindings(), k.String()); b != nil {
		return b.do(m)
	}
	if b := find(m.screen().bindings(), k.String()); b != nil {
		return b.do(m)
	}
	return m.screen().key(m, k)
}

func find(all []binding, key string) *binding {
	for i := range all {
		if all[i].do != nil && slices.Contains(strings.Fields(all[i].keys), key) {
			return &all[i]
		}
	}
	return nil
}

// bindings are what holds on every screen.
func (m *Model) bindings() []binding {
	return []binding{
		{keys: "1 2 3 4 5", long: "the screens"}, // see below
		{keys: "tab right", long: "the next screen", do: func(m *Model) tea.Cmd { return m.goTo(m.open + 1) }},
		{keys: "shift+tab left", long: "the one before", do: func(m *Model) tea.Cmd { return m.goTo(m.open - 1) }},
		{keys: "?", short: "help", long: "what the keys do", do: func(m *Model) tea.Cmd { return m.push(newHelp(m)) }},
		{keys: "q", short: "quit", long: "leave the dashboard; ctrl+c does so from anywhere", do: func(*Model) tea.Cmd { return tea.Quit }},
		{keys: "1", do: func(m *Model) tea.Cmd { return m.goTo(0) }},
		{keys: "2", do: func(m *Model) tea.Cmd { return m.goTo(1) }},
		{keys: "3", do: func(m *Model) tea.Cmd { return m.goTo(2) }},
		{keys: "4", do: func(m *Model) tea.Cmd { return m.goTo(3) }},
		{keys: "5", do: func(m *Model) tea.Cmd { return m.goTo(4) }},
	}
}

// goTo opens a screen.
func (m *Model) goTo(n int) tea.Cmd {
	m.open = (n + len(m.screens)) % len(m.screens)
	return m.screen().enter(m)
}

// tab is what a screen's tab says: less where there is less room.
func tab(n int, s screen, room int) string {
	number := strconv.Itoa(n + 1)
	switch {
	case room >= 80:
		return " " + number + " " + s.name() + " "
	case room >= 56:
		return number + " " + s.name()
	}
	return number + s.name()[:2]
}
