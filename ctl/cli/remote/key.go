package remote

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
)

func (a *app) keyCommand() *cobra.Command {
	return a.Noun("key", "The keys that clients present", []*cobra.Command{
		a.keyCreateCommand(), a.keyListCommand(), a.keyShowCommand(), a.keyEditCommand(), a.keyRotateCommand(),
		a.keyChange("disable", "Have a key refused", "is disabled", (*ctl.Client).DisableKey),
		a.keyChange("enable", "Let a key be used again", "can be used again", (*ctl.Client).EnableKey),
		a.keyDeleteCommand(),
		a.keyChange("restore", "Take a deletion back", "is restored", (*ctl.Client).RestoreKey),
		a.keyPurgeCommand(),
	})
}

func (a *app) keyCreateCommand() *cobra.Command {
	var flags keyFlags
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make a key, and show it this once", Args: command.Takes("NAME"),
		Long: "Makes a key and shows it. That is the only time: crs keeps no more than its hash. A limit that is not given does not limit.",
		Example: "crs key create alice\n" +
			"  crs key create bob --rpm 60 --concurrency 4 --daily-cost 5 --expires 30d\n" +
			"  crs key create eve --limit cost/month=50 --limit tokens/day=2M --limit requests/5h=300\n" +
			"  crs key create ci --allow-models 'claude-haiku-*' --group shared --tag team-a -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			edit, err := flags.edit(cmd, a.IO.Now())
			if err != nil {
				return err
			}
			k, err := a.Client().CreateKey(cmd.Context(), ctl.NewKey{Name: args[0], KeyEdit: edit})
			if err != nil {
				return err
			}
			return a.issued(cmd.Context(), &k, "is made")
		},
	}
	flags.addTo(a, cmd)
	return cmd
}

// issued shows a key's secret. The daemon has done its part, so that nothing that goes wrong from here on may hide it.
func (a *app) issued(ctx context.Context, k *ctl.IssuedKey, did string) error {
	return a.Show(k, func() {
		a.Say("key %s %s; it will not be shown again:\n\n  %s\n", k.Name, did, k.Secret)
		url := "http://HOST:PORT"
		if s, err := a.Client().Status(ctx); err == nil {
			url = relayURL(s.Listen, s.TLS)
		}
		a.sayFirst(url, k.Secret)
		a.Say("\nfor others: crs env %s --client %s", ctl.ShellWord(k.Name), strings.Join(programNames(&a.Programs.Catalogue), "|"))
	})
}

func (a *app) keyListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the keys, deleted ones too, and how much each has used", Args: command.Takes(),
		Example: "crs key list\n  crs key list -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := a.Client().Keys(cmd.Context())
			if err != nil {
				return err
			}
			return a.Show(all, func() { a.keyTable(all) })
		},
	}
}

func (a *app) keyShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Show a key, its limits, and how much of them it has used", Args: command.Takes("NAME"),
		Example: "crs key show alice", ValidArgsFunction: command.Completions(a.KeyNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := a.Client().Key(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.Show(k, func() { a.keyFacts(&k) })
		},
	}
}

func (a *app) keyEditCommand() *cobra.Command {
	var flags keyFlags
	var version int64
	cmd := &cobra.Command{
		Use: "edit NAME", Short: "Change a key's limits", Args: command.Takes("NAME"), ValidArgsFunction: command.Completions(a.KeyNames),
		Long: "Changes what is given, and nothing else. A limit of 0 does not limit; an empty text or list takes the old one away.",
		Example: "crs key edit alice --daily-cost 10 --concurrency 8\n" +
			"  crs key edit alice --limit cost/month=50 --limit requests/5h=0\n" +
			"  crs key edit alice --account '' --deny-models ''\n" +
			"  crs key edit alice --expires never\n" +
			"  crs key edit alice --daily-cost 20 --if-version 3",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := command.ChangesSomething(cmd); err != nil {
				return err
			}
			edit, err := flags.edit(cmd, a.IO.Now())
			if err != nil {
				return err
			}
			if cmd.Flag("if-version").Changed {
				edit.Version = &version
			}
			k, err := a.Client().EditKey(cmd.Context(), args[0], edit)
			if err != nil {
				return err
			}
			return a.Show(k, func() { a.keyFacts(&k) })
		},
	}
	flags.addTo(a, cmd)
	cmd.Flags().Int64Var(&version, "if-version", 0, "change it only if it is at version `N` (crs key show -o json); exit 6 if somebody else was faster")
	return cmd
}

// keyChange is a command that does one thing to a key. did says what the key is afterwards.
func (a *app) keyChange(verb, short, did string, call func(*ctl.Client, context.Context, string) (ctl.Key, error)) *cobra.Command {
	return &cobra.Command{
		Use: verb + " NAME", Short: short, Args: command.Takes("NAME"), ValidArgsFunction: command.Completions(a.KeyNames),
		Example: "crs key " + verb + " alice",
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := call(a.Client(), cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.Show(k, func() { a.Say("key %s %s", k.Name, did) })
		},
	}
}
