package tui

import (
	"cmp"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"crs/tui/draw"
)

// sheet is a table of things that can be walked through, filtered and sorted; and, but for its keys, a screen with that table.
type sheet[T any] struct {
	title   string
	columns []column[T]
	all     func(m *Model) []*T
	id      func(*T) string
	empty   string // what to say when there is nothing
	// about, if not nil, is shown of the chosen one below the table, where there is room.
	about func(m *Model, x *T, width int) (name string, text []string)
	// free, if not nil, gives the text of a row that has no columns, "" for one that has.
	free func(m *Model, x *T) (text string, ink draw.Ink)

	chosen  string // the id of the one that is chosen
	place   int    // where it stood
	offset  int    // of the first row that is shown
	filter  string
	asks    bool // the filter is being typed
	by      int  // 1 for the first column; 0: the order that things come in
	reverse bool
}

// column is one of a sheet's.
type column[T any] struct {
	draw.Column
	cell func(m *Model, x *T) draw.Cell
	// order is nil for one that cannot be sorted by.
	order func(x, y *T) int
}

func (s *sheet[T]) name() string { return s.title }

func (s *sheet[T]) enter(*Model) tea.Cmd { return nil }

func (s *sheet[T]) typing() bool { return s.asks }

func (s *sheet[T]) key(m *Model, k tea.KeyMsg) tea.Cmd {
	s.move(k, len(s.rows(m, s.all(m))))
	return nil
}

func (s *sheet[T]) view(m *Model, width, height int) []string {
	x := s.pick(m)
	if x == nil || s.about == nil || height < splitAt {
		return s.table(m, s.all(m), width, height)
	}
	name, text := s.about(m, x, width-2)
	return split(m, s.table(m, s.all(m), width, height/2), draw.Clean(name), text, width, height)
}

// on does something to the chosen one.
func (s *sheet[T]) on(do func(*Model, *T) tea.Cmd) func(*Model) tea.Cmd {
	return func(m *Model) tea.Cmd {
		if x := s.pick(m); x != nil {
			return do(m, x)
		}
		return nil
	}
}

// move handles the keys that all tables have.
func (s *sheet[T]) move(k tea.KeyMsg, count int) {
	if s.asks {
		s.typed(k)
		return
	}
	if moved(k, &s.place, count-1) {
		s.chosen = "" // by its place, from here on
		return
	}
	switch k.String() {
	case "/":
		s.asks = true
	case "s":
		s.by, s.reverse = s.nextOrder(), false
	case "S":
		s.reverse = !s.reverse
	case "esc":
		s.filter = ""
	}
}

// moved moves a place in a list or a text, if that is what a key does. last is the place at the end.
func moved(k tea.KeyMsg, place *int, last int) bool {
	switch k.String() {
	case "up", "k":
		*place--
	case "down", "j":
		*place++
	case "pgup", "ctrl+b":
		*place -= 10
	case "pgdown", "ctrl+f":
		*place += 10
	case "home", "g":
		*place = 0
	case "end", "G":
		*place = last
	default:
		return false
	}
	return true
}

func (s *sheet[T]) typed(k tea.KeyMsg) {
	switch k.Type {
	case tea.KeyEnter:
		s.asks = false
	case tea.KeyEsc:
		s.asks, s.filter = false, ""
	case tea.KeyBackspace:
		if all := []rune(s.filter); len(all) > 0 {
			s.filter = string(all[:len(all)-1])
		}
	case tea.KeyCtrlU:
		s.filter = ""
	case tea.KeyRunes, tea.KeySpace:
		s.filter += draw.Clean(string(k.Runes))
	}
}

// nextOrder is the next column to sort by, or the order that things come in after the last.
func (s *sheet[T]) nextOrder() int {
	next := slices.IndexFunc(s.columns[s.by:], func(c column[T]) bool { return c.order != nil })
	if next < 0 {
		return 0
	}
	return s.by + next + 1
}

// sortedBy is the column that is sorted by, nil for none.
func (s *sheet[T]) sortedBy() *column[T] {
	if s.by == 0 {
		return nil
	}
	return &s.columns[s.by-1]
}

// rows are the things that the filter lets through, in order, and finds where the chosen one is among them.
func (s *sheet[T]) rows(m *Model, all []*T) []*T {
	if s.filter != "" {
		words := strings.Fields(strings.ToLower(s.filter))
		all = slices.DeleteFunc(slices.Clone(all), func(x *T) bool { return !s.matches(m, x, words) })
	}
	if c := s.sortedBy(); c != nil {
		all = slices.Clone(all)
		slices.SortStableFunc(all, c.order)
	}
	if s.reverse {
		all = slices.Clone(all)
		slices.Reverse(all)
	}
	s.find(all)
	return all
}

