package remote

import (
	"github.com/spf13/cobra"

	"crs/ctl/cli/command"
)

func (a *app) alertCommand() *cobra.Command {
	cmd := a.Noun("alert", "What the daemon sends when somebody has to mend something", []*cobra.Command{a.alertTestCommand()})
	cmd.Long = "The daemon can send a message to a webhook when an account needs a login, is blocked, or its subscription has ended; when no\n" +
		"account of a platform is ready; when usage cannot be written down; and when that is over. Where to: alert.url_file in the configuration."
	return cmd
}

func (a *app) alertTestCommand() *cobra.Command {
	return &cobra.Command{
		Use: "test", Short: "Send a test message", Args: command.Takes(),
		Example: "crs alert test",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.Client().TestAlert(cmd.Context()); err != nil {
				return err
			}
			return a.Show(map[string]bool{"sent": true}, func() { a.Say("delivered") })
		},
	}
}
