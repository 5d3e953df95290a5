// Package cli is the command line: the tree of the commands in remote and local, which see a daemon only through ctl and print
// tables or JSON.
package cli

import (
	"context"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/ctl/cli/local"
	"crs/ctl/cli/remote"
)

// Run does what args say and gives the exit code. An end of ctx is an interrupt.
func Run(ctx context.Context, p command.Programs, args []string, io command.IO) int {
	a := command.New(p, io)
	defer a.Close()
	root := rootOf(a)
	root.SetArgs(append([]string{}, args...)) // cobra takes the process's own for nil
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		err = a.PrintFailure()
	}
	if err == nil {
		return command.ExitCode("")
	}
	if !a.Understood {
		err = command.Misuse(err)
		a.JSON = a.JSON || command.WantsJSON(args)
	}
	return a.Fail(cmd, err)
}

// rootOf is the whole tree of commands.
func rootOf(a *command.App) *cobra.Command {
	root := a.Noun("crs", "A relay of your own for AI provider APIs")
	root.Long = "crs relays AI provider APIs: it holds your accounts, issues keys to people and tools, picks an account for each\n" +
		"request, and writes down what it cost."
	root.Example = "crs demo                                                     see it work, without an account\n" +
		"  crs serve                                                    start a daemon\n" +
		"  crs account add " + a.Programs.Catalogue.Usual + " work --api-key-file key.txt   give it an account\n" +
		"  crs key create alice                                         make a key for a client"
	root.AddGroup(&cobra.Group{ID: "run", Title: "Run it"}, &cobra.Group{ID: "service", Title: "As a service"}, &cobra.Group{ID: "accounts", Title: "Accounts"},
		&cobra.Group{ID: "keys", Title: "Keys"}, &cobra.Group{ID: "look", Title: "Look"})
	here, there := local.Commands(a), remote.Commands(a)
	for _, g := range root.Groups() {
		for _, c := range append(there[g.ID], here[g.ID]...) {
			c.GroupID = g.ID
			root.AddCommand(c)
		}
	}
	a.AddCompletion(root)
	root.Version = a.Programs.Version
	root.SetVersionTemplate("crs {{.Version}}\n")
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetIn(a.IO.In)
	root.SetOut(a.IO.Out)
	root.SetErr(a.IO.Err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return command.FlagError(err) })
	root.SetHelpCommand(a.HelpCommand())
	root.SetHelpTemplate(command.HelpTemplate)
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return begin(a) }
	addGlobalFlags(a, root)
	command.CompleteNoFiles(root)
	return root
}

func addGlobalFlags(a *command.App, root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.StringVar(&a.Socket, "socket", "", "the daemon's socket, at `PATH` (CRS_SOCKET)")
	flags.StringVarP(&a.Output, "output", "o", "table", "`FORMAT` of what is printed: table or json")
	flags.BoolVar(&a.NoColor, "no-color", false, "print no colours (NO_COLOR)")
	command.Complete(root, "output", command.Fixed("table", "json"))
}

// begin is called once the arguments were read.
func begin(a *command.App) error {
	if a.JSON = a.Output == "json"; !a.JSON && a.Output != "table" {
		return ctl.Errorf(ctl.BadRequest, "--output: %q is neither table nor json", a.Output)
	}
	a.Understood = true
	return nil
}

// Tree is all the commands, for what is written about them.
func Tree(p command.Programs) *cobra.Command {
	return rootOf(&command.App{Programs: p})
}
