// Package local keeps everything in one SQLite file in the data directory.
package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"crs/internal/errs"
	"crs/internal/store"
)

// Store is a SQLite store. It is safe for concurrent use, also by two processes: an upgrade has both for a while.
type Store struct {
	write *sql.DB // one connection: SQLite has one writer at a time
	read  *sql.DB
	dir   string
	fresh bool
	files *files
	count *counter // nil until the store is prepared

	lengths lengths

	keepsRoom atomic.Bool // for the next start
}

const file = "crs.db"

// Open opens the store in dir, and makes it when there has never been one. A store that is damaged, or that was there and
// is not any more, is store.ErrDamaged.
func Open(ctx context.Context, dir string) (*Store, error) { return OpenWith(ctx, dir, nil) }

// BeforeMigration is called with the store as it was, before it is brought from one schema to a newer one. An error keeps it
// as it was.
type BeforeMigration func(ctx context.Context, from, to int) error

// OpenWith is Open with something to do before a migration; before may be nil.
func OpenWith(ctx context.Context, dir string, before BeforeMigration) (*Store, error) {
	path := filepath.Join(dir, file)
	s, err := openAt(ctx, dir, path, before)
	if giveRoom(path, err) {
		return openAt(ctx, dir, path, before)
	}
	return s, err
}

func openAt(ctx context.Context, dir, path string, before BeforeMigration) (*Store, error) {
	existed, err := present(path)
	if err != nil {
		return nil, err
	}
	marker, err := store.ReadMarker(filepath.Join(dir, markerFile))
	if err != nil {
		return nil, err
	}
	if marker != nil && !existed {
		return nil, fmt.Errorf("%w: %s is gone, but this directory held a store made on %s; %s, or remove %s to begin anew",
			store.ErrDamaged, path, marker.Created.Format("2006-01-02"), wayBack(path), filepath.Join(dir, markerFile))
	}
	if err := makePrivate(path, existed); err != nil {
		return nil, err
	}
	s, err := connect(ctx, path, existed)
	if err != nil {
		return nil, err
	}
	s.dir, s.files = dir, watch(path)
	if err := s.prepare(ctx, dir, path, existed, marker, before); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

func present(path string) (bool, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look for the store: %w", err)
	}
	return info.Size() > 0, nil // SQLite makes an empty file before its first write
}

// makePrivate makes the store's file before SQLite does, which would make it as the umask has it, and takes from others what
// they may do with one that is there. SQLite gives its other files the mode of the first.
func makePrivate(path string, existed bool) error {
	if !existed { // closing one that this process has open would end its locks
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil // SQLite says what is wrong with it
		}
		if err := f.Close(); err != nil {
			return fmt.Errorf("make the store's file: %w", err)
		}
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm()&0o077 == 0 {
			continue
		}
		if err := os.Chmod(name, 0o600); err != nil {
			return fmt.Errorf("keep the store from others: %w", err)
		}
	}
	return nil
}

// connect makes a file only where there is none: a connection that is opened later must not put an empty one in the place of
// one that was removed.
func connect(ctx context.Context, path string, existed bool) (*Store, error) {
	mode := "mode=rwc"
	if existed {
		mode = mayExist
	}
	write, err := open(path, mode+"&_txlock=immediate&_pragma=synchronous(FULL)&_pragma=journal_mode(WAL)", 1)
	if err != nil {
		return nil, err
	}
	if err := write.PingContext(ctx); err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("open the store %s: %w", path, withWayBack(barred(plain(err), path), path))
	}
	read, err := open(path, mayExist+"&_pragma=query_only(1)", readers)
	if err == nil {
		err = openAll(ctx, read, readers)
	}
	if err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("open the store %s: %w", path, plain(err))
	}
	return &Store{write: write, read: read}, nil
}

// barred is the system's reason when this process may not write to the store's file, which SQLite does not tell. Nothing has it open
// here: closing it would end locks.
func barred(err error, path string) error {
	f, own := os.OpenFile(path, os.O_RDWR, 0)
	if own != nil {
		return own
	}
	return errors.Join(err, f.Close())
}

const (
	mayExist = "mode=rw"
	readers  = 2
)

// openAll opens so many connections now: what is open can be read even when the file is removed.
func openAll(ctx context.Context, db *sql.DB, n int) error {
	for range n {
		c, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }()
		if _, err := c.ExecContext(ctx, "SELECT 1 FROM sqlite_schema"); err != nil {
			return err
		}
	}
	return nil
}

