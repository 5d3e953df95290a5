package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"crs/ctl"
	"crs/internal/account"
	"crs/internal/backup"
	"crs/internal/config"
	"crs/internal/seal"
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
		Opens: func(ctx context.Context, key []byte, copied string) error {
			return belongs(ctx, key, filepath.Join(dir, seal.KeyFile), copied)
		},
	}
}

// belongs makes sure that the text of the key file at path holds the key that a copied store was written with. A store that knows none
// has no secrets yet.
func belongs(ctx context.Context, text []byte, path, copied string) error {
	known, err := local.Fact(ctx, copied, sealMeta)
	if err != nil || known == "" {
		return err
	}
	own, err := seal.FingerprintOf(text, path)
	if err == nil && own != known {
		err = fmt.Errorf("key file %s holds key %s, and secrets in the store are sealed with key %s", path, own, known)
	}
	if err != nil {
		return ctl.Errorf(ctl.Failed, "nothing is backed up: nobody could read it: %s", err).WithHint("%s", keyWayBack)
	}
	return nil
}

// keyWayBack is what to do about a key file that is not the store's.
const keyWayBack = "put the key file back: the daemon that runs has saved its key beside it, as seal.key.rescued-… (mv that to seal.key); otherwise take it from a backup"

// backUp keeps what is stored before the form of the store is changed. The ledger is not touched by that, and left out.
func (d *Daemon) backUp(ctx context.Context, schema, to int) error {
	const prefix = "before-schema-"
	dir := filepath.Join(d.cfg.Data, "backups")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	now := time.Now().UTC()
	what := from(d.loaded.Load(), d.opt.Version, secret.String{})
	what.NoLedger = true
	file := filepath.Join(dir, fmt.Sprintf("%s%s-to-%d.tar.gz", prefix, now.Format("20060102-150405"), to))
	if err := backup.Write(ctx, file, what); err != nil {
		return err
	}
	d.log.Info("backed up the store before its form is changed", "file", file, "schema", schema, "to", to)
	return backup.Prune(dir, prefix, d.cfg.Backup.Keep)
}

// Restore puts a backup in the place of what a daemon keeps. The daemon must not run.
func Restore(ctx context.Context, opt BackupOptions) (*backup.Restored, error) {
	loaded, err := load(opt.Source)
	if err != nil {
		return nil, err
	}
	dir := loaded.Config.Data
	lock, err := lockData(dir)
	if errors.As(err, new(*InUse)) {
		return nil, ctl.Errorf(ctl.Conflict, "a crs daemon uses %s", dir).WithHint("stop it first: crs stop")
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = lock.Close() }()
	return backup.Restore(opt.File, backup.To{
		Data: dir, Config: loaded.File, Schema: local.Schema(), Passphrase: opt.Passphrase, Force: opt.Force,
		Check: func(stage string) error { return opens(ctx, stage) },
	})
}

// opens makes sure that the key file in dir opens every secret of the store beside it. The store itself is not touched: a
// copy is looked at, which may be brought to another form for that.
func opens(ctx context.Context, dir string) error {
	trial := filepath.Join(dir, "trial")
	if err := os.Mkdir(trial, 0o700); err != nil {
		return fmt.Errorf("look at the backup: %w", err)
	}
	defer func() { _ = os.RemoveAll(trial) }()
	if _, err := local.Copy(ctx, dir, filepath.Join(trial, "crs.db")); err != nil {
		return fmt.Errorf("%w: %w", backup.ErrDamaged, err)
	}
	s, err := local.Open(ctx, trial)
	if err != nil {
		return fmt.Errorf("%w: %w", backup.ErrDamaged, err)
	}
	defer func() { _ = s.Close() }()
	if err := unsealAll(ctx, s, dir); err != nil {
		return fmt.Errorf("%w: its key file does not open its store's secrets, and nothing was changed: %w", backup.ErrDamaged, err)
	}
	return nil
}

func unsealAll(ctx context.Context, s *local.Store, keyDir string) error {
	sealing, err := seal.Open(keyDir, seal.Options{MustExist: true})
	if err != nil {
		return err
	}
	known, err := s.Meta(ctx, sealMeta)
	if err != nil {
		return err
	}
	if known != "" {
		if err := sealing.Check(known); err != nil {
			return err
		}
	}
	_, err = account.LoadRoster(ctx, s, sealing, account.NewPool(account.Options{Now: time.Now}), time.Now)
	return err
}
