package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/internal/secret"
)

// backupFlags are what can be said of a backup. Its passphrase is never given on the command line.
type backupFlags struct {
	ask, force bool
	file, data string // file has the passphrase
}

// addTo adds the flags, which say what the passphrase is for and what is replaced.
func (f *backupFlags) addTo(cmd *cobra.Command, secret, replaced string) {
	cmd.Flags().StringVar(&f.file, "passphrase-file", "", secret+" it with the passphrase in `FILE`; - is standard input")
	cmd.Flags().BoolVar(&f.force, "force", false, "replace "+replaced)
	cmd.Flags().StringVar(&f.data, "data", "", "`DIR` of the daemon's data")
}

func (a *app) backupCommand() *cobra.Command {
	var from backupFlags
	cmd := &cobra.Command{
		Use: "backup FILE", Short: "Write accounts, keys, usage and configuration into one file", Args: command.Takes("FILE"), ValidArgsFunction: command.Files,
		Long: "Writes all that the daemon keeps into FILE: the store, the key that its secrets are sealed with, the ledger and the configuration.\n" +
			"The daemon may run; what is written is what there was at one moment. Whoever has the file has the accounts: encrypt it, or keep it\n" +
			"where nobody else can read it.",
		Example: "sudo crs backup /root/crs.tar.gz\n  crs backup --encrypt crs.age\n  crs backup --passphrase-file pass.txt crs.age",
		RunE: func(cmd *cobra.Command, args []string) error {
			file := args[0]
			if _, err := os.Lstat(file); err == nil && !from.force {
				return ctl.Errorf(ctl.Conflict, "%s is there already", file).WithHint("give another name, or replace it with --force")
			}
			if err := command.Makable("the backup", file); err != nil {
				return err
			}
			pass, err := a.newPassphrase(cmd.Context(), from)
			if err != nil {
				return err
			}
			o := command.BackupOptions{Source: a.Source(said("data", from.data)), Version: a.Programs.Version, File: file, Passphrase: pass}
			done := a.Busy("backing up")
			err = a.Programs.Backup(cmd.Context(), o)
			done()
			if err != nil {
				return backupFailed(err, file)
			}
			return a.wrote(file, !pass.Empty())
		},
	}
	from.addTo(cmd, "encrypt", "the file")
	cmd.Flags().BoolVar(&from.ask, "encrypt", false, "encrypt it with a passphrase, which is asked for")
	return cmd
}

func (a *app) wrote(file string, encrypted bool) error {
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("look at the backup: %w", err)
	}
	out := map[string]any{"file": file, "bytes": info.Size(), "encrypted": encrypted}
	return a.Show(out, func() {
		a.Say("%s: %s", file, humanize.Bytes(uint64(info.Size())))
		if !encrypted {
			a.Say("  it is not encrypted: whoever has it has the accounts")
		}
		a.Say("  restore it with: crs restore %s", file)
	})
}

// backupFailed says what to do.
func backupFailed(err error, file string) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return ctl.Errorf(ctl.NotPermitted, "%s", err).WithHint("the daemon's user and root may: try sudo")
	case errors.Is(err, syscall.ENOSPC), strings.Contains(err.Error(), "disk is full"):
		return ctl.Errorf(ctl.Failed, "there is no room for the backup at %s", file).WithHint("nothing was left there; give it another place")
	case errors.Is(err, fs.ErrNotExist):
		return ctl.Errorf(ctl.NotFound, "%s", err).WithHint("see where the data should be: crs config path")
	}
	return err
}

