package cli

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"crs/ctl"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Say whether the daemon is well, and if not what to do", Args: takes(),
		Long:    "Says whether a daemon runs and is well, and if not what to do. The exit code is 0 when one runs, and 3 when none does.",
		Example: "crs status\n  crs status -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.client().Status(cmd.Context())
			if ctl.CodeOf(err) == ctl.NotRunning {
				return a.notRunning()
			}
			if err != nil {
				return err
			}
			if a.json {
				return a.show(s, nil)
			}
			return a.printStatus(cmd.Context(), &s)
		},
	}
}

// notRunning is an answer, not a failure: it goes to standard output.
func (a *app) notRunning() error {
	err := a.show(map[string]bool{"running": false}, func() {
		a.say("crs is not running: no daemon listens on %s", a.client().Socket())
		a.say("  start it: crs serve; or see first what it does: crs demo")
	})
	if err != nil {
		return err
	}
	return told{ctl.NotRunning}
}

func (a *app) printStatus(ctx context.Context, s *ctl.Status) error {
	accounts, err := a.client().Accounts(ctx)
	if err != nil {
		return err
	}
	troubles := troublesOf(s)
	headline := a.paint(yellow, "crs runs, but:")
	if len(troubles) == 0 {
		headline = a.paint(green, "crs is well")
	}
	_, _ = fmt.Fprintln(a.io.Out, headline)
	for _, t := range troubles {
		a.say("  %s\n    %s", t.what, t.remedy)
	}
	a.say("")
	a.statusFacts(s)
	a.unready(accounts)
	a.liveTable(s.Live)
	return nil
}

// trouble is something that is not well, and what to do about it.
type trouble struct{ what, remedy string }

func troublesOf(s *ctl.Status) []trouble {
	var all []trouble
	if s.LedgerError != "" {
		all = append(all, trouble{"the ledger cannot be written: " + s.LedgerError, "make room on the disk of the data directory, or make it writable; what waits is not lost"})
	}
	switch {
	case s.Accounts == 0:
		all = append(all, trouble{"there are no accounts to serve requests from", "add one: crs account add claude-console NAME --api-key-file FILE"})
	case s.AccountsReady == 0:
		all = append(all, trouble{"no account is ready", "what stands against each is below; more: crs account show NAME"})
	}
	if s.Keys == 0 {
		all = append(all, trouble{"there are no keys for clients", "make one: crs key create NAME"})
	}
	return all
}

func (a *app) statusFacts(s *ctl.Status) {
	up := time.Duration(s.UptimeSeconds * float64(time.Second))
	waiting := ""
	if s.Waiting > 0 {
		waiting = fmt.Sprintf(", %d of them waiting for an account", s.Waiting)
	}
	a.facts(
		fact{"version", s.Version}, fact{"process", fmt.Sprintf("%d, up %s", s.PID, rough(up))}, fact{"listens on", s.Listen},
		fact{"socket", a.client().Socket()}, fact{"store", s.Store}, fact{"accounts", fmt.Sprintf("%d, %d ready", s.Accounts, s.AccountsReady)},
		fact{"keys", strconv.Itoa(s.Keys)}, fact{"in flight", strconv.Itoa(s.InFlight) + waiting},
		fact{"bodies held", humanize.IBytes(uint64(max(0, s.BodyBytes)))}, fact{"prices", s.Prices},
	)
}

// unready lists the accounts that cannot serve now.
func (a *app) unready(all []ctl.Account) {
	var rows [][]string
	for _, x := range all {
		if x.State != "ready" {
			rows = append(rows, []string{x.Name, x.State, a.until(x.Until), x.Why})
		}
	}
	if len(rows) > 0 {
		a.say("")
		a.table([]column{left("ACCOUNT"), {name: "STATE", paint: a.paintState}, left("UNTIL"), left("WHY")}, rows, nil)
	}
}

// liveTable lists what is in flight.
func (a *app) liveTable(all []ctl.Live) {
	if len(all) == 0 {
		return
	}
	var rows [][]string
	for _, x := range all {
		rows = append(rows, []string{x.ID, x.Key, x.Model, x.Account, x.Phase, rough(a.io.Now().Sub(x.At))})
	}
	a.say("")
	a.table([]column{left("IN FLIGHT"), left("KEY"), left("MODEL"), left("ACCOUNT"), left("PHASE"), right("FOR")}, rows, nil)
}
