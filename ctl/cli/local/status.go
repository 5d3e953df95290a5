package local

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/ctl/when"
)

func (a *app) statusCommand() *cobra.Command {
	var user bool
	cmd := &cobra.Command{
		Use: "status", Short: "Say whether the daemon is well, and if not what to do", Args: command.Takes(),
		Long: "Says whether a daemon runs and is well, whether it is a service that starts by itself, and what to do where that is not so.\n" +
			"The exit code is 0 when one runs, and 3 when none does.",
		Example: "crs status\n  crs status -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.Client().Status(cmd.Context())
			if ctl.CodeOf(err) == ctl.NotRunning {
				return a.notRunning(a.theService(cmd.Context(), user))
			}
			if err != nil {
				return err
			}
			w := a.wellBeing(s, a.theService(cmd.Context(), user))
			if a.JSON {
				return a.Show(w, nil)
			}
			return a.printStatus(cmd.Context(), &w)
		},
	}
	cmd.Flags().BoolVar(&user, "user", false, "tell of the service of your own, not the system's")
	return cmd
}

func (a *app) printStatus(ctx context.Context, w *WellBeing) error {
	s := &w.Status
	accounts, err := a.Client().Accounts(ctx)
	if err != nil {
		return err
	}
	a.printConditions(s.Conditions)
	a.Say("")
	a.statusFacts(w)
	a.unready(accounts)
	a.liveTable(s.Live)
	return nil
}

// printConditions tells what is not well, and after that what is worth knowing.
func (a *app) printConditions(all []ctl.Condition) {
	notes := slices.IndexFunc(all, func(c ctl.Condition) bool { return c.Severity == ctl.SeverityNote })
	if notes < 0 {
		notes = len(all)
	}
	headline := a.Paint(command.Yellow, "crs runs, but:")
	if notes == 0 {
		headline = a.Paint(command.Green, "crs is well")
	}
	_, _ = fmt.Fprintln(a.IO.Out, headline)
	a.remedies(all[:notes])
	if notes < len(all) {
		a.Say("\nworth knowing:")
		a.remedies(all[notes:])
	}
}

// mostAlike is how many conditions of one code are told one by one.
const mostAlike = 10

func (a *app) remedies(all []ctl.Condition) {
	seen := map[string]int{}
	for _, c := range all {
		if seen[c.Code]++; seen[c.Code] <= mostAlike {
			a.Say("  %s\n    %s", c.Sentence, c.Hint)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(seen)) {
		if more := seen[code] - mostAlike; more > 0 {
			a.Say("  and %d more of %s: crs status -o json", more, code)
		}
	}
}

func (a *app) statusFacts(w *WellBeing) {
	s := &w.Status
	up := time.Duration(s.UptimeSeconds * float64(time.Second))
	waiting := ""
	if s.Waiting > 0 {
		waiting = fmt.Sprintf(", %d of them waiting for an account", s.Waiting)
	}
	place := s.Store
	if s.Node != "" {
		place += ", as " + s.Node
	}
	a.Facts(append(a.serviceFacts(w),
		command.Fact{"version", s.Version}, command.Fact{"process", fmt.Sprintf("%d, up %s", s.PID, when.Rough(up))}, command.Fact{"listens on", s.Listen},
		command.Fact{"socket", a.Client().Socket()}, command.Fact{"store", place}, command.Fact{"accounts", fmt.Sprintf("%d, %d ready", s.Accounts, s.AccountsReady)},
		command.Fact{"keys", strconv.Itoa(s.Keys)}, command.Fact{"in flight", strconv.Itoa(s.InFlight) + waiting + leaving(s)},
		command.Fact{"bodies held", humanize.IBytes(uint64(max(0, s.BodyBytes)))}, command.Fact{"prices", pricesOf(s)},
	)...)
}

// pricesOf is the price table's version, and of when it is.
func pricesOf(s *ctl.Status) string {
	if s.PricesOf == "" {
		return s.Prices
	}
	return s.Prices + ", of " + s.PricesOf
}

// unready lists the accounts that cannot serve now.
func (a *app) unready(all []ctl.Account) {
	var rows [][]string
	for _, x := range all {
		if x.State != "ready" {
			rows = append(rows, []string{x.Name, x.State, a.Until(x.Until), x.Why})
		}
	}
	if len(rows) > 0 {
		a.Say("")
		a.Table([]command.Column{command.Left("ACCOUNT"), {Name: "STATE", Paint: a.PaintState}, command.Left("UNTIL"), command.Left("WHY")}, rows, nil)
	}
}

// mostLive is how many requests in flight are listed.
const mostLive = 20

// liveTable lists what is in flight, the oldest first.
func (a *app) liveTable(all []ctl.Live) {
	if len(all) == 0 {
		return
	}
	rows := command.Rows(all[:min(len(all), mostLive)], func(x *ctl.Live) []string {
		return []string{x.ID, x.Key, x.Model, x.Account, x.Phase, when.Rough(a.IO.Now().Sub(x.At))}
	})
	a.Say("")
	a.Table([]command.Column{command.Left("IN FLIGHT"), command.Left("KEY"), command.Left("MODEL"), command.Left("ACCOUNT"), command.Left("PHASE"), command.Right("FOR")}, rows, nil)
	if more := len(all) - mostLive; more > 0 {
		a.Say("and %d more: crs top, or crs tui", more)
	}
}

// leaving tells of requests in a process that has handed over.
func leaving(s *ctl.Status) string {
	if s.Leaving == 0 {
		return ""
	}
	return fmt.Sprintf(", and %d in the process before this one", s.Leaving)
}
