package local

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
)

// serviceCommand is a command about the system's service, or with --user about the user's own.
func (a *app) serviceCommand(cmd *cobra.Command, do func(context.Context, command.Service) error) *cobra.Command {
	user := cmd.Flags().Bool("user", false, "the service of your own, not the system's")
	cmd.Args = command.Takes()
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		a.OwnService = *user
		return do(cmd.Context(), a.Programs.Service(*user))
	}
	return cmd
}

// withUser adds --user to the commands of a user's own service.
func (a *app) withUser(command string) string {
	if a.OwnService {
		return command + " --user"
	}
	if a.IO.UID != 0 {
		return "sudo " + command
	}
	return command
}

func (a *app) installCommand() *cobra.Command {
	var now bool
	cmd := a.serviceCommand(&cobra.Command{
		Use: "install", Short: "Make crs a service that starts with the system",
		Long: "Makes crs a service of the system: of systemd (as a user of its own, with few rights), launchd or Windows. It starts with the\n" +
			"system from then on. With --user it becomes a service of yours, in your session. What is right already is left alone, so that\n" +
			"it can be done again after an update.",
		Example: "sudo crs install --now\n  crs install --user",
	}, func(ctx context.Context, s command.Service) error {
		is, err := s.Install(ctx)
		if err == nil && now {
			if err = s.Start(ctx); err == nil {
				is, err = a.keepConfig(ctx, s, is)
			}
		}
		return command.Result(a.App, is, err, a.printInstalled)
	})
	cmd.Flags().BoolVar(&now, "now", false, "start it, too")
	return cmd
}

// keepConfig looks again, and keeps what only an installation tells.
func (a *app) keepConfig(ctx context.Context, s command.Service, was ctl.Service) (ctl.Service, error) {
	is, err := s.State(ctx)
	is.Config = was.Config
	return is, err
}

func (a *app) printInstalled(is ctl.Service) {
	a.Say("crs is a service of %s now, and starts by itself", is.Manager)
	a.Facts(command.Fact{"unit", is.Unit}, command.Fact{"binary", is.Binary}, command.Fact{"config", is.Config}, command.Fact{"state", is.State})
	if is.State == "active" {
		a.Say("  next: crs status; and for the first account and key: crs account add --help")
		return
	}
	a.Say("  start it: %s", a.withUser("crs start"))
	if is.User && is.Manager == "systemd" {
		a.Say("  it ends with your session, unless you say: loginctl enable-linger")
	}
}

func (a *app) uninstallCommand() *cobra.Command {
	var purge, yes bool
	cmd := a.serviceCommand(&cobra.Command{
		Use: "uninstall", Short: "Take the service away; what it keeps stays",
		Long: "Stops the service and takes it away. Its data, configuration and user stay, and so does crs itself. With --purge they go, too:\n" +
			"accounts with their credentials, keys, and the ledger. That cannot be undone.",
		Example: "sudo crs uninstall\n  sudo crs uninstall --purge --yes",
	}, func(ctx context.Context, s command.Service) error {
		if purge {
			if err := a.Confirm(ctx, yes, "delete all accounts, keys, records and the configuration of crs?"); err != nil {
				return err
			}
		}
		if err := s.Uninstall(ctx, purge); err != nil {
			return err
		}
		return a.Show(map[string]bool{"installed": false, "purged": purge}, func() {
			if purge {
				a.Say("Service removed, and its data deleted")
				return
			}
			a.Say("Service removed; data kept. Reinstall: %s", a.withUser("crs install"))
		})
	})
	cmd.Flags().BoolVar(&purge, "purge", false, "delete its data, configuration and user, too")
	command.AddYes(cmd, &yes)
	return cmd
}

func (a *app) startCommand() *cobra.Command {
	return a.serviceCommand(&cobra.Command{
		Use: "start", Short: "Start the service, and wait until it serves", Example: "sudo crs start\n  crs start --user",
	}, func(ctx context.Context, s command.Service) error { return a.settled(ctx, s, s.Start) })
}

func (a *app) stopCommand() *cobra.Command {
	return a.serviceCommand(&cobra.Command{
		Use: "stop", Short: "Stop the service, once its answers in flight have ended", Example: "sudo crs stop\n  crs stop --user",
		Long: "Stops the service. It takes no new requests, and lets answers in flight finish for as long as timeouts.shutdown says.",
	}, func(ctx context.Context, s command.Service) error { return a.settled(ctx, s, s.Stop) })
}

func (a *app) restartCommand() *cobra.Command {
	return a.serviceCommand(&cobra.Command{
		Use: "restart", Short: "Restart the daemon, without a request noticing", Example: "sudo crs restart\n  crs restart --user",
		Long: "Has the daemon hand over to a new process of the same program: no connection is refused, and what is in flight runs to its end\n" +
			"in the old process. When the new one does not come to serve, the old one serves on. A service that does not run is started.",
	}, func(ctx context.Context, s command.Service) error {
		done, err := a.Client().Restart(ctx, ctl.Restart{})
		switch ctl.CodeOf(err) {
		case ctl.NotRunning, ctl.Unsupported: // an older daemon cannot hand over
			return a.settled(ctx, s, s.Restart)
		}
		return command.Result(a.App, done, err, func(done ctl.Restarted) {
			a.Say("the daemon has handed over to process %d", done.PID)
			if done.InFlight > 0 {
				a.Say("  %d requests run to their end in process %d", done.InFlight, done.OldPID)
			}
		})
	})
}

// settled does something to the service, and says how it is then.
func (a *app) settled(ctx context.Context, s command.Service, do func(context.Context) error) error {
	if err := do(ctx); err != nil {
		return err
	}
	is, err := s.State(ctx)
	return command.Result(a.App, is, err, func(is ctl.Service) { a.Say("the service is %s", is.State) })
}

// logLines is how much of the log is shown unless something else is asked for.
const logLines = 100

func (a *app) logsCommand() *cobra.Command {
	var follow bool
	var lines int
	var since command.Span
	cmd := a.serviceCommand(&cobra.Command{
		Use: "logs", Short: "Show what the service logs",
		Long:    "Shows the end of the log of the service, as the system keeps it. Requests are not in it: see crs requests.",
		Example: "crs logs -f\n  crs logs -n 1000 --since 2h",
	}, func(ctx context.Context, s command.Service) error {
		if lines < 1 {
			return ctl.Errorf(ctl.BadRequest, "--lines: %d is not a number of lines", lines)
		}
		var from time.Time
		if since > 0 {
			from = a.IO.Now().Add(-time.Duration(since))
		}
		return s.Logs(ctx, lines, from, follow, a.IO.Out)
	})
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on, until ctrl-C")
	cmd.Flags().IntVarP(&lines, "lines", "n", logLines, "`NUMBER` of lines")
	cmd.Flags().Var(&since, "since", "only what is younger than `DURATION`; for systemd")
	return cmd
}
