package remote

import (
	"context"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
)

func (a *app) accountCommand() *cobra.Command {
	return a.Noun("account", "The accounts that requests are served from", []*cobra.Command{
		a.accountAddCommand(), a.accountLoginCommand(), a.accountImportCommand(),
		all(a, "List the accounts, and how each is doing", "crs account list\n  crs account list -o json", (*ctl.Client).Accounts, a.accountTable),
		one[ctl.Account]{"show NAME", "Show an account", "crs account show work", a.AccountNames, "", (*ctl.Client).Account, a.accountFacts}.command(a),
		a.accountEditCommand(),
		a.accountChange("enable", "Take an account into use", "is in use", (*ctl.Client).EnableAccount),
		a.accountChange("disable", "Take an account out of use; what it is serving goes on", "is out of use", (*ctl.Client).DisableAccount),
		a.accountChange("thaw", "End every cool-down of an account, and what was held against it", "is thawed", (*ctl.Client).ThawAccount),
		a.accountChange("refresh", "Renew an account's token now", "has a new token", (*ctl.Client).RefreshAccount),
		a.accountTestCommand(),
		one[map[string]string]{
			"remove NAME", "Remove an account and its credential", "crs account remove work --yes", a.AccountNames, "Remove account %s and its credential for good?",
			gone("removed", (*ctl.Client).RemoveAccount), func(x map[string]string) { a.Say("account %s is removed", x["removed"]) },
		}.command(a),
	})
}

// accountChange is a command that does one thing to an account. did says what the account is, or has, afterwards.
func (a *app) accountChange(verb, short, did string, call func(*ctl.Client, context.Context, string) (ctl.Account, error)) *cobra.Command {
	say := func(x ctl.Account) { a.Say("account %s %s; its state: %s", x.Name, did, x.State) }
	return one[ctl.Account]{verb + " NAME", short, "crs account " + verb + " work", a.AccountNames, "", call, say}.command(a)
}

func (a *app) accountTestCommand() *cobra.Command {
	var model string
	cmd := &cobra.Command{
		Use: "test NAME", Short: "Ask an account for a few tokens", Args: command.Takes("NAME"), ValidArgsFunction: command.Completions(a.AccountNames),
		Long: "Asks an account for a few tokens, on its own way and outside of every limit; a subscription is asked for its gauges only.\n" +
			"What comes of it changes nothing about the account's state.",
		Example: "crs account test work\n  crs account test work --model claude-sonnet-5",
		RunE: func(cmd *cobra.Command, args []string) error {
			answered := a.Busy("asking " + args[0])
			t, err := a.Client().TestAccount(cmd.Context(), args[0], model)
			answered()
			return a.tested(args[0], &t, err)
		},
	}
	cmd.Flags().StringVar(&model, "model", "", "`MODEL` to ask for; a cheap one if none is named")
	command.Complete(cmd, "model", a.ModelNames)
	return cmd
}

// tested tells what came of a test; one that did not go well is an error too.
func (a *app) tested(name string, t *ctl.AccountTest, err error) error {
	if err := command.Result(a.App, t, err, func(*ctl.AccountTest) {}); err != nil {
		return err
	}
	switch {
	case t.OK:
		a.Say("account %s works; it answered in %s", name, command.Took(t.Millis))
		return nil
	case t.Status == 0:
		return ctl.Errorf(ctl.Failed, "account %s could not be asked: %s", name, t.Message)
	}
	return ctl.Errorf(ctl.Failed, "account %s does not work: its provider answered %d %s", name, t.Status, t.Message)
}
