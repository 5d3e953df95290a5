// Command crs is a relay for AI provider APIs: the daemon, and the command line that controls it.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // time_zone must work where the system has no zones

	"crs/ctl"
	"crs/ctl/cli"
	"crs/ctl/cli/command"
	"crs/daemon"
	"crs/daemon/unit"
	"crs/internal/backup"
	"crs/lab/demo"
	"crs/lab/simulator"
	"crs/tui"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the process at once
	os.Exit(cli.Run(ctx, programs(), os.Args[1:], command.Process()))
}

// programs are what the command line starts.
func programs() command.Programs {
	return command.Programs{
		Version: versionOf(), Catalogue: daemon.Catalogue(), Providers: daemon.ProviderNames(), ReleaseKey: releaseKey, ReleaseFrom: releaseFrom,
		CheckProviders: daemon.CheckProviders,
		Serve: func(ctx context.Context, o command.ServeOptions) error {
			return unit.Run(ctx, func(ctx context.Context) error {
				return daemon.Serve(ctx, daemon.Options{Source: o.Source, Version: o.Version, Log: o.Log, Now: wall()})
			})
		},
		Service: func(user bool) command.Service { return unit.New(user) },
		Backup: func(ctx context.Context, o command.BackupOptions) error {
			return daemon.Backup(ctx, daemon.BackupOptions(o))
		},
		Restore: restore,
		Mock: func(ctx context.Context, o command.MockOptions, out io.Writer) error {
			return simulator.Run(ctx, simulator.Options{Listen: o.Listen, Script: o.Script}, out)
		},
		Demo: func(ctx context.Context, o command.DemoOptions) (*command.DemoRun, error) {
			d, err := demo.Start(ctx, demo.Options{Version: o.Version})
			if err != nil {
				return nil, err
			}
			return &command.DemoRun{URL: d.URL, Socket: d.Socket, Key: d.Key, Play: d.Play, Wait: d.Wait, Close: d.Close}, nil
		},
		CopyStore: func(ctx context.Context, o command.CopyOptions) (ctl.StoreCopy, error) {
			return daemon.CopyStore(ctx, daemon.CopyOptions{Source: o.Source, From: o.From, To: o.To, DryRun: o.DryRun, Force: o.Force, Progress: o.Progress})
		},
		Dashboard: func(ctx context.Context, o command.DashboardOptions) error {
			return tui.Run(ctx, tui.Options{Daemon: o.Client, Catalogue: daemon.Catalogue(), NoColours: o.NoColor, Fail: o.Fail})
		},
	}
}

// restore puts what a backup says into the command line's words.
func restore(ctx context.Context, o command.BackupOptions) (*command.Restored, error) {
	done, err := daemon.Restore(ctx, daemon.BackupOptions(o))
	switch {
	case errors.Is(err, backup.ErrEncrypted):
		return nil, command.ErrBackupEncrypted
	case errors.Is(err, backup.ErrOccupied):
		return nil, command.ErrStoreThere
	case err != nil:
		return nil, err
	}
	return &command.Restored{Version: done.About.Version, Made: done.About.Made, Ledger: done.About.Ledger, Config: done.Config, Before: done.Before}, nil
}
