package remote

import (
	"fmt"
	"strings"

	"crs/ctl/cli/command"
)

// head is the cells of a table's first line.
func head(columns []command.Column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

// fixedLine is a line of a table whose other lines are not known yet: each cell takes its column's width, or more.
func fixedLine(columns []command.Column, widths []int, cells []string) string {
	var b strings.Builder
	for i, c := range columns {
		width := -widths[i] // to the left
		if c.Right {
			width = widths[i]
		}
		_, _ = fmt.Fprintf(&b, "%*s  ", width, command.Clean(cells[i]))
	}
	return strings.TrimRight(b.String(), " ")
}
