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
		a.keyCreateCommand(),
		all(a, "List the keys, deleted ones too, and how much each has used", "crs key list\n  crs key list -o json", (*ctl.Client).Keys, a.keyTable),
		one[ctl.Key]{
			"show NAME", "Show a key, its limits, and how much of them it has used", "crs key show alice", a.KeyNames, "", (*ctl.Client).Key, a.keyFacts,
		}.command(a),
		a.keyEditCommand(), a.keyRotateCommand(),
		a.keyChange("disable", "Have a key refused", "", "key %[1]s is disabled", (*ctl.Client).DisableKey),
		a.keyChange("enable", "Let a key be used again", "", "key %[1]s can be used again", (*ctl.Client).EnableKey),
		a.keyChange("delete", "Delete a key; it can be restored", "Delete key %s? It is refused immediately.",
			"key %[1]s is deleted\nbring it back: crs key restore %[2]s; or remove it for good: crs key purge %[2]s", (*ctl.Client).DeleteKey),
		a.keyChange("restore", "Take a deletion back", "", "key %[1]s is restored", (*ctl.Client).RestoreKey),
		one[map[string]string]{
			"purge NAME", "Remove a deleted key for good; what it used stays in the figures", "crs key purge alice --yes", a.KeyNames, "Remove key %s for good?",
			gone("purged", (*ctl.Client).PurgeKey), func(x map[string]string) { a.Say("key %s is gone", x["purged"]) },
		}.command(a),
	})
}

func (a *app) keyCreateCommand() *cobra.Command {
	var flags fieldFlags
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make a key, and show it this once", Args: command.Takes("NAME"),
		Long: "Makes a key and shows it. That is the only time: crs keeps no more than its hash. A limit that is not given does not limit.",
		Example: "crs key create alice\n" +
			"  crs key create bob --rpm 60 --concurrency 4 --daily-cost 5 --expires 30d\n" +
			"  crs key create eve --limit cost/month=50 --limit tokens/day=2M --limit requests/5h=300\n" +
			"  crs key create ci --allow-models 'claude-haiku-*' --group shared --tag team-a -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			edit, err := flags.keyEdit(cmd, a.IO.Now())
			if err != nil {
				return err
			}
			k, err := a.Client().CreateKey(cmd.Context(), ctl.NewKey{Name: args[0], KeyEdit: edit})
			return a.issued(cmd.Context(), k, err, "is made")
		},
	}
	flags.addTo(a, cmd, a.Programs.Catalogue.KeyFields, true)
	return cmd
}

// issued shows a key's secret. The daemon has done its part, so that nothing that goes wrong from here on may hide it.
func (a *app) issued(ctx context.Context, k ctl.IssuedKey, err error, did string) error {
	return command.Result(a.App, k, err, func(k ctl.IssuedKey) {
		a.Say("key %s %s; it will not be shown again:\n\n  %s\n", k.Name, did, k.Secret)
		url := "http://HOST:PORT"
		if s, err := a.Client().Status(ctx); err == nil {
			url = relayURL(s.Listen, s.TLS)
		}
		a.sayFirst(url, k.Secret)
		a.Say("\nfor others: crs env %s --client %s", ctl.ShellWord(k.Name), strings.Join(programNames(&a.Programs.Catalogue), "|"))
	})
}

func (a *app) keyEditCommand() *cobra.Command {
	var flags fieldFlags
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
			edit, err := flags.keyEdit(cmd, a.IO.Now())
			if err != nil {
				return err
			}
			if cmd.Flag("if-version").Changed {
				edit.Version = &version
			}
			k, err := a.Client().EditKey(cmd.Context(), args[0], edit)
			return command.Result(a.App, k, err, a.keyFacts)
		},
	}
	flags.addTo(a, cmd, a.Programs.Catalogue.KeyFields, true)
	cmd.Flags().Int64Var(&version, "if-version", 0, "change it only if it is at version `N` (crs key show -o json); exit 6 if somebody else was faster")
	return cmd
}

// keyRotateCommand ends what a client may be using, and so it asks first.
func (a *app) keyRotateCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "rotate NAME", Short: "Give a key a new secret; the old one is refused from then on", Args: command.Takes("NAME"), ValidArgsFunction: command.Completions(a.KeyNames),
		Example: "crs key rotate alice --yes",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.Confirm(cmd.Context(), yes, "Give key %s a new secret? The old one is refused immediately.", args[0]); err != nil {
				return err
			}
			k, err := a.Client().RotateKey(cmd.Context(), args[0])
			return a.issued(cmd.Context(), k, err, "has a new secret")
		},
	}
	command.AddYes(cmd, &yes)
	return cmd
}

// keyChange is a command that does one thing to a key. did says what the key is afterwards: it has places for its name, as it is and for a
// shell.
func (a *app) keyChange(verb, short, ask, did string, call func(*ctl.Client, context.Context, string) (ctl.Key, error)) *cobra.Command {
	example := "crs key " + verb + " alice" + command.Only(ask != "", " --yes")
	say := func(k ctl.Key) { a.Say(did, k.Name, ctl.ShellWord(k.Name)) }
	return one[ctl.Key]{verb + " NAME", short, example, a.KeyNames, ask, call, say}.command(a)
}
