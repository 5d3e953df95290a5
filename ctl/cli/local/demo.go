package local

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/ctl/cli/remote"
)

func (a *app) demoCommand() *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use: "demo", Short: "See it work: a daemon with simulated providers, and a conversation", Args: command.Takes(),
		Long: "Starts a daemon with simulated providers in a temporary directory, gives it an account, issues a key, relays a conversation for\n" +
			"each protocol, and shows what they cost. It needs no account and no network. Everything is deleted in the end.",
		Example: "crs demo\n  crs demo --keep",
		RunE: func(cmd *cobra.Command, _ []string) error {
			run, err := a.Programs.Demo(cmd.Context(), command.DemoOptions{Version: a.Programs.Version})
			if err != nil {
				return err
			}
			return errors.Join(a.demonstrate(cmd.Context(), run, keep), run.Close())
		},
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "leave it running afterwards, until ctrl-C")
	return cmd
}

func (a *app) demonstrate(ctx context.Context, run *command.DemoRun, keep bool) error {
	a.Say("a relay with simulated providers listens on %s; it needs no account and no network\n", run.URL)
	out := a.IO.Out
	if a.JSON {
		out = io.Discard
	}
	if err := run.Play(ctx, out); err != nil {
		return err
	}
	client := ctl.NewClient(run.Socket)
	defer client.Close()
	by := []string{"key", "account", "model"}
	u, err := client.Usage(ctx, ctl.UsageQuery{By: by})
	if err != nil {
		return err
	}
	if err := a.Show(map[string]any{"url": run.URL, "socket": run.Socket, "usage": u}, func() { remote.ShowUsage(a.App, &u, by) }); err != nil {
		return err
	}
	if !keep {
		a.sayNext()
		return nil
	}
	a.sayPlay(run)
	return run.Wait(ctx)
}

func (a *app) sayNext() {
	a.Say("\nThat was a simulation, and it is gone. To go on:\n\n"+
		"  crs demo --keep      the same, left running to play with\n"+
		"  crs serve            a daemon of your own; then, in another terminal:\n"+
		"  crs account add %s NAME --api-key-file FILE\n"+
		"  crs key create NAME", a.Programs.Catalogue.Usual)
}

func (a *app) sayPlay(run *command.DemoRun) {
	a.Say("\nIt runs until you press ctrl-C. In another terminal:\n\n"+
		"  export CRS_SOCKET=%s\n"+
		"  crs status\n"+
		"  crs requests -f\n"+
		"  crs explain --key demo --model claude-opus-4-8\n\n"+
		"Or have a client talk to the simulation:\n", run.Socket)
	remote.SayFirst(a.App, run.URL, run.Key)
}
