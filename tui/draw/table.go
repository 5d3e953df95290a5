package draw

import (
	"slices"
	"strings"
)

// Column is one of a table.
type Column struct {
	Name  string
	Right bool // for numbers
	// Width is what it needs; Most how much it can use when there is room, if that is more.
	Width, Most int
	// Rank says which columns go when there is no room for all: those with the highest, first. 0 stays.
	Rank int
}

// Layout is the columns that have room.
type Layout struct {
	columns []Column
	placed  []placed
	gap     int // between two columns
	width   int
}

type placed struct {
	index int // among all columns
	width int
}

// Place chooses the columns that fit into a width, and how wide each is.
func Place(columns []Column, width int) *Layout {
	chosen := make([]int, len(columns))
	for i := range chosen {
		chosen[i] = i
	}
	l := &Layout{columns: columns, gap: 2, width: width}
	if l.needed(chosen) > width {
		l.gap = 1
	}
	for len(chosen) > 1 && l.needed(chosen) > width {
		worst := slices.MaxFunc(chosen, func(a, b int) int { return columns[a].Rank - columns[b].Rank })
		if columns[worst].Rank == 0 {
			break
		}
		chosen = slices.DeleteFunc(chosen, func(i int) bool { return i == worst })
	}
	l.placed = make([]placed, len(chosen))
	for i, c := range chosen {
		l.placed[i] = placed{c, columns[c].Width}
	}
	l.squeeze(l.needed(chosen) - width)
	l.spread(width - l.needed(chosen))
	return l
}

// Width is that of its rows.
func (l *Layout) Width() int { return l.width }

func (l *Layout) needed(chosen []int) int {
	total := l.gap * (len(chosen) - 1)
	for _, i := range chosen {
		total += l.columns[i].Width
	}
	return total
}

// squeeze takes too many cells from the widest columns, one at a time.
func (l *Layout) squeeze(tooMany int) {
	for ; tooMany > 0; tooMany-- {
		widest := 0
		for i := range l.placed {
			if l.placed[i].width > l.placed[widest].width {
				widest = i
			}
		}
		l.placed[widest].width = max(l.placed[widest].width-1, 0)
	}
}

// spread gives what is left to columns that can use it, in turns.
func (l *Layout) spread(left int) {
	for gave := true; gave && left > 0; {
		gave = false
		for i := range l.placed {
			if left > 0 && l.placed[i].width < l.columns[l.placed[i].index].Most {
				l.placed[i].width++
				left--
				gave = true
			}
		}
	}
}

// Cell is a text with its ink.
type Cell struct {
	Text string
	Ink  Ink
	// Draw, if not nil, gives what is shown for a width: what Text says, in another way.
	Draw func(width int) string
}

// Row draws the cells of the columns that have room. When it is marked, that ink is all of the line's.
func (l *Layout) Row(cells func(index int) Cell, mark *Ink) string {
	var b strings.Builder
	used := 0
	for i, p := range l.placed {
		if i > 0 {
			b.WriteString(blank(l.gap))
			used += l.gap
		}
		cell := cells(p.index)
		text := cell.Text
		if cell.Draw != nil {
			text = cell.Draw(p.width)
		}
		if l.columns[p.index].Right {
			text = FitRight(text, p.width)
		} else {
			text = Fit(text, p.width)
		}
		if mark != nil {
			b.WriteString(Bare(text))
		} else {
			b.WriteString(cell.Ink.Paint(text))
		}
		used += p.width
	}
	b.WriteString(blank(l.width - used))
	line := b.String()
	if used > l.width {
		line = Cut(line, l.width)
	}
	if mark != nil {
		return mark.Paint(line)
	}
	return line
}
