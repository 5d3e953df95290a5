package remote

import (
	"cmp"
	"strconv"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
)

func (a *app) requestsCommand() *cobra.Command {
	var q ctl.RequestQuery
	var following bool
	cmd := &cobra.Command{
		Use: "requests", Short: "Show the request log, newest last", Args: command.Takes(),
		Long: "Shows the newest requests that have ended, newest last. With -f it shows the newest ten and then each one as it ends, until\n" +
			"ctrl-C; as JSON that is one object a line.",
		Example: "crs requests\n  crs requests -f --key alice\n  crs requests --status 5xx --since 7d",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if following {
				q.Limit = cmp.Or(q.Limit, 10)
				return follow(a, "a request", a.Client().FollowRequests(cmd.Context(), q), a.requestHead, a.requestLine)
			}
			found, err := a.Client().Requests(cmd.Context(), q)
			return command.Result(a.App, found, err, a.requestTable)
		},
	}
	flags := cmd.Flags()
	flags.BoolVarP(&following, "follow", "f", false, "go on with each request as it ends")
	a.addSelection(cmd, &q.Key, &q.Account)
	flags.StringVar(&q.Status, "status", "", "only the `STATUS` 429, or 4xx for all of them")
	flags.StringVar(&q.Since, "since", "", "from `WHEN` on: 90m, 24h, 7d, today, yesterday, a day or a moment")
	flags.Var((*command.Number)(&q.Limit), "limit", "the newest `N` (default 100, with -f 10)")
	return cmd
}

// requestColumns are the log's, with the width that each has when lines are printed one by one.
func (a *app) requestColumns() ([]command.Column, []int) {
	return []command.Column{
		command.Left("TIME"), command.Left("REQUEST"), command.Left("KEY"), command.Left("MODEL"), command.Left("ACCOUNT"), {Name: "STATUS", Right: true, Paint: a.PaintStatus}, command.Right("FIRST"),
		command.Right("TOTAL"), command.Right("INPUT"), command.Right("CACHED"), command.Right("OUTPUT"), command.Right("COST"), command.Left("NOTE"),
	}, []int{16, 30, 12, 24, 12, 6, 6, 6, 8, 9, 8, 9, 0}
}

func (a *app) requestCells(r *ctl.Request) []string {
	return []string{
		a.Moment(r.At), r.ID, r.Key, r.Model, r.Account, statusOr(r.Status, "left"), command.Took(r.FirstByteMS), command.Took(r.TotalMS), command.Count(r.InputTokens),
		command.Count(r.CacheRead + r.CacheWrite5m + r.CacheWrite1h), command.Count(r.OutputTokens), command.Cost(r.Cost), command.Shorten(r.Remark(), 80),
	}
}

// statusOr writes an HTTP status, or the word for none.
func statusOr(status int, none string) string {
	return cmp.Or(command.Only(status != 0, strconv.Itoa(status)), none)
}

func (a *app) requestTable(all []ctl.Request) {
	columns, _ := a.requestColumns()
	command.List(a.App, "no request matches", columns, all, a.requestCells)
}

func (a *app) requestHead() {
	columns, widths := a.requestColumns()
	a.Say("%s", fixedLine(columns, widths, command.Heads(columns)))
}

func (a *app) requestLine(r *ctl.Request) {
	columns, widths := a.requestColumns()
	a.Say("%s", fixedLine(columns, widths, a.requestCells(r)))
}
