// Package local has the commands that run programs, or look at and change what is on this machine: the daemon itself, its
// service, its files and releases.
package local

import (
	"github.com/spf13/cobra"

	"crs/ctl/cli/command"
)

// app is one run of the command line.
type app struct{ *command.App }

// Programs are the commands that run a daemon, or something like it, and see to what that stands on.
func Programs(c *command.App) []*cobra.Command {
	a := &app{c}
	return []*cobra.Command{a.demoCommand(), a.serveCommand(), a.mockCommand(), a.configCommand(), a.storeCommand()}
}

// Service are the commands about crs as a service of this machine.
func Service(c *command.App) []*cobra.Command {
	a := &app{c}
	return []*cobra.Command{
		a.installCommand(), a.uninstallCommand(), a.startCommand(), a.stopCommand(), a.restartCommand(), a.updateCommand(), a.backupCommand(),
		a.restoreCommand(), a.logsCommand(),
	}
}

// Look are the commands that tell whether all is well here.
func Look(c *command.App) []*cobra.Command {
	a := &app{c}
	return []*cobra.Command{a.statusCommand(), a.tuiCommand(), a.doctorCommand(), a.versionCommand()}
}
