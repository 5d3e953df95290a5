// Package daemon is the process: it opens everything in order, and closes it in reverse.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"crs/ctl"
	"crs/daemon/admin"
	"crs/daemon/alert"
	"crs/daemon/condition"
	"crs/daemon/control"
	"crs/daemon/handover"
	"crs/daemon/metrics"
	"crs/daemon/unpriced"
	"crs/internal/account"
	"crs/internal/audit"
	"crs/internal/clock"
	"crs/internal/config"
	"crs/internal/descriptor"
	"crs/internal/errs"
	"crs/internal/event"
	"crs/internal/filelock"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/oauth"
	"crs/internal/seal"
	"crs/internal/store"
	"crs/internal/usage"
	"crs/proxyengine"
	"crs/proxyengine/protocol/factory"
	"crs/proxyengine/provider"
	"crs/proxyengine/upstream"
)

// Options are what a daemon is started with.
type Options struct {
	Source  config.Source
	Version string
	Log     io.Writer
	// Now is the clock; nil means the real one.
	Now func() time.Time
	// Elapsed is how much time has passed, on a clock that nobody sets; nil means the machine's.
	Elapsed func() time.Duration
	// Inherited, if not nil, is what another process hands over to this one.
	Inherited *handover.InheritedFiles
	// Program is what this process runs from; a restart starts it anew. Empty: it cannot be restarted.
	Program string
	// Change, if not nil, may change the configuration after it was read: for tests.
	Change func(*config.Config)
}

// Daemon is a running daemon.
type Daemon struct {
	opt     Options
	loaded  atomic.Pointer[config.Loaded] // which a reload changes
	cfg     config.Config
	level   *slog.LevelVar
	log     *slog.Logger
	started time.Time
	zone    *time.Location
	clock   *clock.Clock
	shares  descriptor.Shares // as they were at the start
	short   *descriptor.Shortage

	lock       *filelock.Lock
	store      store.Store
	shared     shared // what nodes share, when they do
	pool       *account.Pool
	roster     *account.Roster
	keys       *key.Ring
	gate       *limit.Gate
	ledger     *usage.Ledger
	prices     *prices
	source     *proxyengine.AccountClient
	tokens     *oauth.Keeper
	reserve    *oauth.Reserve // for tokens
	sealing    *seal.Seal
	client     upstream.Client
	engine     *proxyengine.Engine
	requests   event.Bus[usage.Record]
	providers  []provider.Provider
	platforms  map[string]provider.Provider
	facts      map[string]account.Platform
	clients    *net.TCPListener
	listener   *handover.Listener // over clients
	control    *control.Server
	metrics    *metrics.Metrics
	scrapes    *metrics.Server // nil unless metrics are served over TCP
	conditions *condition.Watch
	unpriced   *unpriced.Tally
	webhook    *alert.Webhook // nil, as is alerts, unless somebody is to be told of trouble
	alerts     *alert.Watcher
	audit      *audit.Log
	handler    *control.Handler

	takeover *handover.Successor // to the process that this one has inherited from; nil when there is none
	legacy   handover.State      // what that handed over
	leaving  []*usage.Record     // requests that are in flight in it
	handing  sync.Mutex          // held while this process hands over
	upgrade  atomic.Pointer[upgrade]
	finished context.CancelFunc // ends Run
	life     context.Context    // ends when Run is to end
	end      context.CancelFunc
	locked   locks
	unlearnt chan struct{} // gets something when the store has not told yet what keys have spent

	opened []step    // what close undoes, in reverse
	shut   sync.Once // for the ledger
}

// step is something that was opened.
type step struct {
	name  string
	close func(context.Context) error
}

// Start opens everything and begins to serve. When a step fails, what was opened before it is closed again.
func Start(ctx context.Context, opt Options) (*Daemon, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	d := &Daemon{
		opt: opt, level: new(slog.LevelVar), started: opt.Now(), unlearnt: make(chan struct{}, 1), clock: clock.New(opt.Now, opt.Elapsed),
		shares: descriptor.Share(descriptor.Limit()),
	}
	d.unpriced = unpriced.New(d.opt.Now, d.priced)
	d.conditions = condition.NewWatch(d.ownConditions(), d.viewConditions)
	d.life, d.end = context.WithCancel(context.Background())
	d.answerPredecessor()
	for _, open := range []func(context.Context) error{
		d.openConfig, d.openData, d.openSockets, d.openStore, d.openAudit, d.inherit, d.openDomain, d.openMetrics, d.openAlerts, d.openLedger, d.openEngine,
	} {
		if err := open(ctx); err != nil {
			d.end()
			d.reportFailure(err)
			return nil, errors.Join(d.withRoom(err), d.close(context.WithoutCancel(ctx)))
		}
	}
	d.rememberLocks()
	d.startServices()
	d.log.Info("serving", "version", opt.Version, "listen", d.Listen(), "socket", d.Socket(), "data", d.cfg.Data)
	return d, nil
}

