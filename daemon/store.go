package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"crs/internal/backup"
	"crs/internal/config"
	"crs/internal/seal"
	"crs/internal/secret"
	"crs/internal/store"
	"crs/internal/store/local"
	"crs/internal/store/redis"
	"crs/internal/usage"
)

// shared is what a store has that several nodes share. It is empty with the local one.
type shared struct {
	node   string
	redis  *redis.Store // the daemon's store
	log    usage.Log
	once   *once
	limits *redis.Node
	health *health
}

// health is how the store does.
type health struct{ err atomic.Pointer[error] }

func (h *health) set(err error) { h.err.Store(&err) }

func (h *health) get() error {
	if err := h.err.Load(); err != nil {
		return *err
	}
	return nil
}

// openStore opens the store that the configuration names.
func (d *Daemon) openStore(ctx context.Context) error {
	d.shared.health = new(health)
	if d.cfg.Redis.URL != "" {
		return d.openRedis(ctx)
	}
	if err := refuseLeft(d.cfg.Data); err != nil {
		return err
	}
	if err := backup.Finish(d.cfg.Data); err != nil {
		return err
	}
	s, err := local.OpenWith(ctx, d.cfg.Data, d.backUp)
	if err != nil {
		return err
	}
	d.use(s)
	d.keepRoom("")
	return nil
}

func (d *Daemon) use(s store.Store) {
	d.store = s
	d.opens("store", func(context.Context) error { return s.Close() })
}

func (d *Daemon) openRedis(ctx context.Context) error {
	opt, err := redisOptions(&d.cfg)
	if err != nil {
		return err
	}
	node, err := nodeID(d.cfg.Data, d.opt.Now())
	if err != nil {
		return err
	}
	s, err := redis.Open(ctx, opt)
	if err != nil {
		return err
	}
	d.use(s)
	once, err := newOnce(s, d.cfg.Data, node, d.zone, d.withhold)
	if err != nil {
		return err
	}
	d.shared.node, d.shared.redis, d.shared.log, d.shared.once = node, s, onceLog{s, once}, once
	if err := d.refuseUncopied(ctx); err != nil {
		return err
	}
	d.checkClock(ctx)
	return nil
}

// rollups are what the ledger is added up in.
func (d *Daemon) rollups() usage.Rollups {
	if d.shared.once != nil {
		return d.shared.once
	}
	return d.store
}

// redisOptions is the store's part of the configuration, with the passwords read from their files.
func redisOptions(c *config.Config) (opt redis.Options, err error) {
	r := &c.Redis
	opt = redis.Options{
		URL: r.URL, SentinelUser: r.SentinelUser, CAFile: r.CAFile, CertFile: r.CertFile, KeyFile: r.KeyFile, Prefix: r.Prefix, Shared: r.Shared,
		Dir: c.Data, Wait: r.Wait, KeepHours: c.Usage.Keep, KeepDays: r.KeepDays, LogBytes: int64(r.LogBytes),
	}
	if opt.Password, err = readPassword("redis.password_file", r.PasswordFile); err != nil {
		return opt, err
	}
	opt.SentinelPassword, err = readPassword("redis.sentinel_password_file", r.SentinelPasswordFile)
	return opt, err
}

func readPassword(key, path string) (secret.String, error) {
	if path == "" {
		return secret.String{}, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return secret.String{}, fmt.Errorf("read %s: %w", key, err)
	}
	text := strings.TrimRight(string(b), "\r\n")
	if text == "" || strings.ContainsAny(text, "\r\n") {
		return secret.String{}, fmt.Errorf("%s: %s does not hold a password on a line of its own", key, path)
	}
	return secret.New(text), nil
}

// refuseUncopied stops a daemon that would leave its local store behind without a word.
func (d *Daemon) refuseUncopied(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(d.cfg.Data, "store.json")); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	old, err := local.Open(ctx, d.cfg.Data)
	if err != nil {
		return err
	}
	defer func() { _ = old.Close() }()
	left, err := holds(ctx, old)
	if err != nil || left == 0 {
		return err
	}
	if have, err := holds(ctx, d.store); err != nil || have > 0 {
		return err
	}
	return fmt.Errorf("%s holds nothing yet, but the data directory has a store with %d keys, accounts and groups; copy them: "+
		"crs store copy --from %s --to %s; or move crs.db and store.json out of %[3]s to begin without them", d.store, left, d.cfg.Data, d.cfg.Redis.URL)
}

// holds is how much an operator has put into a store.
func holds(ctx context.Context, s store.Documents) (n int, err error) {
	for _, kind := range []store.Kind{store.Account, store.Group, store.Key} {
		docs, err := s.All(ctx, kind)
		if err != nil {
			return 0, err
		}
		n += len(docs)
	}
	return n, nil
}

// refuseLeft stops a daemon that kept its data in Redis and was started without it.
func refuseLeft(dir string) error {
	_, missing := os.Stat(filepath.Join(dir, "store.json"))
	_, left := os.Stat(filepath.Join(dir, redis.MarkerFile))
	if missing == nil || left != nil {
		return nil
	}
	return fmt.Errorf("this node kept its data in Redis, and redis.url is not set; set it (crs serve --redis URL), or bring the data here: "+
		"crs store copy --from URL --to %s; or remove %s to begin anew", dir, filepath.Join(dir, redis.MarkerFile))
}

// sealMeta is under which name a store remembers which key file it was written with.
const sealMeta = "seal"

// openSeal makes sure that the key file is the one the store was written with.
func (d *Daemon) openSeal(ctx context.Context) (*seal.Seal, error) {
	known, err := d.store.Meta(ctx, sealMeta)
	if err != nil {
		return nil, err
	}
	sealing, err := seal.Open(d.cfg.Data, seal.Options{MustExist: known != ""})
	if err != nil {
		return nil, d.elsewhere(err)
	}
	if known == "" {
		if known, err = d.store.Claim(ctx, sealMeta, sealing.Fingerprint()); err != nil {
			return nil, err
		}
	}
	return sealing, d.elsewhere(sealing.Check(known))
}

// elsewhere adds where the right key file is, when nodes share a store.
func (d *Daemon) elsewhere(err error) error {
	if err == nil || d.shared.node == "" {
		return err
	}
	return fmt.Errorf("%w; every node that shares this store needs the same key file: copy it from a node that runs", err)
}
