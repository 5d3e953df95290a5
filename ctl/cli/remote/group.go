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
		a.groupCreateCommand(), a.groupListCommand(), a.groupShowCommand(), a.groupAddCommand(), a.groupRemoveCommand(), a.groupDeleteCommand(),
	})
}

func (a *app) groupCreateCommand() *cobra.Command {
	var description string
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make a group", Args: command.Takes("NAME"),
		Example: "crs group create shared --description 'for everybody'",
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := a.Client().CreateGroup(cmd.Context(), ctl.NewGroup{Name: args[0], Description: description})
			if err != nil {
				return err
			}
			return a.Show(g, func() {
				a.Say("group %s is made; put accounts into it: crs group add %s ACCOUNT", g.Name, ctl.ShellWord(g.Name))
			})
		},
	}
	cmd.Flags().StringVar(&description, "description", "", "`TEXT` that says what it is for")
	return cmd
}

func (a *app) groupListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the groups", Args: command.Takes(), Example: "crs group list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := a.Client().Groups(cmd.Context())
			if err != nil {
				return err
			}
			return a.Show(all, func() { a.groupTable(all) })
		},
	}
}

func (a *app) groupTable(all []ctl.Group) {
	if len(all) == 0 {
		a.Say("there are no groups; make one: crs group create NAME")
		return
	}
	var rows [][]string
	for _, g := range all {
		rows = append(rows, []string{g.Name, strings.Join(g.Accounts, ", "), strings.Join(g.Keys, ", "), g.Description})
	}
	a.Table([]command.Column{command.Left("NAME"), command.Left("ACCOUNTS"), command.Left("KEYS"), command.Left("DESCRIPTION")}, rows, nil)
}

func (a *app) groupShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Show a group, its accounts, and the keys that are bound to it", Args: command.Takes("NAME"),
		Example: "crs group show shared", ValidArgsFunction: command.Completions(a.GroupNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := a.Client().Group(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.Show(g, func() { a.groupFacts(&g) })
		},
	}
}

func (a *app) groupFacts(g *ctl.Group) {
	a.Facts(command.Fact{"name", g.Name}, command.Fact{"id", g.ID}, command.Fact{"description", g.Description}, command.Fact{"created", a.Moment(g.CreatedAt)},
		command.Fact{"accounts", strings.Join(g.Accounts, ", ")}, command.Fact{"keys", strings.Join(g.Keys, ", ")})
}

func (a *app) groupAddCommand() *cobra.Command {
	return &cobra.Command{
		Use: "add GROUP ACCOUNT", Short: "Put an account into a group", Args: command.Takes("GROUP", "ACCOUNT"),
		Example: "crs group add shared work", ValidArgsFunction: command.Completions(a.GroupNames, a.AccountNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.membership(cmd.Context(), (*ctl.Client).JoinGroup, args)
		},
	}
}

func (a *app) groupRemoveCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "remove GROUP ACCOUNT", Short: "Take an account out of a group", Args: command.Takes("GROUP", "ACCOUNT"),
		Example: "crs group remove shared work --yes", ValidArgsFunction: command.Completions(a.GroupNames, a.AccountNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.Confirm(cmd.Context(), yes, "Take account %s out of group %s?", args[1], args[0]); err != nil {
				return err
			}
			return a.membership(cmd.Context(), (*ctl.Client).LeaveGroup, args)
		},
	}
	command.AddYes(cmd, &yes)
	return cmd
}

// membership changes who is in a group and shows it.
func (a *app) membership(ctx context.Context, change func(c *ctl.Client, ctx context.Context, group, account string) (ctl.Group, error), args []string) error {
	g, err := change(a.Client(), ctx, args[0], args[1])
	if err != nil {
		return err
	}
	return a.Show(g, func() {
		a.Say("group %s has %s: %s", g.Name, command.Plural(len(g.Accounts), "account"), strings.Join(g.Accounts, ", "))
	})
}

func (a *app) groupDeleteCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "delete NAME", Short: "Delete a group that nothing uses", Args: command.Takes("NAME"), ValidArgsFunction: command.Completions(a.GroupNames),
		Example: "crs group delete shared --yes",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.Confirm(cmd.Context(), yes, "Delete group %s?", args[0]); err != nil {
				return err
			}
			if err := a.Client().DeleteGroup(cmd.Context(), args[0]); err != nil {
				return err
			}
			return a.Show(map[string]string{"deleted": args[0]}, func() { a.Say("group %s is deleted", args[0]) })
		},
	}
	command.AddYes(cmd, &yes)
	return cmd
}
