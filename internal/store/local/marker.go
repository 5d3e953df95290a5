package local

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"crs/internal/id"
	"crs/internal/store"
)

// marker is a file beside the store that remembers it. Without it, a store that was lost (a volume that is not mounted,
// a file deleted by mistake) would look like a new machine, and crs would start empty.
type marker struct {
	Store   string    `json:"store"` // also in the store, as meta "id"
	Created time.Time `json:"created"`
}

const markerFile = "store.json"

func readMarker(dir string) (*marker, error) {
	b, err := os.ReadFile(filepath.Join(dir, markerFile))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the store's marker: %w", err)
	}
	m := new(marker)
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("read the store's marker %s: %w", filepath.Join(dir, markerFile), err)
	}
	return m, nil
}

// settleMarker makes sure that the store is the one the marker remembers, and writes the marker when there is none.
func (s *Store) settleMarker(ctx context.Context, dir, path string, m *marker) error {
	name, err := s.Meta(ctx, "id")
	if err != nil {
		return err
	}
	switch {
	case name == "" && m != nil:
		return fmt.Errorf("%w: %s is empty, but this directory held a store made on %s; restore the file, or remove %s to begin anew",
			store.ErrDamaged, path, m.Created.Format("2006-01-02"), filepath.Join(dir, markerFile))
	case name == "":
		s.fresh = true
		name = id.New("store", time.Now())
		if err := s.SetMeta(ctx, "id", name); err != nil {
			return err
		}
	case m != nil && m.Store != name:
		return fmt.Errorf("%w: %s is not the store that this directory held before; restore that one, or remove %s to keep this one",
			store.ErrDamaged, path, filepath.Join(dir, markerFile))
	}
	if m != nil {
		return nil
	}
	return writeMarker(dir, marker{Store: name, Created: time.Now().UTC().Truncate(time.Second)})
}

func writeMarker(dir string, m marker) error {
	b, err := json.Marshal(m)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, markerFile), append(b, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write the store's marker: %w", err)
	}
	return nil
}

// Meta gives a fact about the store itself, "" when it was never set.
func (s *Store) Meta(ctx context.Context, name string) (string, error) {
	var value string
	err := s.write.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = ?", name).Scan(&value)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read %s of the store: %w", name, plain(err))
	}
	return value, nil
}

// SetMeta writes a fact about the store itself.
func (s *Store) SetMeta(ctx context.Context, name, value string) error {
	_, err := s.write.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
	if err != nil {
		return fmt.Errorf("write %s of the store: %w", name, plain(err))
	}
	return nil
}
