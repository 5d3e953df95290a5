package remote

import (
	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
)

func (a *app) repriceCommand() *cobra.Command {
	var r ctl.Reprice
	cmd := &cobra.Command{
		Use: "reprice", Short: "Price what was used again, and correct the sums and budgets", Args: command.Takes(),
		Long: "Prices the requests in the ledger again, by the price table in use, and\n" +
			"corrects what was added up of them: the hours, the days, the totals, and what\n" +
			"keys have used of their budgets. Each request gets the prices of its own day\n" +
			"(--prices then) or those of today (--prices now). Tables that were in use\n" +
			"earlier are not kept.\n" +
			"\n" +
			"What a key is charged keeps its ratio to the cost. An hour is corrected only\n" +
			"where the ledger has all of its requests; the rest is left alone and counted.\n" +
			"The requests themselves stay as they were written. Running it again changes\n" +
			"nothing.",
		Example: "crs usage reprice --dry-run\n  crs usage reprice --since 2026-12-01\n  crs usage reprice --since 7d --key alice --model gpt-6.2-sol\n  crs usage reprice --since 30d --prices now --dry-run",
		RunE: func(cmd *cobra.Command, _ []string) error {
			ready := a.Busy("pricing what was used")
			done, err := a.Client().Reprice(cmd.Context(), r)
			ready()
			return command.Result(a.App, done, err, a.repriced)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&r.Since, "since", "", "from `WHEN` on: 24h, 7d, today, a day (default all)")
	flags.StringVar(&r.Until, "until", "", "up to `WHEN` (default now)")
	flags.StringVar(&r.Prices, "prices", ctl.PricesThen, "of `DAY`: then (each request's) or now")
	flags.StringVar(&r.Key, "key", "", "only the key `NAME`")
	flags.StringVar(&r.Model, "model", "", "only the model `NAME`")
	flags.BoolVar(&r.DryRun, "dry-run", false, "only say what would change")
	command.Complete(cmd, "key", a.KeyNames)
	command.Complete(cmd, "model", a.ModelNames)
	command.Complete(cmd, "since", command.Fixed("24h", "7d", "30d", "today", "yesterday", "all"))
	command.Complete(cmd, "prices", command.Fixed(ctl.PricesThen, ctl.PricesNow))
	return cmd
}

// repriced says what changed, and what did not.
func (a *app) repriced(r ctl.Repriced) {
	if len(r.Rows) > 0 {
		a.repricedTable(&r)
	}
	if n := r.Total.UnpricedBefore - r.Total.Unpriced; n > 0 {
		a.Say("%s had no price, and %s now", command.Plural(int(n), "request"), hasOne(n))
	}
	for _, m := range r.Unpriced {
		a.Say("no price for %s: %s stay as they are (crs price set %s --input USD --output USD)", m.Model, command.Plural(int(m.Requests), "request"), m.Model)
	}
	for _, l := range r.LeftAlone {
		a.Say("left alone: %s, %s: %s", command.Plural(int(l.Requests), "request"), command.Cost(l.Cost), leftWhy(l.Reason))
	}
	did := "corrected"
	switch {
	case len(r.Rows) == 0:
		did = "nothing to correct"
	case !r.Applied:
		did = "nothing was changed; this is what would be"
	}
	a.Say("%s: prices %s of table %s, %s unchanged", did, r.Prices, r.Version, command.Plural(int(r.UnchangedRequests), "request"))
}

func hasOne(n int64) string {
	if n == 1 {
		return "has one"
	}
	return "have one"
}

func leftWhy(reason string) string {
	switch reason {
	case "no_records":
		return "the ledger does not have them"
	case "differs":
		return "the ledger does not have all requests of their hour"
	case "days_only":
		return "only their days are known"
	case "changed":
		return "they changed meanwhile; run it again"
	}
	return reason
}

func (a *app) repricedTable(r *ctl.Repriced) {
	charged := r.Total.Charged != r.Total.Cost || r.Total.ChargedBefore != r.Total.CostBefore
	line := func(row *ctl.RepricedRow) []string {
		all := []string{row.Key, row.Model, command.Count(row.Requests), command.Cost(row.CostBefore), command.Cost(row.Cost)}
		if charged {
			all = append(all, command.Cost(row.ChargedBefore), command.Cost(row.Charged))
		}
		return all
	}
	head := []command.Column{command.Left("KEY"), command.Left("MODEL"), command.Right("REQUESTS"), command.Right("COST"), command.Right("NOW")}
	if charged {
		head = append(head, command.Right("CHARGED"), command.Right("NOW"))
	}
	total := line(&r.Total)
	total[0] = "total"
	a.Table(head, command.Rows(r.Rows, line), total)
}
