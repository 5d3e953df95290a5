package remote

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
)

func (a *app) groupCommand() *cobra.Command {
	return a.Noun("group", "Sets of accounts that keys can be bound to", []*cobra.Command{
		a.groupCreateCommand(),
		all(a, "List the groups", "crs group list", (*ctl.Client).Groups, a.groupTable),
		one[ctl.Group]{
			"show NAME", "Show a group, its accounts, and the keys that are bound to it", "crs group show shared", a.GroupNames, "", (*ctl.Client).Group, a.groupFacts,
		}.command(a),
		a.membership("add", "Put an account into a group", "", (*ctl.Client).JoinGroup),
		a.membership("remove", "Take an account out of a group", "Take account %[2]s out of group %[1]s?", (*ctl.Client).LeaveGroup),
		one[map[string]string]{
			"delete NAME", "Delete a group that nothing uses", "crs group delete shared --yes", a.GroupNames, "Delete group %s?",
			gone("deleted", (*ctl.Client).DeleteGroup), func(x map[string]string) { a.Say("group %s is deleted", x["deleted"]) },
		}.command(a),
	})
}

func (a *app) groupCreateCommand() *cobra.Command {
	var description string
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make a group", Args: command.Takes("NAME"),
		Example: "crs group create shared --description 'for everybody'",
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := a.Client().CreateGroup(cmd.Context(), ctl.NewGroup{Name: args[0], Description: description})
			return command.Result(a.App, g, err, func(g ctl.Group) {
				a.Say("group %s is made; put accounts into it: crs group add %s ACCOUNT", g.Name, ctl.ShellWord(g.Name))
			})
		},
	}
	cmd.Flags().StringVar(&description, "description", "", "`TEXT` that says what it is for")
	return cmd
}

func (a *app) groupTable(all []ctl.Group) {
	columns := []command.Column{command.Left("NAME"), command.Left("ACCOUNTS"), command.Left("KEYS"), command.Left("DESCRIPTION")}
	command.List(a.App, "there are no groups; make one: crs group create NAME", columns, all, func(g *ctl.Group) []string {
		return []string{g.Name, strings.Join(g.Accounts, ", "), strings.Join(g.Keys, ", "), g.Description}
	})
}

func (a *app) groupFacts(g ctl.Group) {
	a.Facts(command.Fact{"name", g.Name}, command.Fact{"id", g.ID}, command.Fact{"description", g.Description}, command.Fact{"created", a.Moment(g.CreatedAt)},
		command.Fact{"accounts", strings.Join(g.Accounts, ", ")}, command.Fact{"keys", strings.Join(g.Keys, ", ")})
}

// membership is a command that changes who is in a group, and shows it.
func (a *app) membership(verb, short, ask string, change func(c *ctl.Client, ctx context.Context, group, account string) (ctl.Group, error)) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: verb + " GROUP ACCOUNT", Short: short, Args: command.Takes("GROUP", "ACCOUNT"),
		Example: "crs group " + verb + " shared work", ValidArgsFunction: command.Completions(a.GroupNames, a.AccountNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.Confirm(cmd.Context(), yes || ask == "", ask, args[0], args[1]); err != nil {
				return err
			}
			g, err := change(a.Client(), cmd.Context(), args[0], args[1])
			return command.Result(a.App, g, err, func(g ctl.Group) {
				a.Say("group %s has %s: %s", g.Name, command.Plural(len(g.Accounts), "account"), strings.Join(g.Accounts, ", "))
			})
		},
	}
	if ask != "" {
		cmd.Example += " --yes"
		command.AddYes(cmd, &yes)
	}
	return cmd
}
