package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"crs/ctl"
	"crs/internal/backup"
	"crs/internal/claim"
	"crs/internal/config"
	"crs/internal/secret"
	"crs/internal/store/local"
)

// BackupOptions say what is backed up, or restored, and where.
type BackupOptions struct {
	Source     config.Source
	Version    string
	File       string
	Passphrase secret.String // empty: it is not encrypted
	// Force has a restore replace what is there.
	Force bool
}

// Backup writes all that a daemon keeps into a file. The daemon may run.
func Backup(ctx context.Context, opt BackupOptions) error {
	loaded, err := load(opt.Source)
	if err != nil {
		return err
	}
	if c := loaded.Config; c.Redis.URL != "" {
		return ctl.Errorf(ctl.Failed, "this node keeps its keys, accounts and usage in Redis; a backup of its directory would not have them").
			WithHint("copy them first: crs store copy --from %s --to DIR, and then: crs backup FILE --data DIR", c.Redis.URL)
	}
	return backup.Write(ctx, opt.File, from(loaded, opt.Version, opt.Passphrase))
}

func load(source config.Source) (*config.Loaded, error) {
	source.Providers = ProviderNames()
	return config.Load(source)
}

func from(loaded *config.Loaded, version string, passphrase secret.String) backup.From {
	dir := loaded.Config.Data
	return backup.From{
		Data: dir, Config: loaded.File, Version: version, Now: time.Now(), Passphrase: passphrase,
		Copy: func(ctx context.Context, to string) (int, error) { return local.Copy(ctx, dir, to) },
	}
}

// backUp keeps what is stored before the form of the store is changed. The ledger is not touched by that, and left out.
func (d *Daemon) backUp(ctx context.Context, schema, to int) error {
	const prefix = "before-schema-"
	dir := filepath.Join(d.cfg.Data, "backups")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	now := time.Now().UTC()
	what := from(d.loaded, d.opt.Version, secret.String{})
	what.NoLedger = true
	file := filepath.Join(dir, fmt.Sprintf("%s%s-to-%d.tar.gz", prefix, now.Format("20060102-150405"), to))
	if err := backup.Write(ctx, file, what); err != nil {
		return err
	}
	d.log.Info("backed up the store before its form is changed", "file", file, "schema", schema, "to", to)
	return backup.Prune(dir, prefix, d.cfg.Backup.Keep)
}

// Restore puts a backup in the place of what a daemon keeps. The daemon must not run.
func Restore(_ context.Context, opt BackupOptions) (*backup.Restored, error) {
	loaded, err := load(opt.Source)
	if err != nil {
		return nil, err
	}
	dir := loaded.Config.Data
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	lock, err := claim.Take(filepath.Join(dir, "crs.lock"))
	var taken *claim.Taken
	if errors.As(err, &taken) {
		return nil, ctl.Errorf(ctl.Conflict, "a crs daemon uses %s", dir).WithHint("stop it first: crs stop")
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = lock.Close() }()
	return backup.Restore(opt.File, backup.To{
		Data: dir, Config: loaded.File, Schema: local.Schema(), Passphrase: opt.Passphrase, Force: opt.Force,
	})
}
