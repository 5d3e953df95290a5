// Package remote has the commands that ask a daemon, through ctl alone, wherever it runs: one file for each noun.
package remote

import (
	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
)

// app is one run of the command line.
type app struct{ *command.App }

// Commands are all of them, by the group that they are listed in.
func Commands(c *command.App) map[string][]*cobra.Command {
	a := &app{c}
	return map[string][]*cobra.Command{
		"accounts": {a.accountCommand(), a.groupCommand()},
		"keys":     {a.keyCommand(), a.envCommand()},
		"look": {
			a.topCommand(), a.usageCommand(), a.requestsCommand(), a.explainCommand(), a.auditCommand(), a.metricsCommand(), a.alertCommand(), a.priceCommand(),
		},
	}
}

// ShowUsage prints what was used, by the columns that it is grouped by.
func ShowUsage(a *command.App, u *ctl.Usage, by []string) {
	(&app{a}).usageTable(u, by)
}

// SayFirst says what the first client there is has to be told.
func SayFirst(a *command.App, url, key string) { (&app{a}).sayFirst(url, key) }
