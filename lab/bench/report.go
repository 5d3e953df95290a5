package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
)

// report is what came of a run.
type report struct {
	Machine  machine  `json:"machine"`
	Rounds   int      `json:"rounds"`
	Seconds  float64  `json:"seconds"` // of one measurement
	Keys     int      `json:"keys"`    // how many are many
	Accounts int      `json:"accounts"`
	Results  []Result `json:"results"`
}

// publish shows the report, and writes it to where the options want it.
func publish(r *report, o *options, out io.Writer) error {
	if err := r.print(out); err != nil {
		return err
	}
	if o.json != "" {
		text, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return fmt.Errorf("encode the results: %w", err)
		}
		if err := os.WriteFile(o.json, append(text, '\n'), 0o644); err != nil {
			return fmt.Errorf("write the results: %w", err)
		}
	}
	if o.page == "" {
		return nil
	}
	return r.write(o.page)
}

// print writes the table for a terminal.
func (r *report) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, cells := range append([][]string{columns()}, r.cells()...) {
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t")) // Flush tells
	}
	_, _ = fmt.Fprintf(w, "\n%s\n", r.conditions())
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}
	return nil
}

// markdown is the table for a page.
func (r *report) markdown() string {
	var b strings.Builder
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(columns())
	b.WriteString(strings.Repeat("|---", len(columns())) + "|\n")
	for _, cells := range r.cells() {
		line(cells)
	}
	b.WriteString("\n" + r.conditions() + "\n")
	return b.String()
}

func columns() []string { return []string{"work", "figures", "measured", "budget", "verdict"} }

func (r *report) cells() [][]string {
	var all [][]string
	for i := range r.Results {
		all = append(all, r.Results[i].cells())
	}
	return all
}

// order is that of a row's figures.
var order = [...]string{relay, former, crowded, shared, crowdedShared, direct, bare, bareSpread, bareReader, bareWriter, nginx}

func (r *Result) cells() []string {
	var list []string
	for _, name := range order {
		if f, measured := r.Figures[name]; measured {
			list = append(list, name+" "+figure(f.Median))
		}
	}
	unit, sign := "", ""
	switch {
	case r.Against != "":
		unit = "×"
	case r.Over != "" && r.Value.Median >= 0:
		sign = "+"
	}
	value := fmt.Sprintf("%s%s%s (%s to %s)", sign, figure(r.Value.Median), unit, figure(r.Value.Low), figure(r.Value.High))
	budget, verdict := "–", "–"
	if r.Budget > 0 {
		budget, verdict = fmt.Sprintf("≤ %g%s", r.Budget, unit), r.Verdict
	}
	return []string{r.Work, strings.Join(list, ", ") + " " + string(r.Metric), value, budget, verdict}
}

// conditions say what the figures were measured with.
func (r *report) conditions() string {
	return fmt.Sprintf("%s. Rounds: %d, each measurement %g s; medians, and in parentheses the lowest and the highest round. Many: %d keys, %d accounts.",
		r.Machine, r.Rounds, r.Seconds, r.Keys, r.Accounts)
}
