// Package local has the commands that run programs, or look at and change what is on this machine: the daemon itself, its
// service, its files and releases.
package local

import (
	"github.com/spf13/cobra"

	"crs/ctl/cli/command"
)

// app is one run of the command line.
type app struct{ *command.App }

// Commands are all of them, by the group that they are listed in.
func Commands(c *command.App) map[string][]*cobra.Command {
	a := &app{c}
	return map[string][]*cobra.Command{
		"run": {a.demoCommand(), a.serveCommand(), a.mockCommand(), a.configCommand(), a.storeCommand()},
		"service": {
			a.installCommand(), a.uninstallCommand(), a.startCommand(), a.stopCommand(), a.restartCommand(), a.updateCommand(), a.backupCommand(),
			a.restoreCommand(), a.logsCommand(),
		},
		"look": {a.statusCommand(), a.tuiCommand(), a.doctorCommand(), a.versionCommand()},
	}
}
