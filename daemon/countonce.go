package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"crs/internal/store/redis"
	"crs/internal/usage"
)

// A shared store knows by a node's name how far it has added up that node's ledger. Should the name or the store's mark be lost,
// all of the ledger would be added up again. So the ledger's directory remembers both.

// countedFile is in the ledger's directory.
const countedFile = "counted.json"

// withheldFile is in the data directory for as long as the operator has not seen that usage may be missing.
const withheldFile = "usage-withheld"

// counted says whose a ledger is, and how far a store was given it.
type counted struct {
	Node  string `json:"node"`
	Store string `json:"store"`
	// Given is how far it was added up, Logged how far its records were copied. Store is empty when they are of whatever store
	// comes next.
	Given  usage.Cursor `json:"given"`
	Logged usage.Cursor `json:"logged"`
}

// countedSize is that of the file: it is written in its place, which needs no room on a disk that is full.
const countedSize = 512

// readCounted gives nothing where the file is not there, or is not whole.
func readCounted(ledger string) (c counted, err error) {
	b, err := os.ReadFile(filepath.Join(ledger, countedFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c, nil
	case err != nil:
		return c, fmt.Errorf("read how far the ledger was added up: %w", err)
	case json.Unmarshal(b, &c) != nil:
		return counted{}, nil
	}
	return c, nil
}

func (c counted) write(ledger string) error {
	if err := os.MkdirAll(ledger, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(ledger, countedFile), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	text, err := json.Marshal(c)
	if err == nil {
		text = append(text, bytes.Repeat([]byte{' '}, max(0, countedSize-len(text)-1))...)
		_, err = f.WriteAt(append(text, '\n'), 0)
	}
	return errors.Join(err, f.Close())
}

// once gives a store what a ledger holds, and nothing twice. It implements usage.Rollups.
type once struct {
	usage.Rollups
	ledger   string
	zone     *time.Location
	withheld func(why string)

	mu sync.Mutex // guards is
	is counted
}

var (
	_ usage.Rollups = (*once)(nil)
	_ usage.Log     = onceLog{}
)

// newOnce finds out how far the ledger of this node was added up.
func newOnce(s *redis.Store, dir, node string, zone *time.Location, withheld func(string)) (*once, error) {
	o := &once{Rollups: s, ledger: ledgerOf(dir), zone: zone, withheld: withheld}
	is, err := readCounted(o.ledger)
	if err != nil {
		return nil, err
	}
	if is.Node != node || is.Store != "" && is.Store != s.ID() {
		is = counted{}
	}
	is.Node, is.Store = node, s.ID()
	o.is = is
	return o, is.write(o.ledger)
}

func ledgerOf(dir string) string { return filepath.Join(dir, "ledger") }

func (o *once) known() counted {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.is
}

// remember keeps how far the store was given the ledger. Where that fails, only the loss of the store's own mark could do harm.
func (o *once) remember(change func(*counted)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	was := o.is
	if change(&o.is); o.is != was {
		_ = o.is.write(o.ledger)
	}
}

// MarkOf implements usage.Rollups.
func (o *once) MarkOf(ctx context.Context, node string) (usage.Cursor, error) {
	mark, err := o.Rollups.MarkOf(ctx, node)
	if err != nil || mark != (usage.Cursor{}) {
		return mark, err
	}
	return o.restore(ctx, node, o.known().Given)
}

// restore gives the store back the mark that it has lost. It gives where the store is then: a store that was put back to before this
// ledger was first added up begins anew.
func (o *once) restore(ctx context.Context, node string, mark usage.Cursor) (usage.Cursor, error) {
	if mark == (usage.Cursor{}) {
		return mark, nil
	}
	held, err := o.holds(ctx, mark)
	if err != nil {
		return usage.Cursor{}, err
	}
	if !held {
		o.remember(func(c *counted) { c.Given, c.Logged = usage.Cursor{}, usage.Cursor{} })
		return usage.Cursor{}, nil
	}
	if err := o.Rollups.AddUp(ctx, node, nil, usage.Cursor{}, mark); err != nil {
		return usage.Cursor{}, err
	}
	o.withheld(fmt.Sprintf("the store did not know how far this node's ledger had been added up; what the ledger held before %s, "+
		"up to segment %d, offset %d, is not added up again", time.Now().UTC().Format("2006-01-02 15:04:05"), mark.Segment, mark.Offset))
	return mark, nil
}

// holds reports whether the roll-ups may hold what the ledger has before a mark. They hold all of it or nothing, for they lose it
// together with the mark; and then they have less than it has somewhere, unless other nodes have as much.
func (o *once) holds(ctx context.Context, mark usage.Cursor) (bool, error) {
	sums, err := usage.SumsOf(o.ledger, mark, o.zone)
	if err != nil || len(sums) == 0 {
		return err == nil, err
	}
	mine := map[usage.Sum]int64{}
	first, last := sums[0].Day, sums[0].Day
	for _, s := range sums {
		first, last = min(first, s.Day), max(last, s.Day)
		mine[usage.Sum{Day: s.Day, Key: s.Key, Account: s.Account, Model: s.Model}] += s.Requests
	}
	theirs, err := o.Usage(ctx, usage.Query{FirstDay: first, LastDay: last, By: []usage.Column{usage.ByDay, usage.ByKey, usage.ByAccount, usage.ByModel}})
	if err != nil {
		return false, err
	}
	for _, s := range theirs {
		row := usage.Sum{Day: s.Day, Key: s.Key, Account: s.Account, Model: s.Model}
		if mine[row] <= s.Requests {
			delete(mine, row)
		}
	}
	return len(mine) == 0, nil
}

// AddUp implements usage.Rollups. A store that has a mark may take what it is given without our knowing; one that had none before
// knows nothing of this ledger until it has said so.
func (o *once) AddUp(ctx context.Context, node string, sums []usage.Sum, from, to usage.Cursor) error {
	given := func(c *counted) { c.Given = later(c.Given, to) }
	if from != (usage.Cursor{}) {
		o.remember(given)
	}
	err := o.Rollups.AddUp(ctx, node, sums, from, to)
	if astray, ok := errors.AsType[*usage.CursorMismatch](err); ok && astray.At == (usage.Cursor{}) { // it had taken everything before from, and has lost its mark
		mark, other := o.restore(ctx, node, from)
		if other != nil {
			return other
		}
		if mark == from {
			err = o.Rollups.AddUp(ctx, node, sums, from, to)
		}
	}
	if err == nil {
		o.remember(given)
	}
	return err
}

func later(a, b usage.Cursor) usage.Cursor {
	if a.Before(b) {
		return b
	}
	return a
}

// onceLog is what once is for the log of records.
type onceLog struct {
	usage.Log
	once *once
}

// Append implements usage.Log.
func (l onceLog) Append(ctx context.Context, node string, records [][]byte, from, to usage.Cursor) error {
	err := l.Log.Append(ctx, node, records, from, to)
	if err == nil {
		l.once.remember(func(c *counted) { c.Logged = later(c.Logged, to) })
	}
	return err
}

// LoggedTo implements usage.Log.
func (l onceLog) LoggedTo(ctx context.Context, node string) (usage.Cursor, error) {
	at, err := l.Log.LoggedTo(ctx, node)
	logged := l.once.known().Logged
	if err != nil || at != (usage.Cursor{}) || logged == at {
		return at, err
	}
	return logged, l.Log.Append(ctx, node, nil, usage.Cursor{}, logged)
}

// nameLedger names the node of a ledger whose node is not known. What the ledger holds may be in the store under another name, unless
// it is what a local store had before the first start with Redis: then it is not added up.
func nameLedger(dir, name string) error {
	end, err := usage.EndOf(ledgerOf(dir))
	if err != nil || end == (usage.Cursor{}) {
		return err
	}
	_, local := os.Stat(filepath.Join(dir, "store.json"))
	_, joined := os.Stat(filepath.Join(dir, redis.MarkerFile))
	if local == nil && joined != nil {
		return nil
	}
	return counted{Node: name, Given: end, Logged: end}.write(ledgerOf(dir))
}

// withhold has the operator told that usage may be missing, also after the next start.
func (d *Daemon) withhold(why string) {
	d.log.Error("usage may be missing", "why", why)
	path := filepath.Join(d.cfg.Data, withheldFile)
	if err := os.WriteFile(path, []byte(why+"\n"), 0o600); err != nil {
		d.log.Error("what is said of missing usage cannot be kept", "error", err)
	}
}

func (d *Daemon) usageWithheld() string {
	b, err := os.ReadFile(filepath.Join(d.cfg.Data, withheldFile))
	if err != nil {
		return ""
	}
	return "usage may be missing: " + string(bytes.TrimSpace(b))
}
