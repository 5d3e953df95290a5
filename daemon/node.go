package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"crs/internal/errs"
	"crs/internal/id"
	"crs/internal/store"
)

// nodeFile holds what a node is called among those that share a store. Its ledger is known by that name, so it stays with
// the data directory; countedFile has it as well.
const nodeFile = "node"

// nodeID reads the node's name, or makes one.
func nodeID(dir string, now time.Time) (string, error) {
	path := filepath.Join(dir, nodeFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		known, err := readCounted(ledgerOf(dir))
		if err != nil {
			return "", err
		}
		name := known.Node
		if name == "" {
			name = id.New("node", now)
			err = nameLedger(dir, name)
		}
		if err != nil {
			return "", err
		}
		return name, errs.Wrap(os.WriteFile(path, []byte(name+"\n"), 0o600), "write the node's name")
	}
	if err != nil {
		return "", fmt.Errorf("read the node's name: %w", err)
	}
	name := strings.TrimSpace(string(b))
	if !strings.HasPrefix(name, "node_") || strings.ContainsAny(name, " \t\n") {
		return "", fmt.Errorf("%s does not hold the name of a node, which begins with node_; restore it, or its usage would be counted again", path)
	}
	return name, nil
}

// node is what the ledger is known by in the store.
func (d *Daemon) node() string {
	return cmp.Or(d.shared.node, "local")
}

// stateName is what a state of this node is called in the store, which several nodes may share.
func (d *Daemon) stateName(state string) string {
	if d.shared.node == "" {
		return state
	}
	return state + ":" + d.shared.node
}

// take takes what other nodes have written.
func (d *Daemon) take(news store.ChangeSet) {
	if err := errors.Join(d.keys.Apply(news), d.roster.Apply(news), d.prices.Apply(news)); err != nil {
		d.log.Error("a change that another node made cannot be read; what was there before stays in use here", "error", err)
	}
	if news.Whole {
		d.putBack()
	}
	if corrected(news) {
		d.lowerBudgets(context.Background())
	}
	d.log.Debug("taken over from other nodes", "changed", len(news.Docs), "gone", len(news.Gone), "everything", news.Whole)
}

// storeIs is told when the store goes and when it comes back.
func (d *Daemon) storeIs(err error) {
	d.shared.health.set(err)
	switch {
	case err == nil:
		d.log.Info("the store is back", "store", d.store.String())
	case errors.Is(err, store.ErrUnavailable):
		d.log.Error("the store is away; this node serves on from what it knows, and its ledger keeps what is used", "error", err, "on_outage", d.cfg.Redis.OnOutage)
	default:
		d.log.Error("the store cannot be used", "error", err)
	}
}

// A clock that is wrong by more than this is worth a word: hours and days of usage are told by it.
const clockTolerance = 5 * time.Second

// checkClock compares this node's clock with the store's, which all nodes share.
func (d *Daemon) checkClock(ctx context.Context) {
	if d.shared.redis == nil {
		return
	}
	ahead, err := d.shared.redis.Ahead(ctx, d.opt.Now)
	if err != nil || ahead.Abs() < clockTolerance {
		return
	}
	d.log.Warn("this node's clock is not that of Redis; limits go by Redis, but hours and days of usage by this one: set it (NTP)", "ahead", ahead.Round(time.Millisecond))
}