func (a *app) restoreCommand() *cobra.Command {
	var from backupFlags
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Put back what crs backup has written", Args: command.Takes("FILE"), ValidArgsFunction: command.Files,
		Long: "Puts a backup in the place of what the daemon keeps. The daemon must be stopped. The whole backup is read and checked before\n" +
			"anything is changed. Where there is a store already, nothing is done without --force; what was there is then moved aside.",
		Example: "sudo crs restore /root/crs.tar.gz\n  crs restore --passphrase-file pass.txt crs.age",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := command.Readable("the backup", args[0]); err != nil {
				return err
			}
			o := command.BackupOptions{Source: a.Source(said("data", from.data)), Version: a.Programs.Version, File: args[0], Force: from.force}
			done, err := a.restore(cmd.Context(), o, from)
			return command.Result(a.App, done, err, a.restored)
		},
	}
	from.addTo(cmd, "decrypt", "what is there")
	return cmd
}

// restore asks for a passphrase once it is known that one is needed.
func (a *app) restore(ctx context.Context, o command.BackupOptions, from backupFlags) (done *command.Restored, err error) {
	if from.file != "" {
		if o.Passphrase, err = a.passphraseIn(from.file); err != nil {
			return nil, err
		}
	}
	done, err = a.putBack(ctx, o)
	if errors.Is(err, command.ErrBackupEncrypted) && a.IO.Somebody {
		if o.Passphrase, err = a.askPassphrase(ctx, "passphrase: "); err != nil {
			return nil, err
		}
		done, err = a.putBack(ctx, o)
	}
	switch {
	case errors.Is(err, command.ErrBackupEncrypted):
		return nil, ctl.Errorf(ctl.BadRequest, "%s", err).WithHint("say where its passphrase is: --passphrase-file FILE")
	case errors.Is(err, command.ErrStoreThere):
		return nil, ctl.Errorf(ctl.Conflict, "%s", err).WithHint("replace it with --force; what is there is moved aside")
	case errors.Is(err, fs.ErrPermission):
		return nil, ctl.Errorf(ctl.NotPermitted, "%s", err).WithHint("the daemon's user and root may: try sudo")
	case errors.Is(err, fs.ErrNotExist):
		return nil, ctl.Errorf(ctl.NotFound, "%s", err)
	}
	return done, err
}

func (a *app) putBack(ctx context.Context, o command.BackupOptions) (*command.Restored, error) {
	defer a.Busy("restoring")()
	return a.Programs.Restore(ctx, o)
}

func (a *app) restored(done *command.Restored) {
	a.Say("what crs %s kept on %s is back", done.Version, done.Made.Local().Format("2006-01-02 15:04"))
	if done.Config != "" {
		a.Say("  the configuration too: %s", done.Config)
	}
	if done.Before != "" {
		a.Say("  what was there before is in %s", done.Before)
	}
	a.Say("  start the daemon: crs start, or crs serve")
}

// newPassphrase is asked for twice: one that was mistyped would lose everything.
func (a *app) newPassphrase(ctx context.Context, from backupFlags) (secret.String, error) {
	switch {
	case from.file != "":
		return a.passphraseIn(from.file)
	case !from.ask:
		return secret.String{}, nil
	case !a.IO.Somebody:
		return secret.String{}, ctl.Errorf(ctl.BadRequest, "not interactive: there is nobody to ask for the passphrase").WithHint("say where it is: --passphrase-file FILE")
	}
	first, err := a.askPassphrase(ctx, "passphrase: ")
	if err != nil {
		return first, err
	}
	again, err := a.askPassphrase(ctx, "once more: ")
	if err == nil && !first.Equal(again) {
		err = ctl.Errorf(ctl.BadRequest, "these are two passphrases; nothing was written")
	}
	return first, err
}

func (a *app) askPassphrase(ctx context.Context, prompt string) (secret.String, error) {
	return passphrase(a.AskHidden(ctx, "the passphrase", prompt))
}

func (a *app) passphraseIn(file string) (secret.String, error) {
	return passphrase(a.ReadFile("the passphrase", file))
}

func passphrase(text []byte, err error) (secret.String, error) {
	if err != nil {
		return secret.String{}, err
	}
	p := secret.New(strings.TrimRight(string(text), "\r\n"))
	if p.Empty() {
		return p, ctl.Errorf(ctl.BadRequest, "the passphrase is empty")
	}
	return p, nil
}
