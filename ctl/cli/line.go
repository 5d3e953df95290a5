package cli

import (
	"fmt"
	"strings"
)

// head is the cells of a table's first line.
func head(columns []column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names
}

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
