package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"crs/ctl"
)

func (a *app) groupCommand() *cobra.Command {
	return a.noun("group", "Sets of accounts that keys can be bound to", []*cobra.Command{
		a.groupCreateCommand(), a.groupListCommand(), a.groupShowCommand(), a.groupAddCommand(), a.groupRemoveCommand(), a.groupDeleteCommand(),
	})
}

func (a *app) groupCreateCommand() *cobra.Command {
	var description string
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make a group", Args: takes("NAME"),
		Example: "crs group create shared --description 'for everybody'",
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := a.client().CreateGroup(cmd.Context(), ctl.NewGroup{Name: args[0], Description: description})
			if err != nil {
				return err
			}
			return a.show(g, func() {
				a.say("group %s is made; put accounts into it: crs group add %s ACCOUNT", g.Name, ctl.ShellWord(g.Name))
			})
		},
	}
	cmd.Flags().StringVar(&description, "description", "", "`TEXT` that says what it is for")
	return cmd
}

func (a *app) groupListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the groups", Args: takes(), Example: "crs group list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := a.client().Groups(cmd.Context())
			if err != nil {
				return err
			}
			return a.show(all, func() { a.groupTable(all) })
		},
	}
}

func (a *app) groupTable(all []ctl.Group) {
	if len(all) == 0 {
		a.say("there are no groups; make one: crs group create NAME")
		return
	}
	var rows [][]string
	for _, g := range all {
		rows = append(rows, []string{g.Name, strings.Join(g.Accounts, ", "), strings.Join(g.Keys, ", "), g.Description})
	}
	a.table([]column{left("NAME"), left("ACCOUNTS"), left("KEYS"), left("DESCRIPTION")}, rows, nil)
}

func (a *app) groupShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Show a group, its accounts, and the keys that are bound to it", Args: takes("NAME"),
		Example: "crs group show shared", ValidArgsFunction: completions(a.groupNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := a.client().Group(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.show(g, func() { a.groupFacts(&g) })
		},
	}
}

func (a *app) groupFacts(g *ctl.Group) {
	a.facts(fact{"name", g.Name}, fact{"id", g.ID}, fact{"description", g.Description}, fact{"created", a.moment(g.CreatedAt)},
		fact{"accounts", strings.Join(g.Accounts, ", ")}, fact{"keys", strings.Join(g.Keys, ", ")})
}

func (a *app) groupAddCommand() *cobra.Command {
	return &cobra.Command{
		Use: "add GROUP ACCOUNT", Short: "Put an account into a group", Args: takes("GROUP", "ACCOUNT"),
		Example: "crs group add shared work", ValidArgsFunction: completions(a.groupNames, a.accountNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.membership(cmd.Context(), (*ctl.Client).JoinGroup, args)
		},
	}
}

func (a *app) groupRemoveCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "remove GROUP ACCOUNT", Short: "Take an account out of a group", Args: takes("GROUP", "ACCOUNT"),
		Example: "crs group remove shared work --yes", ValidArgsFunction: completions(a.groupNames, a.accountNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.confirm(cmd.Context(), yes, "Take account %s out of group %s?", args[1], args[0]); err != nil {
				return err
			}
			return a.membership(cmd.Context(), (*ctl.Client).LeaveGroup, args)
		},
	}
	addYes(cmd, &yes)
	return cmd
}

// membership changes who is in a group and shows it.
func (a *app) membership(ctx context.Context, change func(c *ctl.Client, ctx context.Context, group, account string) (ctl.Group, error), args []string) error {
	g, err := change(a.client(), ctx, args[0], args[1])
	if err != nil {
		return err
	}
	return a.show(g, func() {
		a.say("group %s has %s: %s", g.Name, plural(len(g.Accounts), "account"), strings.Join(g.Accounts, ", "))
	})
}

func (a *app) groupDeleteCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "delete NAME", Short: "Delete a group that nothing uses", Args: takes("NAME"), ValidArgsFunction: completions(a.groupNames),
		Example: "crs group delete shared --yes",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.confirm(cmd.Context(), yes, "Delete group %s?", args[0]); err != nil {
				return err
			}
			if err := a.client().DeleteGroup(cmd.Context(), args[0]); err != nil {
				return err
			}
			return a.show(map[string]string{"deleted": args[0]}, func() { a.say("group %s is deleted", args[0]) })
		},
	}
	addYes(cmd, &yes)
	return cmd
}
