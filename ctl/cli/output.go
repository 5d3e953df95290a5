package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// show prints v as JSON, or has table print it.
func (a *app) show(v any, table func()) error {
	if a.json {
		return encode(a.io.Out, v)
	}
	table()
	return nil
}

// encode writes v for programs and people alike.
func encode(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("print the answer: %w", err)
	}
	return nil
}

// say prints a line, unless JSON was asked for. What it is given may come from outside.
func (a *app) say(format string, args ...any) {
	if !a.json {
		_, _ = fmt.Fprintln(a.io.Out, lines(fmt.Sprintf(format, args...)))
	}
}

// column is one of a table.
type column struct {
	name  string
	right bool                     // for numbers
	paint func(word string) string // nil leaves it as it is
}

func left(name string) column  { return column{name: name} }
func right(name string) column { return column{name: name, right: true} }

// table prints rows under the columns' names, and the total below them unless it is nil.
func (a *app) table(columns []column, rows [][]string, total []string) {
	w := table.NewWriter()
	w.SetStyle(style())
	w.SuppressTrailingSpaces()
	w.SuppressEmptyColumns()
	configs := make([]table.ColumnConfig, len(columns))
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i], configs[i] = c.name, c.config(i+1)
	}
	if strings.Join(names, "") != "" {
		w.AppendHeader(cells(names))
	}
	w.SetColumnConfigs(configs)
	for _, row := range rows {
		w.AppendRow(cells(row))
	}
	if total != nil {
		w.AppendFooter(cells(total))
	}
	_, _ = fmt.Fprintln(a.io.Out, w.Render())
}

// style has no lines, and two spaces between columns.
func style() table.Style {
	s := table.StyleDefault
	s.Options = table.OptionsNoBordersAndSeparators
	s.Box.PaddingLeft, s.Box.PaddingRight = "", "  "
	s.Format.Header, s.Format.Footer = text.FormatDefault, text.FormatDefault
	return s
}

func (c column) config(number int) table.ColumnConfig {
	config := table.ColumnConfig{Number: number}
	if c.right {
		config.Align, config.AlignHeader, config.AlignFooter = text.AlignRight, text.AlignRight, text.AlignRight
	}
	if c.paint != nil {
		config.Transformer = func(cell any) string { return c.paint(fmt.Sprint(cell)) }
	}
	return config
}

func cells(row []string) table.Row {
	all := make(table.Row, len(row))
	for i, cell := range row {
		all[i] = clean(cell)
	}
	return all
}

// fact is a line that says one thing. One that says nothing is not printed.
type fact struct{ name, value string }

func (a *app) facts(all ...fact) {
	var rows [][]string
	for _, f := range all {
		if f.value != "" {
			rows = append(rows, []string{f.name, f.value})
		}
	}
	a.table([]column{left(""), {paint: a.paintState}}, rows, nil)
}

// clean replaces what would break a line or a terminal: models, errors and names come from outside.
func clean(text string) string {
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

// shorten cuts a text that is longer than most characters.
func shorten(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
