package command

import (
	"strings"

	"github.com/spf13/cobra"

	"crs/ctl"
)

// nothingYet is run when one of a command's own commands has yet to be named.
func nothingYet(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	return unknown(cmd, args[0])
}

// AddCompletion adds cobra's own command, which would show its help for a shell that it does not know.
func (a *App) AddCompletion(root *cobra.Command) {
	root.SetCompletionCommandGroupID("run")
	root.InitDefaultCompletionCmd()
	cmd, _, err := root.Find([]string{"completion"})
	if err != nil {
		return // cobra has added none
	}
	cmd.Short, cmd.Example = "Print a script that has a shell complete crs' commands", "source <(crs completion bash)"
	cmd.Args, cmd.RunE = cobra.ArbitraryArgs, nothingYet
}

// unknown says that there is no such command, and which ones come near.
func unknown(cmd *cobra.Command, name string) error {
	e := ctl.Errorf(ctl.BadRequest, "there is no command %q", cmd.CommandPath()+" "+name)
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		return e.WithHint("did you mean: %s", cmd.CommandPath()+" "+strings.Join(near, ", "+cmd.CommandPath()+" "))
	}
	return e
}

// HelpCommand is crs help.
func (a *App) HelpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]…", Short: "Say how a command is used", Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 {
				return unknown(found, rest[0])
			}
			return found.Help()
		},
	}
}

// HelpTemplate is what help looks like, for cobra.
const HelpTemplate = `{{with (or .Long .Short)}}{{. | trimTrailingWhitespaces}}
{{end}}{{if or .HasExample (not .HasAvailableSubCommands)}}
Usage:
  {{.UseLine}}
{{end}}{{if .HasExample}}
Examples:
  {{.Example}}
{{end}}{{range $group := .Groups}}
{{.Title}}
{{- range $.Commands}}{{if and (eq .GroupID $group.ID) .IsAvailableCommand}}
  {{rpad .Name 11}} {{.Short}}{{end}}{{end}}
{{end}}{{if and .HasAvailableSubCommands (not .Groups)}}
Commands:
{{- range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name 11}} {{.Short}}{{end}}{{end}}
{{end}}{{if .HasAvailableLocalFlags}}
Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}
{{end}}{{if .HasAvailableInheritedFlags}}
Flags of every command:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}
{{end}}{{if .HasAvailableSubCommands}}
More about a command: {{.CommandPath}} COMMAND --help
{{end}}`
