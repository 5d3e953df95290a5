package daemon

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"crs/ctl"
	"crs/internal/config"
	"crs/internal/convert"
	"crs/internal/seal"
	"crs/internal/store"
	"crs/internal/store/local"
	"crs/internal/store/redis"
)

// CopyOptions say what is to be copied where. From and To are each a data directory or the URL of a Redis.
type CopyOptions struct {
	Source        config.Source // has what else is needed to reach Redis
	From, To      string
	DryRun, Force bool
	// Progress is told now and then how many items were read. It may be nil.
	Progress func(items int64)
}

// CopyStore copies everything that a store holds into an empty one, and makes sure that it arrived. The request log stays in
// the ledgers of the nodes.
func CopyStore(ctx context.Context, opt CopyOptions) (ctl.StoreCopy, error) {
	done := ctl.StoreCopy{From: opt.From, To: opt.To, DryRun: opt.DryRun, Parts: []ctl.StorePart{}, Notes: []string{}}
	loaded, err := config.Load(opt.Source)
	if err != nil {
		return done, err
	}
	if samePlace(opt.From, opt.To) {
		return done, ctl.Errorf(ctl.BadRequest, "a store cannot be copied onto itself")
	}
	from, err := openEnd(ctx, &loaded.Config, opt.From, true)
	if err != nil {
		return done, err
	}
	defer from.close()
	if from.store == nil || from.fresh {
		return done, ctl.Errorf(ctl.NotFound, "%s holds no store of crs", from.place)
	}
	to, err := openEnd(ctx, &loaded.Config, opt.To, opt.DryRun)
	if err != nil {
		return done, err
	}
	defer to.close()
	c := &copying{opt: &opt, from: from, to: to, done: &done}
	return done, c.run(ctx)
}

func samePlace(a, b string) bool {
	if isURL(a) || isURL(b) {
		return a == b
	}
	absA, errA := filepath.Abs(a)
	absB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && absA == absB
}

func isURL(place string) bool { return strings.Contains(place, "://") }

// end is one of the two stores of a copy. A directory that was never a store, and is not to be made one, has none.
type end struct {
	place string
	store store.Portable
	node  string // what the ledger of the directory is known by where nodes share a store
	fresh bool
	undo  []func()
}

func (e *end) close() {
	for _, undo := range slices.Backward(e.undo) {
		undo()
	}
}

