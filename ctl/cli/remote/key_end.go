package remote

import (
	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
)

// These commands end something that a client may be using, and so they ask first.

func (a *app) keyRotateCommand() *cobra.Command {
	return a.asking("rotate", "Give a key a new secret; the old one is refused from then on",
		"Give key %s a new secret? The old one is refused at once.",
		func(cmd *cobra.Command, name string) error {
			k, err := a.Client().RotateKey(cmd.Context(), name)
			if err != nil {
				return err
			}
			return a.issued(cmd.Context(), &k, "has a new secret")
		})
}

func (a *app) keyDeleteCommand() *cobra.Command {
	return a.asking("delete", "Delete a key; it can be restored", "Delete key %s? It is refused at once.",
		func(cmd *cobra.Command, name string) error {
			k, err := a.Client().DeleteKey(cmd.Context(), name)
			if err != nil {
				return err
			}
			return a.Show(k, func() {
				a.Say("key %s is deleted\nbring it back: crs key restore %s; or remove it for good: crs key purge %s", k.Name, ctl.ShellWord(k.Name), ctl.ShellWord(k.Name))
			})
		})
}

func (a *app) keyPurgeCommand() *cobra.Command {
	return a.asking("purge", "Remove a deleted key for good; what it used stays in the figures", "Remove key %s for good?",
		func(cmd *cobra.Command, name string) error {
			if err := a.Client().PurgeKey(cmd.Context(), name); err != nil {
				return err
			}
			return a.Show(map[string]string{"purged": name}, func() { a.Say("key %s is gone", name) })
		})
}

// asking is a command on a key that asks before it does its work. The question has a place for the key's name.
func (a *app) asking(verb, short, question string, do func(cmd *cobra.Command, name string) error) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: verb + " NAME", Short: short, Args: command.Takes("NAME"), ValidArgsFunction: command.Completions(a.KeyNames),
		Example: "crs key " + verb + " alice --yes",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.Confirm(cmd.Context(), yes, question, args[0]); err != nil {
				return err
			}
			return do(cmd, args[0])
		},
	}
	command.AddYes(cmd, &yes)
	return cmd
}
