package remote

import (
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
)

func (a *app) usageCommand() *cobra.Command {
	var q ctl.UsageQuery
	cmd := &cobra.Command{
		Use: "usage", Short: "Add up what was used, and what it cost", Args: command.Takes(),
		Long: "Adds up requests, tokens and cost. Input tokens do not include cached ones. Without --by, a table is grouped by key and\n" +
			"model, and JSON by key, account and model.",
		ValidArgsFunction: command.Completions(),
		Example:           "crs usage\n  crs usage --by day --since 30d\n  crs usage --by key,model --since today --account work",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.By = command.Words(q.By); len(q.By) == 0 {
				q.By = a.usualColumns()
			}
			u, err := a.Client().Usage(cmd.Context(), q)
			return command.Result(a.App, u, err, func(u ctl.Usage) { a.usageTable(&u, q.By) })
		},
	}
	a.addUsageQuery(cmd, &q, nil)
	cmd.AddCommand(a.repriceCommand(), a.exportCommand(), a.statementCommand(), a.reconcileCommand())
	return cmd
}

// addUsageQuery adds the flags that say which usage, and by which columns.
func (a *app) addUsageQuery(cmd *cobra.Command, q *ctl.UsageQuery, by []string) {
	flags := cmd.Flags()
	flags.StringSliceVar(&q.By, "by", by, "group by `COLUMN`: key, account, model, day or hour; several with commas")
	flags.StringVar(&q.Since, "since", "", "from `WHEN` on: 90m, 24h, 7d, today, yesterday, all, a day or a moment (default 24h)")
	flags.StringVar(&q.Until, "until", "", "up to `WHEN` (default now)")
	a.addSelection(cmd, &q.Key, &q.Account)
	flags.StringVar(&q.Model, "model", "", "only the model `NAME`")
	command.Complete(cmd, "by", command.Fixed("key", "account", "model", "day", "hour"))
	command.Complete(cmd, "since", command.Fixed("24h", "7d", "30d", "today", "yesterday", "all"))
	command.Complete(cmd, "model", a.ModelNames)
}

// addSelection adds the flags that choose a key and an account.
func (a *app) addSelection(cmd *cobra.Command, key, account *string) {
	cmd.Flags().StringVar(key, "key", "", "only the key `NAME`")
	cmd.Flags().StringVar(account, "account", "", "only the account `NAME`")
	command.Complete(cmd, "key", a.KeyNames)
	command.Complete(cmd, "account", a.AccountNames)
}

// usualColumns are what usage is grouped by when nobody says: a program can add up what it does not want apart.
func (a *app) usualColumns() []string {
	if a.JSON {
		return []string{"key", "account", "model"}
	}
	return []string{"key", "model"}
}

// sayUnpriced tells which models have no price, so that what they cost is not in the sums.
func (a *app) sayUnpriced(all []ctl.Unpriced) {
	if len(all) == 0 {
		return
	}
	a.Say("\nwithout a known price, within a day:")
	for _, u := range all {
		note := ""
		if u.Charged > 0 {
			note = ", charged " + command.Cost(u.Charged)
		}
		a.Say("  %s: %s, %s tokens%s", u.Model, command.Plural(int(u.Requests), "request"), command.Count(u.Tokens), note)
	}
	a.Say("set a price: crs price set %s --input USD --output USD", ctl.ShellWord(all[0].Model))
}

func (a *app) usageTable(u *ctl.Usage, by []string) {
	defer a.sayUnpriced(u.Unpriced)
	if len(u.Rows) == 0 {
		a.Say("nothing was used from %s to %s", a.Moment(u.Since), a.Moment(u.Until))
		return
	}
	columns := usageColumnsOf(u, by)
	head := make([]command.Column, len(columns))
	for i, c := range columns {
		head[i] = command.Column{Name: c.name, Right: c.by == ""}
	}
	rows := command.Rows(u.Rows, func(r *ctl.UsageRow) []string { return usageLine(columns, r) })
	total := usageLine(columns, &u.Total)
	if columns[0].by != "" {
		total[0] = "total"
	}
	a.Table(head, rows, total)
}

func usageLine(columns []usageColumn, r *ctl.UsageRow) []string {
	line := make([]string, len(columns))
	for i, c := range columns {
		line[i] = c.of(r)
	}
	return line
}

// usageColumnsOf are those that were grouped by, and the figures that there are.
func usageColumnsOf(u *ctl.Usage, by []string) []usageColumn {
	return slices.DeleteFunc(usageColumns(), func(c usageColumn) bool {
		switch {
		case c.by != "":
			return !slices.Contains(by, c.by)
		case c.name == "CACHED":
			return u.Total.CacheReadTokens == 0
		case c.name == "REASONING":
			return u.Total.ReasoningTokens == 0
		case c.name == "CHARGED":
			return u.Total.Charged == u.Total.Cost
		}
		return false
	})
}

// cachedShare is how much of the prompts was read from the cache. A fall tells that conversations lose it.
func cachedShare(r *ctl.UsageRow) string {
	prompt := r.InputTokens + r.CacheReadTokens + r.CacheWrite5mTokens + r.CacheWrite1hTokens
	if prompt == 0 {
		return ""
	}
	return strconv.FormatInt(100*r.CacheReadTokens/prompt, 10) + "%"
}

// usageColumn is a column of the table: one that usage can be grouped by, or a figure.
type usageColumn struct {
	by, name string // by is empty for a figure
	of       func(*ctl.UsageRow) string
}

func usageColumns() []usageColumn {
	return []usageColumn{
		{"day", "DAY", func(r *ctl.UsageRow) string { return r.Day }},
		{"hour", "HOUR", func(r *ctl.UsageRow) string { return r.Hour }},
		{"key", "KEY", func(r *ctl.UsageRow) string { return r.Key }},
		{"account", "ACCOUNT", func(r *ctl.UsageRow) string { return r.Account }},
		{"model", "MODEL", func(r *ctl.UsageRow) string { return r.Model }},
		{"", "REQUESTS", func(r *ctl.UsageRow) string { return command.Count(r.Requests) }},
		{"", "INPUT", func(r *ctl.UsageRow) string { return command.Count(r.InputTokens) }},
		{"", "OUTPUT", func(r *ctl.UsageRow) string { return command.Count(r.OutputTokens) }},
		{"", "CACHE READ", func(r *ctl.UsageRow) string { return command.Count(r.CacheReadTokens) }},
		{"", "CACHE WRITE", func(r *ctl.UsageRow) string { return command.Count(r.CacheWrite5mTokens + r.CacheWrite1hTokens) }},
		{"", "CACHED", cachedShare},
		{"", "REASONING", func(r *ctl.UsageRow) string { return command.Count(r.ReasoningTokens) }},
		{"", "COST", func(r *ctl.UsageRow) string { return command.Cost(r.Cost) }},
		{"", "CHARGED", func(r *ctl.UsageRow) string { return command.Cost(r.Charged) }},
	}
}
