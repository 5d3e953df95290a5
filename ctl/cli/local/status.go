package local

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/ctl/when"
	"crs/internal/config"
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
	inFlight := strconv.Itoa(s.InFlight) + command.Only(s.Waiting > 0, fmt.Sprintf(", %d of them waiting for an account", s.Waiting)) +
		command.Only(s.Leaving > 0, fmt.Sprintf(", and %d in the process before this one", s.Leaving)) // which has handed over
	place := s.Store + command.Only(s.Node != "", ", as "+s.Node)
	a.Facts(
		command.Fact{"since", a.Moment(*w.Since)}, command.Fact{"service", a.serviceState(&w.Service)}, command.Fact{"last error", w.LastError},
		command.Fact{"version", s.Version}, command.Fact{"process", fmt.Sprintf("%d, up %s", s.PID, when.Rough(up))}, command.Fact{"listens on", s.Listen},
		command.Fact{"socket", a.Client().Socket()}, command.Fact{"store", place}, command.Fact{"accounts", fmt.Sprintf("%d, %d ready", s.Accounts, s.AccountsReady)},
		command.Fact{"keys", strconv.Itoa(s.Keys)}, command.Fact{"in flight", inFlight},
		command.Fact{"bodies held", humanize.IBytes(uint64(max(0, s.BodyBytes)))}, command.Fact{"prices", s.Prices + command.Only(s.PricesOf != "", ", of "+s.PricesOf)},
	)
}

// unready lists the accounts that cannot serve now.
func (a *app) unready(all []ctl.Account) {
	all = slices.DeleteFunc(all, func(x ctl.Account) bool { return x.State == "ready" })
	columns := []command.Column{command.Left("ACCOUNT"), {Name: "STATE", Paint: a.PaintState}, command.Left("UNTIL"), command.Left("WHY")}
	command.Section(a.App, columns, all, func(x *ctl.Account) []string { return []string{x.Name, x.State, a.Until(x.Until), x.Why} })
}

// mostLive is how many requests in flight are listed.
const mostLive = 20

// liveTable lists what is in flight, the oldest first.
func (a *app) liveTable(all []ctl.Live) {
	columns := []command.Column{command.Left("IN FLIGHT"), command.Left("KEY"), command.Left("MODEL"), command.Left("ACCOUNT"), command.Left("PHASE"), command.Right("FOR")}
	command.Section(a.App, columns, all[:min(len(all), mostLive)], func(x *ctl.Live) []string {
		return []string{x.ID, x.Key, x.Model, x.Account, x.Phase, when.Rough(a.IO.Now().Sub(x.At))}
	})
	if more := len(all) - mostLive; more > 0 {
		a.Say("and %d more: crs top, or crs tui", more)
	}
}

// WellBeing is how crs is: its daemon, and its service.
type WellBeing struct {
	ctl.Status
	Healthy   bool        `json:"healthy"`
	Since     *time.Time  `json:"since,omitempty"` // when the daemon started
	Installed bool        `json:"installed"`
	Enabled   bool        `json:"enabled"`
	LastError string      `json:"last_error,omitempty"`
	Service   ctl.Service `json:"service"`
}

// Absence is the same where no daemon runs.
type Absence struct {
	Running   bool        `json:"running"`
	Healthy   bool        `json:"healthy"`
	Version   string      `json:"version"`          // of what would be started
	Listen    string      `json:"listen,omitempty"` // where it would
	Installed bool        `json:"installed"`
	Enabled   bool        `json:"enabled"`
	LastError string      `json:"last_error,omitempty"`
	Service   ctl.Service `json:"service"`
}

// askingManager is how long the system's manager of services has to answer: the daemon's own answer does not wait for more.
const askingManager = 5 * time.Second

// theService is the one that is meant: the system's, or the user's own where only that one is installed. What cannot be
// asked about is as if it were not there.
func (a *app) theService(ctx context.Context, user bool) ctl.Service {
	if a.Programs.Service == nil {
		return ctl.Service{}
	}
	ctx, stop := context.WithTimeout(ctx, askingManager)
	defer stop()
	var is ctl.Service
	if !user {
		is, _ = a.Programs.Service(false).State(ctx)
	}
	if user || !is.Installed && a.IO.UID != 0 {
		if own, err := a.Programs.Service(true).State(ctx); err == nil && (user || own.Installed) {
			is = own
		}
	}
	a.OwnService = is.User
	return is
}

func (a *app) wellBeing(s ctl.Status, is ctl.Service) WellBeing {
	since := a.IO.Now().Add(-time.Duration(s.UptimeSeconds * float64(time.Second))).Truncate(time.Second)
	return WellBeing{
		Status: s, Healthy: !s.Failed(), Since: &since,
		Installed: is.Installed, Enabled: is.Enabled, LastError: cmp.Or(s.LedgerError, is.LastError), Service: is,
	}
}

// notRunning is an answer, not a failure: it goes to standard output.
func (a *app) notRunning(is ctl.Service) error {
	away := Absence{Version: a.Programs.Version, Installed: is.Installed, Enabled: is.Enabled, LastError: is.LastError, Service: is}
	if loaded, err := config.Load(a.Source(nil)); err == nil {
		away.Listen = loaded.Config.Listen
	}
	err := a.Show(away, func() {
		a.Say("crs is not running: no daemon listens on %s", a.Client().Socket())
		if !is.Installed {
			a.Say("  start it: crs serve; or see first what it does: crs demo")
			return
		}
		a.Say("  the service is %s", a.serviceState(&is))
		if is.LastError != "" {
			a.Say("  last error: %s", is.LastError)
		}
		a.Say("  start it: %s; see why it ended: %s", a.withUser("crs start"), a.withUser("crs logs"))
	})
	if err != nil {
		return err
	}
	return command.Told{Code: ctl.NotRunning}
}

// serviceState says how a service is.
func (a *app) serviceState(is *ctl.Service) string {
	if !is.Installed {
		return "not installed"
	}
	parts := []string{"installed", command.Only(!is.Enabled, "not ") + "enabled", is.State}
	if is.Since != nil {
		parts[2] += " since " + a.Moment(*is.Since)
	}
	if is.Restarts > 0 {
		parts = append(parts, "restarted "+times(is.Restarts))
	}
	return strings.Join(parts, ", ") + " (" + is.Manager + ")"
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return command.Plural(n, "time")
}
