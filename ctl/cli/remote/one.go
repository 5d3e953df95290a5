package remote

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
)

// one is a command about one thing that a daemon has: it calls, and shows what came of it.
type one[T any] struct {
	use, short, example string
	names               command.Completer
	ask                 string // what it asks before, with a place for the name; "" asks nothing
	call                func(*ctl.Client, context.Context, string) (T, error)
	show                func(T)
}

func (x one[T]) command(a *app) *cobra.Command {
	var yes bool
	_, name, _ := strings.Cut(x.use, " ")
	cmd := &cobra.Command{
		Use: x.use, Short: x.short, Example: x.example, Args: command.Takes(name), ValidArgsFunction: command.Completions(x.names),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.Confirm(cmd.Context(), yes || x.ask == "", x.ask, args[0]); err != nil {
				return err
			}
			got, err := x.call(a.Client(), cmd.Context(), args[0])
			return command.Result(a.App, got, err, x.show)
		},
	}
	if x.ask != "" {
		command.AddYes(cmd, &yes)
	}
	return cmd
}

// all is a command that lists everything of a kind.
func all[T any](a *app, short, example string, call func(*ctl.Client, context.Context) (T, error), table func(T)) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: short, Example: example, Args: command.Takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			got, err := call(a.Client(), cmd.Context())
			return command.Result(a.App, got, err, table)
		},
	}
}

// gone makes a call that gives nothing give the name of what it took away, by the word for that.
func gone(did string, call func(*ctl.Client, context.Context, string) error) func(*ctl.Client, context.Context, string) (map[string]string, error) {
	return func(c *ctl.Client, ctx context.Context, name string) (map[string]string, error) {
		return map[string]string{did: name}, call(c, ctx, name)
	}
}

// follow prints rows as they come: as JSON, an object a line, or as lines under a head.
func follow[T any](a *app, what string, rows iter.Seq2[T, error], head func(), line func(*T)) error {
	headed := false
	for row, err := range rows {
		switch {
		case err != nil:
			return err
		case a.JSON:
			if err := a.printLine(what, row); err != nil {
				return err
			}
			continue
		case !headed:
			head()
			headed = true
		}
		if line(&row); a.PrintFailure() != nil {
			return a.PrintFailure()
		}
	}
	return nil
}

// printLine prints a line of JSON.
func (a *app) printLine(what string, row any) error {
	if err := json.NewEncoder(a.IO.Out).Encode(row); err != nil {
		return fmt.Errorf("print %s: %w", what, err)
	}
	return nil
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
