package local

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/internal/config"
)

func (a *app) storeCommand() *cobra.Command {
	return a.Noun("store", "Where keys, accounts and usage are kept", []*cobra.Command{a.storeCopyCommand()})
}

func (a *app) storeCopyCommand() *cobra.Command {
	var opt command.CopyOptions
	var file, password string
	cmd := &cobra.Command{
		Use: "copy --from PLACE --to PLACE", Short: "Copy everything from one store into another", Args: command.Takes(),
		Long: "Copies keys, accounts, groups, prices and usage between a data directory and a Redis, either way, and reads both again to make\n" +
			"sure that they hold the same. Stop the daemons of both first. Passwords and certificates for Redis are those of the configuration\n" +
			"(redis.*). The request log is not copied: it stays in the ledger of each node's data directory.",
		Example: "crs store copy --from /var/lib/crs --to redis://10.0.0.5:6379/0 --dry-run\n" +
			"  crs store copy --from /var/lib/crs --to redis://crs@10.0.0.5:6379/0 --password-file /etc/crs/redis.password\n" +
			"  crs store copy --from redis://10.0.0.5:6379/0 --to /var/lib/crs --force",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opt.From == "" || opt.To == "" {
				return ctl.Errorf(ctl.BadRequest, "say what is to be copied where").WithHint("crs store copy --from /var/lib/crs --to redis://10.0.0.5:6379/0")
			}
			opt.Source = a.Source(said("redis.password_file", password))
			opt.Source.File = file
			if _, err := config.Load(opt.Source); err != nil {
				return mistaken(ctl.BadRequest, err)
			}
			return a.copyStore(cmd.Context(), opt)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.From, "from", "", "data `DIR` or redis URL to copy from")
	flags.StringVar(&opt.To, "to", "", "data `DIR` or redis URL to copy to")
	flags.BoolVar(&opt.DryRun, "dry-run", false, "say what would be copied, and write nothing")
	flags.BoolVar(&opt.Force, "force", false, "replace what the target holds")
	flags.StringVar(&password, "password-file", "", "`FILE` that has the password of Redis (default: redis.password_file)")
	flags.StringVar(&file, "config", "", "configuration `FILE`")
	return cmd
}

func (a *app) copyStore(ctx context.Context, opt command.CopyOptions) error {
	clear := func() {}
	if a.IO.Terminal && !a.JSON {
		opt.Progress, clear = a.counting()
	}
	done, err := a.Programs.CopyStore(ctx, opt)
	clear()
	return command.Result(a.App, done, err, a.storeCopy)
}

// counting shows how many items there were so far, on a line that clear takes away.
func (a *app) counting() (tell func(int64), clear func()) {
	var shown time.Time
	return func(n int64) {
			if now := a.IO.Now(); now.Sub(shown) > 100*time.Millisecond {
				shown = now
				_, _ = fmt.Fprintf(a.IO.Err, "\r%d copied", n)
			}
		}, func() {
			if !shown.IsZero() {
				_, _ = fmt.Fprint(a.IO.Err, "\r                              \r")
			}
		}
}

func (a *app) storeCopy(done ctl.StoreCopy) {
	rows := command.Rows(done.Parts, func(p *ctl.StorePart) []string {
		return []string{p.Name, fmt.Sprint(p.Count), p.Hash[:min(16, len(p.Hash))]}
	})
	a.Table([]command.Column{command.Left("PART"), command.Right("COUNT"), command.Left("HASH")}, rows, nil)
	switch {
	case done.DryRun:
		a.Say("\nnothing was written; without --dry-run this would be copied from %s to %s", done.From, done.To)
	case done.Verified:
		a.Say("\ncopied from %s to %s; both were read again and hold the same", done.From, done.To)
	}
	for _, n := range done.Notes {
		a.Say("%s", n)
	}
}
