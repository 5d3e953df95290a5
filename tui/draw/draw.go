// Package draw makes lines of text for a terminal: tables, gauges, charts and boxes, exactly as wide and as high as they are
// asked to be. It knows nothing of what is drawn.
package draw

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Width is how many cells a text takes.
func Width(text string) int {
	if plain(text) {
		return len(text)
	}
	return ansi.StringWidth(text)
}

// plain reports whether every byte is a cell.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= utf8.RuneSelf || c == 0x7f {
			return false
		}
	}
	return true
}

// Cut shortens a text that takes more than so many cells, and marks that.
func Cut(text string, width int) string {
	switch n := Width(text); {
	case n <= width:
		return text
	case width <= 0:
		return ""
	}
	return ansi.Truncate(text, width, "…")
}

// Fit gives a text exactly so many cells.
func Fit(text string, width int) string {
	text = Cut(text, width)
	return text + blank(width-Width(text))
}

// FitRight does the same and puts the text to the right.
func FitRight(text string, width int) string {
	text = Cut(text, width)
	return blank(width-Width(text)) + text
}

func blank(n int) string { return strings.Repeat(" ", max(n, 0)) }

// Ends gives a line with one text at its left end and another at its right one. The left one is cut when both do not fit.
func Ends(left, right string, width int) string {
	right = Cut(right, width)
	room := width - Width(right)
	if right != "" && room > 0 {
		return Fit(left, room-1) + " " + right
	}
	return Fit(left, room) + right
}

// Wrap breaks a text into lines of at most so many cells, between words where that can be.
func Wrap(text string, width int) []string {
	if width <= 0 {
		return nil
	}
	return strings.Split(ansi.Wrap(text, width, " "), "\n")
}

// Break breaks a text into lines of exactly so many characters, wherever that is: for what is copied, such as addresses.
func Break(text string, width int) []string {
	if width <= 0 {
		return nil
	}
	return strings.Split(ansi.Hardwrap(text, width, true), "\n")
}

// Bare is a text without what paints it.
func Bare(text string) string { return ansi.Strip(text) }

// Clean replaces what would break a line or a terminal: names, models and errors come from outside.
func Clean(text string) string {
	if plain(text) {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsGraphic(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return '?'
	}, text)
}

// Sized cuts and fills up lines to a height and a width. Painted lines stay painted.
func Sized(lines []string, width, height int) []string {
	out := make([]string, 0, max(height, 0))
	for i := range max(height, 0) {
		line := ""
		if i < len(lines) {
			line = lines[i]
		}
		out = append(out, Fit(line, width))
	}
	return out
}

// Box puts a border with a title around lines. The width and height are those of the whole.
func Box(t *Theme, title string, lines []string, width, height int) []string {
	inner := max(width-4, 0)
	top := Cut(Clean(title), max(inner-2, 0))
	out := make([]string, 0, max(height, 2))
	out = append(out, t.Edge.Paint("╭─ ")+t.Strong.Paint(top)+t.Edge.Paint(" "+strings.Repeat("─", max(inner-Width(top)-1, 0))+"╮"))
	for _, line := range Sized(lines, inner, max(height-2, 0)) {
		out = append(out, t.Edge.Paint("│")+" "+line+" "+t.Edge.Paint("│"))
	}
	return append(out, t.Edge.Paint("╰"+strings.Repeat("─", inner+2)+"╯"))
}

// Over lays a box over lines, with its upper left corner in a column and a row. What is below it is in the theme's faint ink.
func Over(t *Theme, below, box []string, left, top, width int) []string {
	out := make([]string, len(below))
	for i, line := range below {
		line = Fit(Bare(line), width)
		if i < top || i >= top+len(box) {
			out[i] = t.Faint.Paint(line)
			continue
		}
		over := box[i-top]
		right := left + Width(over)
		out[i] = Cut(t.Faint.Paint(ansi.Cut(line, 0, left))+over+t.Faint.Paint(ansi.Cut(line, right, width)), width)
	}
	return out
}
