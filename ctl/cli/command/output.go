package command

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"crs/ctl"
)

// Show prints v as JSON, or has table print it.
func (a *App) Show(v any, table func()) error {
	if a.JSON {
		return encode(a.IO.Out, v)
	}
	table()
	return nil
}

// Result shows what a call gave as JSON, or has table print it; or it passes the call's error on.
func Result[T any](a *App, got T, err error, table func(T)) error {
	if err != nil {
		return err
	}
	return a.Show(got, func() { table(got) })
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

// Say prints a line, unless JSON was asked for. What it is given may come from outside.
func (a *App) Say(format string, args ...any) {
	if !a.JSON {
		_, _ = fmt.Fprintln(a.IO.Out, Lines(fmt.Sprintf(format, args...)))
	}
}

// Column is one of a table.
type Column struct {
	Name  string
	Right bool                     // for numbers
	Paint func(word string) string // nil leaves it as it is
}

// Left is a column of text.
func Left(name string) Column { return Column{Name: name} }

// Right is a column of numbers.
func Right(name string) Column { return Column{Name: name, Right: true} }

// Table prints rows under the columns' names, and the total below them unless it is nil.
func (a *App) Table(columns []Column, rows [][]string, total []string) {
	w := table.NewWriter()
	w.SetStyle(style())
	w.SuppressTrailingSpaces()
	w.SuppressEmptyColumns()
	configs := make([]table.ColumnConfig, len(columns))
	for i, c := range columns {
		configs[i] = c.config(i + 1)
	}
	if names := Heads(columns); strings.Join(names, "") != "" {
		w.AppendHeader(cells(names))
	}
	w.SetColumnConfigs(configs)
	for _, row := range rows {
		w.AppendRow(cells(row))
	}
	if total != nil {
		w.AppendFooter(cells(total))
	}
	_, _ = fmt.Fprintln(a.IO.Out, w.Render())
}

// List prints each of a list as a row under the columns' names, or what is to be said where there is none.
func List[T any](a *App, none string, columns []Column, all []T, row func(*T) []string) {
	if len(all) == 0 {
		a.Say("%s", none)
		return
	}
	a.Table(columns, Rows(all, row), nil)
}

// Section prints a list as List does, a free line before it; nothing where there is none.
func Section[T any](a *App, columns []Column, all []T, row func(*T) []string) {
	if len(all) > 0 {
		a.Say("")
		a.Table(columns, Rows(all, row), nil)
	}
}

// Rows writes each of a list as a row of a table.
func Rows[T any](all []T, row func(*T) []string) [][]string { return Each(all, row) }

// Each makes something of each of a list.
func Each[T, U any](all []T, of func(*T) U) []U {
	made := make([]U, len(all))
	for i := range all {
		made[i] = of(&all[i])
	}
	return made
}

// Heads are the columns' names.
func Heads(columns []Column) []string { return Each(columns, func(c *Column) string { return c.Name }) }

// style has no lines, and two spaces between columns.
func style() table.Style {
	s := table.StyleDefault
	s.Options = table.OptionsNoBordersAndSeparators
	s.Box.PaddingLeft, s.Box.PaddingRight = "", "  "
	s.Format.Header, s.Format.Footer = text.FormatDefault, text.FormatDefault
	return s
}

func (c Column) config(number int) table.ColumnConfig {
	config := table.ColumnConfig{Number: number}
	if c.Right {
		config.Align, config.AlignHeader, config.AlignFooter = text.AlignRight, text.AlignRight, text.AlignRight
	}
	if c.Paint != nil {
		config.Transformer = func(cell any) string { return c.Paint(fmt.Sprint(cell)) }
	}
	return config
}

func cells(row []string) table.Row {
	return Each(row, func(cell *string) any { return Clean(*cell) })
}

// Fact is a line that says one thing. One that says nothing is not printed.
type Fact [2]string // a name and a value

// Facts prints them, one below another.
func (a *App) Facts(all ...Fact) {
	var rows [][]string
	for _, f := range all {
		if f[1] != "" {
			rows = append(rows, f[:])
		}
	}
	a.Table([]Column{Left(""), {Paint: a.PaintState}}, rows, nil)
}

// Clean replaces what would break a line or a terminal: models, errors and names come from outside.
func Clean(text string) string {
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

// Shorten cuts a text that is longer than most characters.
func Shorten(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// printed is where answers are printed. It keeps the first error: who prints a table does not look.
type printed struct {
	to  io.Writer
	err error
}

// Write implements io.Writer.
func (p *printed) Write(b []byte) (int, error) {
	n, err := p.to.Write(b)
	p.err = cmp.Or(p.err, err)
	return n, err
}

// PrintFailure is why something could not be printed; nil where all could.
func (a *App) PrintFailure() error {
	if a.printed == nil || a.printed.err == nil {
		return nil
	}
	return ctl.Errorf(ctl.Failed, "print the answer: %s", a.printed.err).WithHint("the command itself was run; what it has changed: crs audit")
}

// The colours, as a terminal takes them.
const (
	Red    = "\x1b[31m"
	Green  = "\x1b[32m"
	Yellow = "\x1b[33m"
	Faint  = "\x1b[2m"
	Plain  = "\x1b[0m"
)

// colours maps words to the colour they are printed in.
var colours = map[string]string{
	"ready": Green, "active": Green, "ok": Green, "chosen": Green, "eligible": Green,
	"cooling": Yellow, "expired": Red, "needs-login": Red, "blocked": Red,
	"disabled": Faint, "deleted": Faint, "passed over": Faint,
}

// PaintState colours a state.
func (a *App) PaintState(word string) string { return a.Paint(colours[word], word) }

// PaintStatus colours an HTTP status.
func (a *App) PaintStatus(status string) string {
	switch {
	case status >= "500":
		return a.Paint(Red, status)
	case status >= "400":
		return a.Paint(Yellow, status)
	}
	return status
}

// Paint gives a word its colour, where colours are wanted.
func (a *App) Paint(colour, word string) string {
	if colour == "" || a.NoColor || !a.IO.Terminal || a.IO.Getenv("NO_COLOR") != "" || a.IO.Getenv("TERM") == "dumb" {
		return word
	}
	return colour + word + Plain
}
