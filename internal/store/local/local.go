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

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"crs/internal/store"
)

// Store is a SQLite store. It is safe for concurrent use, also by two processes: an upgrade has both for a while.
type Store struct {
	write *sql.DB // one connection: SQLite has one writer at a time
	read  *sql.DB
	dir   string
	fresh bool
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
	existed, err := present(path)
	if err != nil {
		return nil, err
	}
	marker, err := store.ReadMarker(filepath.Join(dir, markerFile))
	if err != nil {
		return nil, err
	}
	if marker != nil && !existed {
		return nil, fmt.Errorf("%w: %s is gone, but this directory held a store made on %s; restore the file, or remove %s to begin anew",
			store.ErrDamaged, path, marker.Created.Format("2006-01-02"), filepath.Join(dir, markerFile))
	}
	s, err := connect(ctx, path)
	if err != nil {
		return nil, err
	}
	s.dir = dir
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

func connect(ctx context.Context, path string) (*Store, error) {
	write, err := open(path, "_txlock=immediate&_pragma=synchronous(FULL)&_pragma=journal_mode(WAL)", 1)
	if err != nil {
		return nil, err
	}
	if err := write.PingContext(ctx); err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("open the store %s: %w", path, plain(err))
	}
	read, err := open(path, "_pragma=query_only(1)", 2)
	if err != nil {
		_ = write.Close()
		return nil, err
	}
	return &Store{write: write, read: read}, nil
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
	if err := s.migrate(ctx, path, migrations(), before); err != nil {
		return err
	}
	return s.settleMarker(ctx, dir, path, m)
}

// checkUpTo is the size above which a full check would hold up the start.
const checkUpTo = 64 << 20

func (s *Store) check(ctx context.Context, path string) error {
	if info, err := os.Stat(path); err == nil && info.Size() > checkUpTo {
		return nil
	}
	var verdict string
	if err := s.write.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return fmt.Errorf("check the store %s: %w", path, plain(err))
	}
	if verdict != "ok" {
		return fmt.Errorf("check the store %s: %w: %s", path, store.ErrDamaged, verdict)
	}
	return nil
}

// String says where the store is.
func (s *Store) String() string { return "local " + s.dir }

// Fresh reports whether Open made the store.
func (s *Store) Fresh() bool { return s.fresh }

// Close ends the store. The writer goes last: it tidies up the write-ahead log.
func (s *Store) Close() error {
	return errors.Join(s.read.Close(), s.write.Close())
}

// inTx runs f in one write transaction.
func (s *Store) inTx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return plain(err)
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback()
		return err
	}
	return plain(tx.Commit())
}

// plain marks SQLite's words for damage, and for a disk that takes nothing.
func plain(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: %s", store.ErrDamaged, e.Error())
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY:
		return fmt.Errorf("%w: %s", store.ErrNotWritable, e.Error())
	}
	return err
}