func open(path, options string, conns int) (*sql.DB, error) {
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(5000)&" + options
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open the store %s: %w", path, err)
	}
	db.SetMaxOpenConns(conns)
	return db, nil
}

// prepare checks what is there and brings it up to date.
func (s *Store) prepare(ctx context.Context, dir, path string, existed bool, m *store.Marker, before BeforeMigration) error {
	if existed {
		if err := s.check(ctx, path); err != nil {
			return err
		}
	}
	return errs.First(
		func() error { return s.migrate(ctx, path, migrations(), before) },
		func() error { return s.settleMarker(ctx, dir, path, m) },
		func() error { return s.settleCount(ctx) },
		s.Intact,
	)
}

func (s *Store) path() string { return filepath.Join(s.dir, file) }

// checkUpTo is the size above which a full check would hold up the start.
const checkUpTo = 64 << 20

func (s *Store) check(ctx context.Context, path string) error {
	if info, err := os.Stat(path); err == nil && info.Size() > checkUpTo {
		return nil
	}
	var verdict string
	err := plain(s.write.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict))
	if err == nil && verdict != "ok" {
		err = fmt.Errorf("%w: %s", store.ErrDamaged, strings.Join(strings.Fields(verdict), " "))
	}
	return errs.Wrap(withWayBack(err, path), "check the store %s", path)
}

// String says where the store is.
func (s *Store) String() string { return "local " + s.dir }

// Fresh reports whether Open made the store.
func (s *Store) Fresh() bool { return s.fresh }

// Close ends the store. The writer goes last: it tidies up the write-ahead log. When a file was cut it must not, for that would write
// what is in the hole into the store: it is kept from it by readers that are left open until the process ends.
func (s *Store) Close() error {
	var err error
	if s.files == nil || s.notWhole() == nil {
		err = s.read.Close()
	}
	err = errors.Join(err, s.write.Close())
	if s.count != nil {
		err = errors.Join(err, s.count.file.Close())
	}
	if s.keepsRoom.Load() {
		s.keepWhatThereIs()
	}
	return err
}

// inTx runs f in one write transaction.
func (s *Store) inTx(ctx context.Context, f func(*sql.Tx) error) error {
	return s.writing(ctx, func() error {
		tx, err := s.write.BeginTx(ctx, nil)
		if err != nil {
			return plain(err)
		}
		if err := f(tx); err != nil {
			_ = tx.Rollback()
			return err
		}
		return plain(tx.Commit())
	})
}

// exec runs a statement that gives no rows.
func exec(ctx context.Context, db interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, text string, args ...any) error {
	_, err := db.ExecContext(ctx, text, args...)
	return plain(err)
}

// writing runs what writes. It fails when the store's files were taken from under it or cut, also while it ran.
func (s *Store) writing(ctx context.Context, write func() error) error {
	if err := s.files.intact(); err != nil {
		return err
	}
	before, err := s.whole(ctx, s.write)
	if err != nil {
		return err
	}
	if err := write(); err != nil {
		return err
	}
	if err := s.files.intact(); err != nil {
		return err
	}
	return s.behind(ctx, before)
}

// plain marks SQLite's words for damage, and for a disk that takes nothing.
func plain(err error) error {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch code := e.Code(); {
	case primary(code, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
		return fmt.Errorf("%w: %s", store.ErrDamaged, e.Error())
	case code == sqlite3.SQLITE_IOERR_SHORT_READ:
		return fmt.Errorf("%w: a file of it is shorter than it was: %s", store.ErrDamaged, e.Error())
	case primary(code, sqlite3.SQLITE_FULL), code == sqlite3.SQLITE_IOERR_SHMSIZE: // for which SQLite has written a byte to each page
		return fmt.Errorf("%w: %w: %s", store.ErrNotWritable, store.ErrFull, e.Error())
	case primary(code, sqlite3.SQLITE_READONLY):
		return fmt.Errorf("%w: %w: %s", store.ErrNotWritable, store.ErrReadOnly, e.Error())
	case primary(code, sqlite3.SQLITE_IOERR):
		return fmt.Errorf("%w: %s", store.ErrNotWritable, e.Error())
	case primary(code, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
		return fmt.Errorf("%w: %w: %s", store.ErrNotWritable, store.ErrLocked, e.Error())
	}
	return err
}

// unopened reports whether SQLite could not open a file, perhaps for want of descriptors. That one is gone, others find.
func unopened(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && primary(e.Code(), sqlite3.SQLITE_CANTOPEN)
}

// primary reports whether a code of SQLite's is one of these, or belongs to one.
func primary(code int, of ...int) bool { return slices.Contains(of, code&0xff) }
