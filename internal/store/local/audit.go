package local

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"crs/internal/audit"
	"crs/internal/store"
)

// AppendAudit implements audit.Rows.
func (s *Store) AppendAudit(ctx context.Context, entries []audit.Entry, keep audit.Limits) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		for i := range entries {
			if err := insertRow(ctx, tx, &audit.Row{Entry: entries[i]}); err != nil {
				return err
			}
		}
		return forgetAudit(ctx, tx, keep)
	})
	return store.WriteError(err, "write to the audit log")
}

// insertRow puts a row at its place; behind all others when it has none.
func insertRow(ctx context.Context, tx *sql.Tx, r *audit.Row) error {
	body, err := json.Marshal(&r.Entry)
	if err != nil {
		return err
	}
	place := sql.NullInt64{Int64: r.Place, Valid: r.Place > 0}
	done, err := tx.ExecContext(ctx, "INSERT INTO audit (place, id, at, body) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING", place, r.ID, r.Time.UnixMilli(), body)
	if err != nil {
		return plain(err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return growAudit(ctx, tx, len(body))
}

func growAudit(ctx context.Context, tx *sql.Tx, bytes int) error {
	return exec(ctx, tx, "UPDATE audit_size SET bytes = bytes + ?", bytes)
}

func forgetAudit(ctx context.Context, tx *sql.Tx, keep audit.Limits) error {
	for {
		var place, at, size, bytes int64
		err := tx.QueryRowContext(ctx, "SELECT place, at, LENGTH(body), (SELECT bytes FROM audit_size) FROM audit ORDER BY place LIMIT 1").Scan(&place, &at, &size, &bytes)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return nil
		case err != nil:
			return plain(err)
		case bytes <= keep.Bytes && at >= keep.Since.UnixMilli():
			return nil
		}
		if err := exec(ctx, tx, "DELETE FROM audit WHERE place = ?", place); err != nil {
			return err
		}
		if err := growAudit(ctx, tx, int(-size)); err != nil {
			return err
		}
	}
}

// Audit implements audit.Rows.
func (s *Store) Audit(ctx context.Context, q audit.Query) ([]audit.Row, error) {
	order := "DESC"
	if q.After > 0 {
		order = "ASC"
	}
	var all []audit.Row
	err := s.each(ctx, "SELECT place, body FROM audit WHERE at >= ? AND place > ? ORDER BY place "+order+" LIMIT ?", func(rows *sql.Rows) error {
		r, err := scanRow(rows)
		all = append(all, r)
		return err
	}, q.EarliestMilli(), q.After, q.Most())
	if err != nil {
		return nil, err
	}
	if order == "DESC" {
		slices.Reverse(all)
	}
	return all, nil
}

func scanRow(rows *sql.Rows) (r audit.Row, err error) {
	var body []byte
	if err := rows.Scan(&r.Place, &body); err != nil {
		return r, err
	}
	if err := json.Unmarshal(body, &r.Entry); err != nil {
		return r, fmt.Errorf("%w: entry %d of the audit log: %w", store.ErrDamaged, r.Place, err)
	}
	return r, nil
}

func (s *Store) exportAudit(ctx context.Context, yield func(store.Item) error) error {
	return s.each(ctx, "SELECT place, body FROM audit ORDER BY place", func(rows *sql.Rows) error {
		r, err := scanRow(rows)
		if err != nil {
			return err
		}
		return yield(store.Item{Part: store.PartAudit, Row: &r})
	})
}
