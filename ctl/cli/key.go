package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"crs/ctl"
)

func (a *app) keyCommand() *cobra.Command {
	return a.noun("key", "The keys that clients present", []*cobra.Command{
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
		Use: "create NAME", Short: "Make a key, and show it this once", Args: takes("NAME"),
		Long: "Makes a key and shows it. That is the only time: crs keeps no more than its hash. A limit that is not given does not limit.",
		Example: "crs key create alice\n" +
			"  crs key create bob --rpm 60 --concurrency 4 --daily-cost 5 --expires 30d\n" +
			"  crs key create eve --limit cost/month=50 --limit tokens/day=2M --limit requests/5h=300\n" +
			"  crs key create ci --allow-models 'claude-haiku-*' --group shared --tag team-a -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			edit, err := flags.edit(cmd, a.io.Now())
			if err != nil {
				return err
			}
			k, err := a.client().CreateKey(cmd.Context(), ctl.NewKey{Name: args[0], KeyEdit: edit})
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
	return a.show(k, func() {
		a.say("key %s %s; it will not be shown again:\n\n  %s\n", k.Name, did, k.Secret)
		url := "http://HOST:PORT"
		if s, err := a.client().Status(ctx); err == nil {
			url = relayURL(s.Listen, s.TLS)
		}
		a.sayFirst(url, k.Secret)
		a.say("\nfor others: crs env %s --client %s", ctl.ShellWord(k.Name), strings.Join(programNames(&a.programs.Catalogue), "|"))
	})
}

func (a *app) keyListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the keys, deleted ones too, and how much each has used", Args: takes(),
		Example: "crs key list\n  crs key list -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := a.client().Keys(cmd.Context())
			if err != nil {
				return err
			}
			return a.show(all, func() { a.keyTable(all) })
		},
	}
}

func (a *app) keyShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Show a key, its limits, and how much of them it has used", Args: takes("NAME"),
		Example: "crs key show alice", ValidArgsFunction: completions(a.keyNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := a.client().Key(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.show(k, func() { a.keyFacts(&k) })
		},
	}
}

func (a *app) keyEditCommand() *cobra.Command {
	var flags keyFlags
	var version int64
	cmd := &cobra.Command{
		Use: "edit NAME", Short: "Change a key's limits", Args: takes("NAME"), ValidArgsFunction: completions(a.keyNames),
		Long: "Changes what is given, and nothing else. A limit of 0 does not limit; an empty text or list takes the old one away.",
		Example: "crs key edit alice --daily-cost 10 --concurrency 8\n" +
			"  crs key edit alice --limit cost/month=50 --limit requests/5h=0\n" +
			"  crs key edit alice --account '' --deny-models ''\n" +
			"  crs key edit alice --expires never\n" +
			"  crs key edit alice --daily-cost 20 --if-version 3",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := changesSomething(cmd); err != nil {
				return err
			}
			edit, err := flags.edit(cmd, a.io.Now())
			if err != nil {
				return err
			}
			if cmd.Flag("if-version").Changed {
				edit.Version = &version
			}
			k, err := a.client().EditKey(cmd.Context(), args[0], edit)
			if err != nil {
				return err
			}
			return a.show(k, func() { a.keyFacts(&k) })
		},
	}
	flags.addTo(a, cmd)
	cmd.Flags().Int64Var(&version, "if-version", 0, "change it only if it is at version `N` (crs key show -o json); exit 6 if somebody else was faster")
	return cmd
}

// keyChange is a command that does one thing to a key. did says what the key is afterwards.
func (a *app) keyChange(verb, short, did string, call func(*ctl.Client, context.Context, string) (ctl.Key, error)) *cobra.Command {
	return &cobra.Command{
		Use: verb + " NAME", Short: short, Args: takes("NAME"), ValidArgsFunction: completions(a.keyNames),
		Example: "crs key " + verb + " alice",
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := call(a.client(), cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.show(k, func() { a.say("key %s %s", k.Name, did) })
		},
	}
}
