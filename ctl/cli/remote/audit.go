package remote

import (
	"cmp"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
)

func (a *app) auditCommand() *cobra.Command {
	var q ctl.AuditQuery
	var following bool
	cmd := &cobra.Command{
		Use: "audit", Short: "Show who changed what, newest last", Args: command.Takes(),
		Long: "Shows the newest changes that somebody made by the control socket, newest last: who, what, and each field before and after.\n" +
			"Secrets are never in it, only that one is another. With -f it shows the newest ten and then each one as it is made, on\n" +
			"whatever node, until ctrl-C; as JSON that is one object a line.",
		Example: "crs audit\n  crs audit --since 7d --limit 1000\n  crs audit -f",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if following {
				q.Limit = cmp.Or(q.Limit, 10)
				return follow(a, "a change", a.Client().FollowAudit(cmd.Context(), q), a.auditHead, a.auditLines)
			}
			found, err := a.Client().Audit(cmd.Context(), q)
			return command.Result(a.App, found, err, func(x ctl.Audit) { a.auditTable(x.Entries) })
		},
	}
	flags := cmd.Flags()
	flags.BoolVarP(&following, "follow", "f", false, "go on with each change as it is made")
	flags.StringVar(&q.Since, "since", "", "from `WHEN` on: 90m, 24h, 7d, today, yesterday, a day or a moment")
	flags.Var((*command.Number)(&q.Limit), "limit", "the newest `N` (default 100, with -f 10)")
	return cmd
}

// auditColumns are the log's, with the width of each: 80 columns hold them.
func auditColumns() ([]command.Column, []int) {
	return []command.Column{command.Left("TIME"), command.Left("WHO"), command.Left("ACTION"), command.Left("NAME"), command.Left("RESULT")}, []int{16, 8, 18, 22, 0}
}

func (a *app) auditHead() {
	columns, widths := auditColumns()
	a.Say("%s", fixedLine(columns, widths, command.Heads(columns)))
}

// auditLines are one for what was done, and one for each field that it changed. What has no room is cut: -o json has all of it.
func (a *app) auditLines(e *ctl.AuditEntry) {
	columns, widths := auditColumns()
	cells := []string{a.Moment(e.Time), cmp.Or(e.Actor.Name, e.Actor.ID, e.Actor.Kind), e.Action, cmp.Or(e.Name, e.ID), ""}
	if e.Outcome != ctl.OutcomeDone {
		cells[4] = e.Outcome
	}
	for i, cell := range cells[:4] {
		cells[i] = command.Shorten(cell, widths[i])
	}
	a.Say("%s", fixedLine(columns, widths, cells))
	for _, c := range e.Changes {
		a.Say("    %s", command.Shorten(command.Clean(changedField(&c)), 76))
	}
}

// changedField says of a field what it was and what it is.
func changedField(c *ctl.AuditChange) string {
	if c.Before == "" {
		return c.Field + ": " + c.After
	}
	return c.Field + ": " + c.Before + " → " + cmp.Or(c.After, "none")
}

func (a *app) auditTable(all []ctl.AuditEntry) {
	if len(all) == 0 {
		a.Say("nothing was changed")
		return
	}
	a.auditHead()
	for i := range all {
		a.auditLines(&all[i])
	}
}
