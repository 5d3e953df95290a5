package local

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	"crs/internal/errs"
	"crs/internal/rescue"
)

// Copy writes the store in dir to a file, which must be missing or empty, as it is at one moment; a daemon may be using it.
// It gives the store's schema, also one that this crs does not know. A copy that lacks what was acknowledged is store.ErrDamaged.
func Copy(ctx context.Context, dir, to string) (schema int, err error) {
	path := filepath.Join(dir, file)
	if _, err := os.Stat(path); err != nil {
		if saved := rescue.Newest(path); saved != "" {
			err = fmt.Errorf("%w; %s", err, wayBack(path))
		}
		return 0, fmt.Errorf("look for the store: %w", err)
	}
	told, known, err := toldWrites(path) // before the copy is made: a daemon may be writing
	if err != nil {
		return 0, err
	}
	if schema, err = vacuum(ctx, path, to); err != nil || !known {
		return schema, err
	}
	return schema, complete(ctx, to, path, told)
}

func vacuum(ctx context.Context, path, to string) (schema int, err error) {
	db, err := open(path, mayExist, 1)
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&schema); err != nil {
		return 0, fmt.Errorf("read the version of the store %s: %w", path, plain(err))
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", to)
	return schema, errs.Wrap(plain(err), "copy the store %s", path)
}

// complete makes sure that a copy has every write that was acknowledged.
func complete(ctx context.Context, to, of string, told int64) error {
	text, err := Fact(ctx, to, countFact)
	if err != nil {
		return err
	}
	have, err := parseCount(text)
	if err == nil && have < told {
		err = lacking(of, told, have)
	}
	return err
}

// Fact reads what the store in a file that nobody writes to was told about itself; "" when it was never told.
func Fact(ctx context.Context, file, name string) (value string, err error) {
	db, err := open(file, "mode=ro&immutable=1", 1)
	if err != nil {
		return "", err
	}
	defer func() { _ = db.Close() }()
	err = db.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = ?", name).Scan(&value)
	return value, errs.Wrap(plain(errs.Ignore(err, sql.ErrNoRows)), "read %s of the store %s", name, file)
}
