package remote

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
)

func (a *app) exportCommand() *cobra.Command {
	var q ctl.UsageQuery
	var format, to string
	cmd := &cobra.Command{
		Use: "export", Short: "Write what was used as CSV or JSON", Args: command.Takes(),
		Long: "Writes what was used, by any columns. Dollars are exact decimal numbers. In\n" +
			"CSV, a name that a spreadsheet would take for a formula begins with an\n" +
			"apostrophe.",
		Example: "crs usage export --by key,model --since 2026-11-01 --until 2026-11-30 --to november.csv\n  crs usage export --by day,account --since 30d --format json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "csv" && format != "json" {
				return ctl.Errorf(ctl.BadRequest, "--format: %q is not csv or json", format)
			}
			q.By = command.Words(q.By)
			ready := a.Busy("adding up what was used")
			u, err := a.Client().Usage(cmd.Context(), q)
			ready()
			if err != nil {
				return err
			}
			document, err := usageDocument(&u, q.By, format)
			if err != nil {
				return err
			}
			return a.Write(to, document)
		},
	}
	flags := cmd.Flags()
	a.addUsageQuery(cmd, &q, []string{"key", "model", "day"})
	flags.StringVar(&format, "format", "csv", "`FORMAT`: csv or json")
	flags.StringVar(&to, "to", "", "write to `FILE` (default standard output)")
	command.Complete(cmd, "format", command.Fixed("csv", "json"))
	_ = cmd.RegisterFlagCompletionFunc("to", command.Files)
	return cmd
}

func usageDocument(u *ctl.Usage, by []string, format string) ([]byte, error) {
	if format == "csv" {
		return usageCSV(u, by)
	}
	text, err := json.MarshalIndent(u.Rows, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the table: %w", err)
	}
	return append(text, '\n'), nil
}

func usageCSV(u *ctl.Usage, by []string) ([]byte, error) {
	var head []string
	groups := slices.DeleteFunc(usageColumns(), func(c usageColumn) bool { return c.by == "" || !slices.Contains(by, c.by) })
	for _, c := range groups {
		head = append(head, c.by)
	}
	rows := [][]string{append(head, "requests", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_5m_tokens",
		"cache_write_1h_tokens", "reasoning_tokens", "cost_usd", "charged_usd")}
	for i := range u.Rows {
		r := &u.Rows[i]
		var row []string
		for _, c := range groups {
			row = append(row, command.Cell(c.of(r)))
		}
		for _, n := range []int64{r.Requests, r.InputTokens, r.OutputTokens, r.CacheReadTokens, r.CacheWrite5mTokens, r.CacheWrite1hTokens, r.ReasoningTokens} {
			row = append(row, strconv.FormatInt(n, 10))
		}
		rows = append(rows, append(row, r.Cost.Decimal(), r.Charged.Decimal()))
	}
	return command.CSV(rows)
}
