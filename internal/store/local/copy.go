package local

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Copy writes the store in dir to a file, which must be missing or empty, as it is at one moment; a daemon may be using it.
// It gives the store's schema, also one that this crs does not know.
func Copy(ctx context.Context, dir, to string) (schema int, err error) {
	path := filepath.Join(dir, file)
	if _, err := os.Stat(path); err != nil {
		return 0, fmt.Errorf("look for the store: %w", err)
	}
	db, err := open(path, "", 1)
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&schema); err != nil {
		return 0, fmt.Errorf("read the version of the store %s: %w", path, plain(err))
	}
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return 0, fmt.Errorf("copy the store %s: %w", path, plain(err))
	}
	return schema, nil
}
