package cli

import (
	"fmt"
	"strings"
)

// fixedLine is a line of a table whose other lines are not known yet: each cell takes its column's width, or more.
func fixedLine(columns []column, widths []int, cells []string) string {
	var b strings.Builder
	for i, c := range columns {
		width := -widths[i] // to the left
		if c.right {
			width = widths[i]
		}
		_, _ = fmt.Fprintf(&b, "%*s  ", width, clean(cells[i]))
	}
	return strings.TrimRight(b.String(), " ")
}