// opens remembers how to undo a step.
func (d *Daemon) opens(name string, undo func(context.Context) error) {
	d.opened = append(d.opened, step{name, undo})
}

// openConfig reads the configuration. From here on there is a log.
func (d *Daemon) openConfig(context.Context) error {
	d.opt.Source.Providers = ProviderNames()
	loaded, err := config.Load(d.opt.Source)
	if err != nil {
		return err
	}
	d.loaded.Store(loaded)
	d.cfg = loaded.Config
	if d.opt.Change != nil {
		d.opt.Change(&d.cfg)
	}
	d.log = newLog(d.opt.Log, &d.cfg, d.level)
	d.short = descriptor.NewShortage(d.log, d.opt.Now)
	d.warnOf(loaded)
	d.warnOfFew()
	if d.zone, err = d.cfg.Location(); err != nil {
		return err
	}
	return rightUser(d.cfg.Data, os.Getuid())
}

// InUse means that another daemon has the data directory.
type InUse struct{ Dir string }

// Error implements error.
func (e *InUse) Error() string {
	return fmt.Sprintf("another crs daemon uses the data directory %s", e.Dir)
}

// openData takes the data directory.
func (d *Daemon) openData(context.Context) error {
	dir := d.cfg.Data
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	if err := d.keepPrivate(dir); err != nil {
		return err
	}
	if err := d.keepLedgerPrivate(ledgerOf(dir)); err != nil {
		return err
	}
	if err := d.takeData(dir); err != nil {
		return err
	}
	d.opens("lock", func(context.Context) error { return d.lock.Close() })
	return nil
}

func (d *Daemon) takeData(dir string) (err error) {
	if d.opt.Inherited != nil {
		d.lock = d.opt.Inherited.Data
		return nil
	}
	d.lock, err = lockData(dir)
	return err
}

// lockData makes a data directory, if there is none, and takes it. It gives an *InUse when a daemon has it.
func lockData(dir string) (*filelock.Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	lock, err := filelock.Take(filepath.Join(dir, ctl.DataLock))
	if errors.As(err, new(*filelock.Taken)) {
		return nil, &InUse{dir}
	}
	return lock, errs.Wrap(err, "lock the data directory")
}

// openDomain loads keys, accounts and prices.
func (d *Daemon) openDomain(ctx context.Context) error {
	sealing, err := d.openSeal(ctx)
	if err != nil {
		return err
	}
	d.sealing = sealing
	if d.providers, err = providers(d.cfg.Providers, d.opt.Now); err != nil {
		return err
	}
	opt := poolOptions(&d.cfg)
	opt.Now, opt.Changed = d.opt.Now, d.accountChanged
	d.facts, d.platforms = platforms(d.providers)
	opt.Platforms = d.facts
	d.join(&opt)
	d.pool = account.NewPool(opt)
	if d.roster, err = account.LoadRoster(ctx, d.store, sealing, d.pool, d.opt.Now); err != nil {
		return err
	}
	if d.keys, err = key.Load(ctx, d.store, d.opt.Now); err != nil {
		return err
	}
	if d.prices, err = loadPrices(ctx, d.store); err != nil {
		return err
	}
	if d.takeover != nil {
		err = d.pool.Restore(d.legacy.Pool)
	} else {
		err = d.restorePool(ctx)
	}
	if err != nil || d.shared.limits == nil {
		return err
	}
	return d.shared.limits.Follow(ctx, d.pool) // what other nodes have learnt of the accounts, and learn from now on
}

// openLedger puts right what an earlier process left, and then asks what keys have spent.
func (d *Daemon) openLedger(ctx context.Context) error {
	if err := d.resumeClock(ctx); err != nil {
		return err
	}
	ledger, found, err := usage.OpenLedger(ctx, usage.LedgerOptions{
		Dir: ledgerOf(d.cfg.Data), Node: d.node(), Rollups: d.rollups(), Log: d.shared.log, Zone: d.zone, Now: d.opt.Now,
		Commit: d.cfg.Usage.Commit, AddUp: time.Second, Keep: d.cfg.Usage.Keep, MaxBytes: int64(d.cfg.Usage.MaxBytes),
		Reserve: int64(d.cfg.Usage.Reserve), Buffer: int(d.cfg.Usage.Buffer),
		Failed: d.ledgerFailed, Harmed: d.ledgerHarmed, Recovered: d.recovered, Open: d.legacy.Open,
	})
	if err != nil {
		return err
	}
	d.ledger, d.leaving = ledger, found.Open
	d.opens("ledger", d.closeLedger)
	d.recovered(found)
	holders := d.limited()
	furthest := limit.Furthest(holders)
	spent, err := d.charged(ctx, furthest)
	if err != nil {
		return err
	}
	d.warnOfFull(spent)
	d.gate = d.newGate(spent, furthest)
	d.gate.Inherit(d.legacy.Counts)
	if err := d.recall(ctx, holders); err != nil {
		return err
	}
	if lag := ledger.Lag(); lag.DiskFails || lag.RollupsFail {
		d.learnLater()
	}
	return nil
}

