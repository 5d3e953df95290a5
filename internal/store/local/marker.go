package local

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"time"

	"crs/internal/errs"
	"crs/internal/id"
	"crs/internal/store"
)

// markerFile stands beside the store.
const markerFile = "store.json"

// settleMarker makes sure that the store is the one the marker remembers, and writes the marker when there is none.
func (s *Store) settleMarker(ctx context.Context, dir, path string, m *store.Marker) error {
	name, err := s.Meta(ctx, "id")
	if err != nil {
		return err
	}
	switch {
	case name == "" && m != nil:
		return fmt.Errorf("%w: %s is empty, but this directory held a store made on %s; %s, or remove %s to begin anew",
			store.ErrDamaged, path, m.Created.Format("2006-01-02"), wayBack(path), filepath.Join(dir, markerFile))
	case name == "":
		s.fresh = true
		if name, err = s.Claim(ctx, "id", id.New("store", time.Now())); err != nil {
			return err
		}
	case m != nil && m.Store != name:
		return fmt.Errorf("%w: %s is not the store that this directory held before; %s, or remove %s to keep this one",
			store.ErrDamaged, path, wayBack(path), filepath.Join(dir, markerFile))
	}
	if m != nil {
		return nil
	}
	return store.Marker{Store: name, Created: time.Now().UTC().Truncate(time.Second)}.Write(filepath.Join(dir, markerFile))
}

// Meta gives a fact about the store itself, "" when it was never set.
func (s *Store) Meta(ctx context.Context, name string) (string, error) {
	var value string
	err := s.write.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = ?", name).Scan(&value)
	return value, errs.Wrap(plain(errs.Ignore(err, sql.ErrNoRows)), "read %s of the store", name)
}

// Claim implements store.Facts.
func (s *Store) Claim(ctx context.Context, name, value string) (string, error) {
	err := s.counted(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", name, value)
	})
	if err != nil {
		return "", fmt.Errorf("write %s of the store: %w", name, err)
	}
	return s.Meta(ctx, name)
}
