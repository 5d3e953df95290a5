package cli

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"crs/ctl"
)

// DemoOptions are what a demonstration is started with.
type DemoOptions struct{ Version string }

// DemoRun is a demonstration: a daemon with simulated providers, an account and a key.
type DemoRun struct {
	URL    string // of the relay, without a path
	Socket string
	Key    string // the secret; it opens nothing but this daemon
	// Play relays a conversation for each protocol and prints it as it goes on.
	Play func(context.Context, io.Writer) error
	// Wait waits for the end of ctx, or for that of the daemon, which is an error.
	Wait func(context.Context) error
	// Close stops everything and deletes what was made.
	Close func() error
}

func (a *app) demoCommand() *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use: "demo", Short: "See it work: a daemon with simulated providers, and a conversation", Args: takes(),
		Long: "Starts a daemon with simulated providers in a temporary directory, gives it an account, issues a key, relays a conversation for\n" +
			"each protocol, and shows what they cost. It needs no account and no network. Everything is deleted in the end.",
		Example: "crs demo\n  crs demo --keep",
		RunE: func(cmd *cobra.Command, _ []string) error {
			run, err := a.programs.Demo(cmd.Context(), DemoOptions{Version: a.programs.Version})
			if err != nil {
				return err
			}
			return errors.Join(a.demonstrate(cmd.Context(), run, keep), run.Close())
		},
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "leave it running afterwards, until ctrl-C")
	return cmd
}

func (a *app) demonstrate(ctx context.Context, run *DemoRun, keep bool) error {
	a.say("a relay with simulated providers listens on %s; it needs no account and no network\n", run.URL)
	out := a.io.Out
	if a.json {
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
	if err := a.show(map[string]any{"url": run.URL, "socket": run.Socket, "usage": u}, func() { a.usageTable(&u, by) }); err != nil {
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
	a.say("\nThat was a simulation, and it is gone. To go on:\n\n"+
		"  crs demo --keep      the same, left running to play with\n"+
		"  crs serve            a daemon of your own; then, in another terminal:\n"+
		"  crs account add %s NAME --api-key-file FILE\n"+
		"  crs key create NAME", a.programs.Catalogue.Usual)
}

func (a *app) sayPlay(run *DemoRun) {
	a.say("\nIt runs until you press ctrl-C. In another terminal:\n\n"+
		"  export CRS_SOCKET=%s\n"+
		"  crs status\n"+
		"  crs requests -f\n"+
		"  crs explain --key demo --model claude-opus-4-8\n\n"+
		"Or have a client talk to the simulation:\n", run.Socket)
	a.sayFirst(run.URL, run.Key)
}
