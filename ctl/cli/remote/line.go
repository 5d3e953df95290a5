package remote

import (
	"fmt"
	"strings"

	"crs/ctl/cli/command"
)

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
