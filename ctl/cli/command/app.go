// Package command is what every command of the command line has: what surrounds its run, the programs that it may start, a
// client of the daemon, and how it reads flags, asks, and prints.
package command

import (
	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/internal/config"
)

// App is one run of the command line.
type App struct {
	Programs Programs
	IO       IO
	daemon   *ctl.Client // made by client
	printed  *printed    // what IO.Out leads to

	// What the flags of every command say.
	Socket  string
	Output  string
	NoColor bool

	OwnService bool // the service that is meant is the user's, not the system's
	JSON       bool // what is printed is JSON
	Quiet      bool // nothing is said while something is waited for
	Understood bool // the arguments make sense; whatever goes wrong from here on is not about them
}

// New makes a run.
func New(p Programs, io IO) *App {
	a := &App{Programs: p, IO: io, printed: &printed{to: io.Out}}
	a.IO.Out = a.printed
	return a
}

// Client talks to the daemon that is meant. Run closes it.
func (a *App) Client() *ctl.Client {
	if a.daemon == nil {
		a.daemon = ctl.NewClient(config.SocketPath(a.Source(map[string]string{"socket": a.Socket}), nil))
	}
	return a.daemon
}

// Close lets go of what a run has opened.
func (a *App) Close() {
	if a.daemon != nil {
		a.daemon.Close()
	}
}

// Source is where configuration comes from, with flags over it.
func (a *App) Source(flags map[string]string) config.Source {
	return config.Source{Environ: a.IO.Environ, UID: a.IO.UID, Flags: flags, Providers: a.Programs.Providers}
}

// Noun is a command that only holds others.
func (a *App) Noun(name, short string, children ...[]*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: name, Short: short, Args: cobra.ArbitraryArgs, SuggestionsMinimumDistance: 2, RunE: nothingYet}
	for _, c := range children {
		cmd.AddCommand(c...)
	}
	return cmd
}
