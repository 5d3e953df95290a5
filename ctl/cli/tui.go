package cli

import (
	"github.com/spf13/cobra"

	"crs/ctl"
)

// DashboardOptions are what the dashboard is started with.
type DashboardOptions struct {
	Client  *ctl.Client
	NoColor bool
	// Fail has a key bring it down, for tests of what it leaves behind.
	Fail string
}

func (a *app) tuiCommand() *cobra.Command {
	return &cobra.Command{
		Use: "tui", Short: "Watch the daemon live and mend it: the dashboard", Args: takes(),
		Long: "Shows live what flows, how accounts do and what keys use, and lets you do to them whatever crs can do. It works over the\n" +
			"daemon's socket alone, so over ssh too. ? says what the keys do.",
		Example: "crs tui\n  crs tui --no-color\n  ssh -t relay.example crs tui",
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case a.json:
				return ctl.Errorf(ctl.BadRequest, "the dashboard has no JSON").WithHint("for programs: crs top -o json")
			case !a.io.Terminal || !a.io.Somebody || a.io.getenv("TERM") == "dumb":
				return ctl.Errorf(ctl.BadRequest, "the dashboard needs a terminal").WithHint("for pipes: crs top")
			}
			if _, err := a.client().Status(cmd.Context()); err != nil {
				return err
			}
			return a.programs.Dashboard(cmd.Context(), DashboardOptions{Client: a.client(), NoColor: a.noColor, Fail: a.io.getenv("CRS_TEST_PANIC")})
		},
	}
}
