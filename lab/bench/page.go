package main

import (
	"fmt"
	"os"
	"strings"
)

// The markers that a page's table stands between, each on a line of its own.
const (
	tableBegins = "<!-- measured: make bench writes what follows -->\n"
	tableEnds   = "<!-- end of what make bench wrote -->\n"
)

// write puts the table into a page that has the markers.
func (r *report) write(path string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	text, err := replaceTable(string(page), r.markdown())
	if err != nil {
		return fmt.Errorf("write the table into %s: %w", path, err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

// replaceTable replaces what stands between the markers.
func replaceTable(page, table string) (string, error) {
	before, rest, begins := strings.Cut(page, tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		return "", fmt.Errorf("it has no lines %q and, below, %q", strings.TrimSpace(tableBegins), strings.TrimSpace(tableEnds))
	}
	return before + tableBegins + "\n" + table + "\n" + tableEnds + after, nil
}