func openEnd(ctx context.Context, cfg *config.Config, place string, peek bool) (*end, error) {
	e := &end{place: place}
	open := e.openDir
	if isURL(place) {
		open = func(ctx context.Context, peek bool) error { return e.openURL(ctx, cfg, peek) }
	}
	if err := open(ctx, peek); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

func (e *end) openURL(ctx context.Context, cfg *config.Config, peek bool) error {
	opt, err := redisOptions(cfg)
	if err != nil {
		return err
	}
	opt.URL, opt.Dir, opt.Peek = e.place, "", peek
	s, err := redis.Open(ctx, opt)
	if err != nil {
		return err
	}
	e.store, e.fresh = s, s.Fresh()
	e.undo = append(e.undo, func() { _ = s.Close() })
	return nil
}

// openDir takes the directory as a daemon would: none may run on it.
func (e *end) openDir(ctx context.Context, peek bool) error {
	_, err := os.Stat(filepath.Join(e.place, "store.json"))
	e.fresh = errors.Is(err, os.ErrNotExist)
	if peek && e.fresh {
		return nil
	}
	lock, err := lockData(e.place)
	if errors.As(err, new(*InUse)) {
		return hinted(ctl.Conflict, err, "stop it first: what it writes meanwhile would not be copied")
	}
	if err != nil {
		return err
	}
	e.undo = append(e.undo, func() { _ = lock.Close() })
	if e.node, err = nodeID(e.place, time.Now()); err != nil {
		return err
	}
	s, err := local.Open(ctx, e.place)
	if err != nil {
		return err
	}
	e.store = s
	e.undo = append(e.undo, func() { _ = s.Close() })
	return nil
}

// export gives what the store holds, its ledger's mark under the name that it has where nodes share a store.
func (e *end) export(ctx context.Context, yield func(store.Item) error) error {
	return e.store.Export(ctx, func(i store.Item) error {
		if i.Part == store.PartMarks && e.node != "" && i.Name == "local" {
			i.Name = e.node
		}
		return yield(i)
	})
}

// take writes items, and is the opposite of export.
func (e *end) take(ctx context.Context, items []store.Item) error {
	for i := range items {
		if it := &items[i]; it.Part == store.PartMarks && e.node != "" && it.Name == e.node {
			it.Name = "local"
		}
	}
	return e.store.Import(ctx, items)
}

// copying is a copy under way.
type copying struct {
	opt      *CopyOptions
	from, to *end
	done     *ctl.StoreCopy
	read     int64
}

func (c *copying) run(ctx context.Context) error {
	if err := c.makeRoom(ctx); err != nil {
		return err
	}
	moved, err := c.move(ctx)
	if err != nil {
		return err
	}
	c.done.Parts = convert.All(store.Parts(), func(p store.Part) ctl.StorePart {
		return ctl.StorePart{Name: string(p), Count: moved.Count[p], Hash: moved.Hash(p)}
	})
	c.note()
	if c.opt.DryRun {
		return nil
	}
	return c.verify(ctx, moved)
}

// makeRoom refuses a target that is in use, or clears it when that was asked for.
func (c *copying) makeRoom(ctx context.Context) error {
	if c.to.store == nil {
		return nil
	}
	held := store.NewDigest()
	if err := c.to.export(ctx, held.Add); err != nil {
		return err
	}
	for p, n := range held.Count {
		if p != store.PartFacts { // a daemon that was started once, and did nothing, has left one
			c.done.Replaced += n
		}
	}
	if c.done.Replaced > 0 && !c.opt.Force {
		docs, entries := held.Count[store.PartDocs], held.Count[store.PartAudit]
		return ctl.Errorf(ctl.Conflict, "%s is not empty: it holds %d documents, %d figures of usage and %d entries of the audit log", c.to.place,
			docs, c.done.Replaced-docs-entries, entries).WithHint("copy to an empty one, or have what is there replaced with --force")
	}
	if c.opt.DryRun {
		return nil
	}
	return c.to.store.Clear(ctx)
}

// copyAtOnce is how many items are written together.
const copyAtOnce = 500

func (c *copying) move(ctx context.Context) (*store.Digest, error) {
	moved := store.NewDigest()
	var batch []store.Item
	flush := func() error {
		if c.opt.DryRun || len(batch) == 0 {
			batch = batch[:0]
			return nil
		}
		err := c.to.take(ctx, batch)
		batch = batch[:0]
		return err
	}
	err := c.from.export(ctx, func(i store.Item) error {
		if err := moved.Add(i); err != nil {
			return err
		}
		if batch = append(batch, i); len(batch) < copyAtOnce {
			return ctx.Err()
		}
		c.tell(len(batch))
		return flush()
	})
	if err == nil {
		c.tell(len(batch))
		err = flush()
	}
	return moved, err
}

func (c *copying) tell(n int) {
	c.read += int64(n)
	if c.opt.Progress != nil {
		c.opt.Progress(c.read)
	}
}

// verify reads both again.
func (c *copying) verify(ctx context.Context, moved *store.Digest) error {
	for _, e := range []*end{c.from, c.to} {
		now := store.NewDigest()
		if err := e.export(ctx, now.Add); err != nil {
			return err
		}
		for _, p := range store.Parts() {
			switch {
			case now.Same(moved, p):
			case e == c.from:
				return ctl.Errorf(ctl.Conflict, "the %s of %s changed while they were copied", p, e.place).WithHint("stop its daemons, then copy again with --force")
			default:
				return ctl.Errorf(ctl.Failed, "%s holds %d %s, and not the %d that were copied", e.place, now.Count[p], p, moved.Count[p]).WithHint("stop its daemons, then copy again with --force")
			}
		}
	}
	c.done.Verified = true
	return nil
}

// note says what a copy leaves to be done.
func (c *copying) note() {
	if !isURL(c.to.place) {
		if _, err := os.Stat(filepath.Join(c.to.place, seal.KeyFile)); errors.Is(err, os.ErrNotExist) {
			c.done.Notes = append(c.done.Notes, "copy the key file too, before a daemon starts there: "+seal.KeyFile+" of a node's data directory, to "+filepath.Join(c.to.place, seal.KeyFile))
		}
		return
	}
	if !isURL(c.from.place) {
		c.done.Notes = append(c.done.Notes, "start the daemon with --data "+c.from.place+" --redis "+c.to.place+"; each further node needs a copy of "+filepath.Join(c.from.place, seal.KeyFile)+" in its own data directory")
	}
}
