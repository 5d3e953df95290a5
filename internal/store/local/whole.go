package local

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"crs/internal/descriptor"
	"crs/internal/store"
)

// extent is how far a store's files reach, as SQLite knows it.
type extent struct {
	page          int64 // bytes of each
	pages         int64 // of the store
	frames, moved int64 // of the write-ahead log, and those that are in the store's own file too; -1 where there is no log
}

// The format of a write-ahead log: a head, and frames of a page each with a head of its own, which begins with the page's number.
const (
	walHead   = 32
	frameHead = 24
)

// log is how long the write-ahead log is at least. What has been moved is not needed of it any more.
func (e extent) log() int64 {
	if e.frames <= e.moved {
		return 0
	}
	return walHead + e.frames*(frameHead+e.page)
}

// reach asks SQLite. What it says of the store's pages is not newer than what it says of the log.
func reach(ctx context.Context, db *sql.DB) (e extent, err error) {
	if err := db.QueryRowContext(ctx, "PRAGMA page_size").Scan(&e.page); err != nil {
		return e, plain(err)
	}
	if err := db.QueryRowContext(ctx, "PRAGMA page_count").Scan(&e.pages); err != nil {
		return e, plain(err)
	}
	var busy int
	if err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(NOOP)").Scan(&busy, &e.frames, &e.moved); err != nil {
		return e, plain(err)
	}
	return e, nil
}

// lengths are those that a store's files had when they were last whole, and what was found since that does not mend.
type lengths struct {
	mu     sync.Mutex // guards the fields below
	store  int64
	known  extent
	broken error
}

// check compares the files with what SQLite knows: one that was cut is written to behind a hole, and what is in the hole is gone with
// this process's memory. Only a checkpoint that has moved everything makes the log shorter, and only a VACUUM the store.
func (l *lengths) check(path string, e extent) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil || e.frames < 0 {
		return l.broken
	}
	if size := length(path + walSuffix); size < e.log() {
		return cut(path+walSuffix, size, e.log())
	}
	size, want := length(path), e.pages*e.page
	if e.frames > e.moved {
		want = min(want, l.store) // the rest is in the log
	}
	if size < want {
		return cut(path, size, want)
	}
	l.store, l.known = size, e
	return nil
}

func (l *lengths) last() extent {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known
}

func (l *lengths) breaks(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = err
	return err
}

const walSuffix = "-wal"

// length is 0 for a file that is not there: that is another error.
func length(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

func cut(path string, size, want int64) error {
	return fmt.Errorf("%w: %s was cut while the daemon runs: it has %d bytes of at least %d; changes to keys, accounts and settings that were acknowledged may be "+
		"nowhere but in this process's memory", store.ErrNotWritable, path, size, want)
}

// whole is an error when a file is shorter than SQLite knows. It looks twice before it says so: another process may have moved the log
// into the store between what SQLite says and what the files say.
func (s *Store) whole(ctx context.Context, db *sql.DB) (e extent, err error) {
	for range 2 {
		if e, err = reach(ctx, db); err != nil {
			return e, err
		}
		if err = s.lengths.check(s.path(), e); err == nil {
			return e, nil
		}
	}
	return e, err
}

// behind makes sure that what was written since before does not lie behind a hole: somebody may have cut the log in that moment.
func (s *Store) behind(ctx context.Context, before extent) error {
	now, err := s.whole(ctx, s.write)
	if err != nil || now.frames <= before.frames || before.frames < 0 {
		return err
	}
	path := s.path() + walSuffix
	f, err := os.Open(path)        // SQLite has no lock on this one, which closing it would end
	if descriptor.Exhausted(err) { // that is no sign of a hole
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the store's write-ahead log: %w", err)
	}
	defer func() { _ = f.Close() }()
	for _, at := range []int64{0, walHead + max(0, before.frames-1)*(frameHead+before.page)} {
		var first [4]byte
		if _, err := f.ReadAt(first[:], at); err != nil || binary.BigEndian.Uint32(first[:]) == 0 {
			return s.lengths.breaks(cut(path, at, now.log()))
		}
	}
	return nil
}

// lookFor is how long Intact waits for SQLite.
const lookFor = time.Second

// notWhole is whole for whoever only looks. What SQLite cannot read any more, of a file that was cut, is held against what it knew last.
func (s *Store) notWhole() error {
	ctx, stop := context.WithTimeout(context.Background(), lookFor)
	defer stop()
	_, err := s.whole(ctx, s.read)
	if err == nil || ctx.Err() != nil || errors.Is(err, store.ErrLocked) || unopened(err) {
		return nil
	}
	if cut := s.lengths.check(s.path(), s.lengths.last()); cut != nil {
		return cut
	}
	return err
}
