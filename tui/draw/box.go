package draw

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

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