// matches reports whether a thing has every word somewhere, and none of those with a minus.
func (s *sheet[T]) matches(m *Model, x *T, words []string) bool {
	var b strings.Builder
	for i := range s.columns {
		b.WriteString(strings.ToLower(s.columns[i].cell(m, x).Text))
		b.WriteByte('\n')
	}
	text := b.String()
	for _, word := range words {
		not, found := strings.CutPrefix(word, "-")
		if found && not != "" && strings.Contains(text, not) || !found && !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// find keeps the chosen one chosen wherever it has gone, and chooses the one at its place when it is no more.
func (s *sheet[T]) find(all []*T) {
	if s.chosen != "" {
		if i := slices.IndexFunc(all, func(x *T) bool { return s.id(x) == s.chosen }); i >= 0 {
			s.place = i
		}
	}
	s.place = max(min(s.place, len(all)-1), 0)
	s.chosen = ""
	if len(all) > 0 {
		s.chosen = s.id(all[s.place])
	}
}

// pick is the chosen one, nil when there is nothing.
func (s *sheet[T]) pick(m *Model) *T {
	rows := s.rows(m, s.all(m))
	if len(rows) == 0 {
		return nil
	}
	return rows[s.place]
}

// table draws the columns' names, and as many rows as there is room for.
func (s *sheet[T]) table(m *Model, all []*T, width, height int) []string {
	rows := s.rows(m, all)
	lines := make([]string, 0, max(height, 0)+1)
	if s.asks || s.filter != "" {
		lines = append(lines, s.filterLine(m, len(rows), len(all), width))
	}
	layout := draw.Place(s.widths(), width-2)
	lines = append(lines, m.t.Faint.Paint("  "+layout.Row(s.head(), nil)))
	room := max(height-len(lines), 0)
	s.offset = max(min(s.offset, s.place, len(rows)-room), s.place-room+1, 0)
	for i := s.offset; i < len(rows) && i < s.offset+room; i++ {
		lines = append(lines, s.row(m, layout, rows[i], i == s.place))
	}
	if len(rows) == 0 && s.empty != "" && s.filter == "" {
		lines = append(lines, "")
		for _, text := range draw.Wrap(s.empty, max(width-4, 1)) {
			lines = append(lines, m.t.Faint.Paint("  "+text))
		}
	}
	return draw.Sized(lines, width, height)
}

func (s *sheet[T]) widths() []draw.Column {
	columns := make([]draw.Column, len(s.columns))
	for i := range s.columns {
		columns[i] = s.columns[i].Column
	}
	return columns
}

func (s *sheet[T]) row(m *Model, layout *draw.Layout, x *T, chosen bool) string {
	if s.free != nil {
		if text, ink := s.free(m, x); text != "" {
			text = draw.Fit(text, layout.Width())
			if chosen {
				return m.t.Marked.Paint("▸ " + text)
			}
			return "  " + ink.Paint(text)
		}
	}
	cells := func(i int) draw.Cell { return s.columns[i].cell(m, x) }
	if chosen {
		return m.t.Marked.Paint("▸ ") + layout.Row(cells, &m.t.Marked)
	}
	return "  " + layout.Row(cells, nil)
}

// head is the columns' names; an arrow stands by the one that is sorted by.
func (s *sheet[T]) head() func(int) draw.Cell {
	by := s.sortedBy()
	return func(i int) draw.Cell {
		arrow := word(&s.columns[i] == by, cmp.Or(word(s.reverse, "▼"), "▲"))
		return draw.Cell{Text: arrow + s.columns[i].Name}
	}
}

func (s *sheet[T]) filterLine(m *Model, found, all, width int) string {
	text := " / " + s.filter + word(s.asks, "▏")
	return m.t.Accent.Paint(draw.Ends(text, whole(int64(found))+" of "+whole(int64(all))+" ", width))
}

// sheetBindings are what all tables do, for the help.
func sheetBindings() []binding {
	return []binding{
		{keys: "↑ ↓ j k", long: "up and down; pgup, pgdown, g and G go further"},
		{keys: "/", short: "filter", long: "show only rows with these words; -word: without it; esc: all"},
		{keys: "s", short: "sort", long: "sort by the next column; S: the other way round"},
	}
}
