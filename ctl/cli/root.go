// Package cli is the command line: cobra commands, one file for each noun, that see a daemon only through ctl and print
// tables or JSON.
package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/internal/config"
)

// Programs is what the command line starts but must not import.
type Programs struct {
	Version string
	// Catalogue is what there is to choose from where no daemon tells.
	Catalogue ctl.Catalogue
	// ReleaseKey verifies releases and ReleaseFrom is where they are read from; both are the build's, and may be empty.
	ReleaseKey, ReleaseFrom string
	// Providers are the names that may stand in the configuration's providers.NAME. Empty allows every name.
	Providers []string
	// CheckProviders finds settings in providers.NAME that are no settings, or make no sense. It may be nil.
	CheckProviders func(map[string]config.Provider) error
	// Serve runs a daemon until ctx ends.
	Serve func(context.Context, ServeOptions) error
	// Service is crs as a service of the system, or of the user; nil where that is not known.
	Service func(user bool) Service
	// Backup writes all that a daemon keeps into a file, and Restore puts it back. Restore gives ErrBackupEncrypted and
	// ErrStoreThere.
	Backup  func(context.Context, BackupOptions) error
	Restore func(context.Context, BackupOptions) (*Restored, error)
	// Mock runs simulated providers until ctx ends, after telling where they are.
	Mock func(context.Context, MockOptions, io.Writer) error
	// Demo starts a demonstration. The caller closes it.
	Demo func(context.Context, DemoOptions) (*DemoRun, error)
	// CopyStore copies what one store holds into another.
	CopyStore func(context.Context, CopyOptions) (ctl.StoreCopy, error)
	// Dashboard shows the dashboard until its user leaves it, or ctx ends.
	Dashboard func(context.Context, DashboardOptions) error
}

// Run does what args say and gives the exit code. An end of ctx is an interrupt.
func Run(ctx context.Context, p Programs, args []string, io IO) int {
	a := &app{programs: p, io: io}
	defer a.close()
	root := a.root()
	root.SetArgs(append([]string{}, args...)) // cobra takes the process's own for nil
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitCode("")
	}
	if !a.understood {
		err = misuse(err)
		a.json = a.json || wantsJSON(args)
	}
	return a.fail(cmd, err)
}

// app is one run of the command line.
type app struct {
	programs Programs
	io       IO
	daemon   *ctl.Client // made by client

	// What the flags of every command say.
	socket  string
	output  string
	noColor bool

	ownService bool // the service that is meant is the user's, not the system's
	json       bool // what is printed is JSON
	quiet      bool // nothing is said while something is waited for
	understood bool // the arguments make sense; whatever goes wrong from here on is not about them
}

// root is the whole tree of commands.
func (a *app) root() *cobra.Command {
	root := a.noun("crs", "A relay of your own for AI provider APIs",
		a.group("run", a.demoCommand(), a.serveCommand(), a.mockCommand(), a.configCommand(), a.storeCommand()),
		a.group("service", a.installCommand(), a.uninstallCommand(), a.startCommand(), a.stopCommand(), a.restartCommand(), a.updateCommand(), a.backupCommand(), a.restoreCommand(), a.logsCommand()),
		a.group("accounts", a.accountCommand(), a.groupCommand()),
		a.group("keys", a.keyCommand(), a.envCommand()),
		a.group("look", a.statusCommand(), a.tuiCommand(), a.topCommand(), a.usageCommand(), a.requestsCommand(), a.explainCommand(), a.auditCommand(), a.doctorCommand(), a.metricsCommand(), a.alertCommand(), a.priceCommand(), a.versionCommand()),
	)
	root.Long = "crs relays AI provider APIs: it holds your accounts, issues keys to people and tools, picks an account for each\n" +
		"request, and writes down what it cost."
	root.Example = "crs demo                                                     see it work, without an account\n" +
		"  crs serve                                                    start a daemon\n" +
		"  crs account add " + a.programs.Catalogue.Usual + " work --api-key-file key.txt   give it an account\n" +
		"  crs key create alice                                         make a key for a client"
	root.AddGroup(&cobra.Group{ID: "run", Title: "Run it"}, &cobra.Group{ID: "service", Title: "As a service"}, &cobra.Group{ID: "accounts", Title: "Accounts"},
		&cobra.Group{ID: "keys", Title: "Keys"}, &cobra.Group{ID: "look", Title: "Look"})
	a.addCompletion(root)
	root.Version = a.programs.Version
	root.SetVersionTemplate("crs {{.Version}}\n")
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetIn(a.io.In)
	root.SetOut(a.io.Out)
	root.SetErr(a.io.Err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return flagError(err) })
	root.SetHelpCommand(a.helpCommand())
	root.SetHelpTemplate(helpTemplate)
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return a.begin() }
	a.addGlobalFlags(root)
	completeNoFiles(root)
	return root
}

func (a *app) addGlobalFlags(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.StringVar(&a.socket, "socket", "", "the daemon's socket, at `PATH` (CRS_SOCKET)")
	flags.StringVarP(&a.output, "output", "o", "table", "`FORMAT` of what is printed: table or json")
	flags.BoolVar(&a.noColor, "no-color", false, "print no colours (NO_COLOR)")
	complete(root, "output", fixed("table", "json"))
}

// begin is called once the arguments were read.
func (a *app) begin() error {
	switch a.output {
	case "table":
	case "json":
		a.json = true
	default:
		return ctl.Errorf(ctl.BadRequest, "--output: %q is neither table nor json", a.output)
	}
	a.understood = true
	return nil
}

// client talks to the daemon that is meant. Run closes it.
func (a *app) client() *ctl.Client {
	if a.daemon == nil {
		a.daemon = ctl.NewClient(config.SocketPath(a.source(map[string]string{"socket": a.socket}), nil))
	}
	return a.daemon
}

func (a *app) close() {
	if a.daemon != nil {
		a.daemon.Close()
	}
}

// source is where configuration comes from, with flags over it.
func (a *app) source(flags map[string]string) config.Source {
	return config.Source{Environ: a.io.Environ, UID: a.io.UID, Flags: flags, Providers: a.programs.Providers}
}

// noun is a command that only holds others.
func (a *app) noun(name, short string, children ...[]*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: name, Short: short, Args: cobra.ArbitraryArgs, SuggestionsMinimumDistance: 2, RunE: nothingYet}
	for _, c := range children {
		cmd.AddCommand(c...)
	}
	return cmd
}

// group marks commands that are listed together.
func (a *app) group(id string, commands ...*cobra.Command) []*cobra.Command {
	for _, c := range commands {
		c.GroupID = id
	}
	return commands
}
