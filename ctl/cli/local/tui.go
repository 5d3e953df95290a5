package local

import (
	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
)

func (a *app) tuiCommand() *cobra.Command {
	return &cobra.Command{
		Use: "tui", Short: "Watch the daemon live and mend it: the dashboard", Args: command.Takes(),
		Long: "Shows live what flows, how accounts do and what keys use, and lets you do to them whatever crs can do. It works over the\n" +
			"daemon's socket alone, so over ssh too. ? says what the keys do.",
		Example: "crs tui\n  crs tui --no-color\n  ssh -t relay.example crs tui",
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case a.JSON:
				return ctl.Errorf(ctl.BadRequest, "the dashboard has no JSON").WithHint("for programs: crs top -o json")
			case !a.IO.Terminal || !a.IO.Somebody || a.IO.Getenv("TERM") == "dumb":
				return ctl.Errorf(ctl.BadRequest, "the dashboard needs a terminal").WithHint("for pipes: crs top")
			}
			if _, err := a.Client().Status(cmd.Context()); err != nil {
				return err
			}
			return a.Programs.Dashboard(cmd.Context(), command.DashboardOptions{Client: a.Client(), NoColor: a.NoColor, Fail: a.IO.Getenv("CRS_TEST_PANIC")})
		},
	}
}