// openEngine makes what serves requests.
func (d *Daemon) openEngine(context.Context) error {
	d.client = newClient(&d.cfg, d.shares.Upstreams)
	d.opens("upstream", func(context.Context) error { d.client.Close(); return nil })
	d.source = &proxyengine.AccountClient{Providers: d.providers, Upstream: d.client, Now: d.opt.Now, Clocks: tokenClocks(&d.cfg)}
	d.openTokens()
	secured, err := d.secured(&d.cfg)
	if err != nil {
		return err
	}
	engine, err := proxyengine.New(proxyengine.Options{
		TLS:  secured,
		Keys: d.keys, Gate: d.gate, Pool: d.pool, Tokens: d.tokens, Ledger: d.ledger, Prices: d.prices.Table,
		Protocols: mounts(), Providers: d.providers, Client: factory.Client, Models: d.models, Upstream: d.client,
		Now: d.opt.Now, Log: d.log, Settings: d.engineSettings(&d.cfg), Closed: d.ended, Ended: d.metrics.Ended, Shortage: d.short,
	})
	if err != nil {
		return err
	}
	d.engine = engine
	d.watchMetrics()
	d.opens("engine", d.stopEngine)
	return nil
}

// closeLedger has everything written. Calling it again does nothing.
func (d *Daemon) closeLedger(ctx context.Context) (err error) {
	d.shut.Do(func() { err = d.shutLedger(ctx) })
	return err
}

// shutLedger takes it for no failure that the store does not take something: it is added up after the next start.
func (d *Daemon) shutLedger(ctx context.Context) error {
	err := d.ledger.Shutdown(ctx)
	if errors.Is(err, usage.ErrNotCounted) {
		d.log.Warn("usage is in the ledger, and is added up when the daemon is started again", "error", err)
		return nil
	}
	return err
}

func newClient(cfg *config.Config, most int) upstream.Client {
	if cfg.Upstream.Client == "net/http" {
		return upstream.NewStd(upstream.StdOptions{IdleFor: cfg.Timeouts.UpstreamIdle, MaxOpen: most})
	}
	return upstream.NewPool(upstream.PoolOptions{IdleFor: cfg.Timeouts.UpstreamIdle, HeadLimit: upstreamHead, MaxOpen: most})
}

// upstreamHead bounds the head of an upstream's answer; it is also the buffer of each upstream connection.
const upstreamHead = 8 << 10

// operations are what an operator can do.
func (d *Daemon) operations() *admin.Operations {
	return admin.New(admin.Options{
		Roster: d.roster, Pool: d.pool, Keys: d.keys, Gate: d.gate, Ledger: d.ledger, Engine: d.engine,
		Tokens: d.tokens, Prices: d.prices, Caller: d.source.Caller, Requests: &d.requests, Audit: d.audit, Platforms: d.platforms, Catalogue: catalogue(d.providers), Usually: usually(), Settings: d.settings, Checkup: d.checkup, Zone: d.zone,
		Now: d.opt.Now, Started: d.started, TestAlert: d.testAlert, LimitsChanged: d.limitsChanged, Unpriced: d.unpricedOf, Restart: d.Restart, Leaving: d.leavingCount, Corrector: d.corrector(),
		About: ctl.Status{
			Version: d.opt.Version, PID: os.Getpid(), Executable: d.opt.Program, Listen: d.Listen(), TLS: d.cfg.TLS.On(), Store: d.store.String(), Node: d.shared.node,
		},
		StoreHealth: d.shared.health.get, Conditions: d.conditions.Now, Writable: d.writable,
	})
}

// Run serves until ctx ends, or something that it cannot do without does, or a process that it has handed over to needs it
// no more. It closes everything before it returns.
func (d *Daemon) Run(ctx context.Context) error {
	ctx, d.finished = context.WithCancel(ctx)
	defer d.finished()
	g, running := errgroup.WithContext(ctx)
	d.handler = control.NewHandler(control.Options{Operations: d.operations(), Metrics: d.metrics, Log: d.log})
	g.Go(func() error { return d.engine.Serve(d.listener) })
	g.Go(func() error { return d.control.Serve(d.handler) })
	g.Go(func() error { return d.tokens.Run(running) })
	g.Go(func() error { return d.housekeep(running) })
	g.Go(func() error { return d.learnSpent(running) })
	g.Go(func() error { return d.learnUnpriced(running) })
	if d.scrapes != nil {
		g.Go(func() error { return d.scrapes.Serve(running) })
	}
	if d.alerts != nil {
		g.Go(func() error { return d.alerts.Run(running) })
	}
	if d.shared.redis != nil {
		g.Go(func() error { d.shared.redis.Follow(running, d.take, d.storeIs); return nil })
	}
	if d.takeover != nil {
		g.Go(func() error { return d.begin(running) })
	}
	g.Go(func() error {
		<-running.Done()
		d.endHandover()
		return d.close(context.WithoutCancel(ctx))
	})
	return g.Wait()
}
