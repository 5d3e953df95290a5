package local

import (
	"context"
	"database/sql"
	"errors"

	"crs/internal/errs"
	"crs/internal/store"
)

// Put implements store.Documents.
func (s *Store) Put(ctx context.Context, d store.Doc) (int64, error) {
	err := s.counted(ctx, func(tx *sql.Tx) error {
		var at int64
		err := tx.QueryRowContext(ctx, "SELECT version FROM doc WHERE kind = ? AND id = ?", d.Kind, d.ID).Scan(&at)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return plain(err)
		}
		if at != d.Version {
			return &store.Conflict{Kind: d.Kind, ID: d.ID, Want: d.Version, Got: at}
		}
		if err := free(ctx, tx, d); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO doc (kind, id, version, name, body) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, name = excluded.name, body = excluded.body`,
			d.Kind, d.ID, at+1, d.Name, d.Body)
		return plain(err)
	})
	if err != nil {
		return 0, store.WriteError(err, "write %s %s", d.Kind, d.ID)
	}
	return d.Version + 1, nil
}

// holderOf finds who has a name. That the name is not empty is said because the index is only of those, and SQLite cannot see
// it in a parameter: without, each write would read every document of its kind.
const holderOf = "SELECT id FROM doc WHERE kind = ? AND name = ? AND name <> '' AND id <> ?"

// free is a *store.Taken when another document has d's name.
func free(ctx context.Context, tx *sql.Tx, d store.Doc) error {
	if d.Name == "" {
		return nil
	}
	var other string
	err := tx.QueryRowContext(ctx, holderOf, d.Kind, d.Name, d.ID).Scan(&other)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return plain(err)
	}
	return &store.Taken{Kind: d.Kind, Name: d.Name, ID: other}
}

// Delete implements store.Documents.
func (s *Store) Delete(ctx context.Context, kind store.Kind, id string) error {
	err := s.counted(ctx, func(tx *sql.Tx) error { return exec(ctx, tx, "DELETE FROM doc WHERE kind = ? AND id = ?", kind, id) })
	return store.WriteError(err, "delete %s %s", kind, id)
}

// All implements store.Documents.
func (s *Store) All(ctx context.Context, kind store.Kind) ([]store.Doc, error) {
	var all []store.Doc
	err := s.each(ctx, "SELECT id, version, name, body FROM doc WHERE kind = ? ORDER BY id", func(rows *sql.Rows) error {
		d := store.Doc{Kind: kind}
		err := rows.Scan(&d.ID, &d.Version, &d.Name, &d.Body)
		all = append(all, d)
		return err
	}, kind)
	return all, errs.Wrap(err, "read every %s", kind)
}

// SaveState implements store.State.
func (s *Store) SaveState(ctx context.Context, name string, body []byte) error {
	err := s.writing(ctx, func() error {
		return exec(ctx, s.write, "INSERT INTO state (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body", name, body)
	})
	return errs.Wrap(err, "save the state %s", name)
}

// LoadState implements store.State.
func (s *Store) LoadState(ctx context.Context, name string) ([]byte, error) {
	var body []byte
	err := s.read.QueryRowContext(ctx, "SELECT body FROM state WHERE name = ?", name).Scan(&body)
	return body, errs.Wrap(plain(errs.Ignore(err, sql.ErrNoRows)), "load the state %s", name)
}
