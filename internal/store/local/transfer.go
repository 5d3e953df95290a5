package local

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"crs/internal/store"
	"crs/internal/usage"
)

// Export implements store.Portable.
func (s *Store) Export(ctx context.Context, yield func(store.Item) error) error {
	for _, part := range []func(context.Context, func(store.Item) error) error{s.exportDocs, s.exportFacts, s.exportHours, s.exportDays, s.exportCharged, s.exportUsed, s.exportMarks, s.exportAudit} {
		if err := part(ctx, yield); err != nil {
			return fmt.Errorf("read %s: %w", s, err)
		}
	}
	return nil
}

// each reads the rows of a query.
func (s *Store) each(ctx context.Context, query string, read func(*sql.Rows) error, args ...any) error {
	return plain(s.query(ctx, read, query, args...))
}

func (s *Store) exportDocs(ctx context.Context, yield func(store.Item) error) error {
	return s.each(ctx, "SELECT kind, id, version, name, body FROM doc", func(rows *sql.Rows) error {
		d := new(store.Doc)
		if err := rows.Scan(&d.Kind, &d.ID, &d.Version, &d.Name, &d.Body); err != nil {
			return err
		}
		return yield(store.Item{Part: store.PartDocs, Doc: d})
	})
}

// facts selects what others have told the store about itself: not which it is, nor how often it was written.
const facts = "name NOT IN ('id', '" + countFact + "')"

func (s *Store) exportFacts(ctx context.Context, yield func(store.Item) error) error {
	return s.each(ctx, "SELECT name, value FROM meta WHERE "+facts, func(rows *sql.Rows) error {
		i := store.Item{Part: store.PartFacts}
		if err := rows.Scan(&i.Name, &i.Value); err != nil {
			return err
		}
		return yield(i)
	})
}

func (s *Store) exportHours(ctx context.Context, yield func(store.Item) error) error {
	return s.each(ctx, "SELECT hour, day, key, account, model, "+wholeCounts()+" FROM usage_hour", func(rows *sql.Rows) error {
		var hour int64
		u := new(usage.Sum)
		if err := rows.Scan(append([]any{&hour, &u.Day, &u.Key, &u.Account, &u.Model}, countsOf(u)...)...); err != nil {
			return err
		}
		u.Hour = time.Unix(hour, 0).UTC()
		return yield(store.Item{Part: store.PartHours, Sum: u})
	})
}

func (s *Store) exportDays(ctx context.Context, yield func(store.Item) error) error {
	return s.each(ctx, "SELECT day, key, account, model, "+wholeCounts()+" FROM usage_day", func(rows *sql.Rows) error {
		u := new(usage.Sum)
		if err := rows.Scan(append([]any{&u.Day, &u.Key, &u.Account, &u.Model}, countsOf(u)...)...); err != nil {
			return err
		}
		return yield(store.Item{Part: store.PartDays, Sum: u})
	})
}

func (s *Store) exportCharged(ctx context.Context, yield func(store.Item) error) error {
	return s.each(ctx, "SELECT key, "+whole("total")+" FROM charged", func(rows *sql.Rows) error {
		i := store.Item{Part: store.PartCharged}
		if err := rows.Scan(&i.Name, &i.Amount); err != nil {
			return err
		}
		return yield(i)
	})
}

func (s *Store) exportUsed(ctx context.Context, yield func(store.Item) error) error {
	return s.each(ctx, "SELECT at, key, unit, "+whole("n")+" FROM used", func(rows *sql.Rows) error {
		i := store.Item{Part: store.PartUsed}
		if err := rows.Scan(&i.At, &i.Name, &i.Value, &i.Amount); err != nil {
			return err
		}
		return yield(i)
	})
}

func (s *Store) exportMarks(ctx context.Context, yield func(store.Item) error) error {
	return s.each(ctx, "SELECT node, segment, offset FROM mark", func(rows *sql.Rows) error {
		i := store.Item{Part: store.PartMarks}
		if err := rows.Scan(&i.Name, &i.Mark.Segment, &i.Mark.Offset); err != nil {
			return err
		}
		return yield(i)
	})
}

// Import implements store.Portable.
func (s *Store) Import(ctx context.Context, items []store.Item) error {
	err := s.counted(ctx, func(tx *sql.Tx) error {
		for i := range items {
			if items[i].Part == store.PartAudit {
				if err := insertRow(ctx, tx, items[i].Row); err != nil {
					return err
				}
				continue
			}
			query, args := insertion(&items[i])
			if _, err := tx.ExecContext(ctx, query, args...); err != nil {
				return plain(err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write to %s: %w", s, err)
	}
	return nil
}

func insertion(i *store.Item) (query string, args []any) {
	const nine = "?, ?, ?, ?, ?, ?, ?, ?, ?)"
	switch i.Part {
	case store.PartDocs:
		d := i.Doc
		return "INSERT INTO doc (kind, id, version, name, body) VALUES (?, ?, ?, ?, ?)", []any{d.Kind, d.ID, d.Version, d.Name, d.Body}
	case store.PartFacts:
		return "INSERT INTO meta (name, value) VALUES (?, ?)", []any{i.Name, i.Value}
	case store.PartHours:
		u := i.Sum
		return "INSERT INTO usage_hour (hour, day, key, account, model, " + counts + ") VALUES (?, ?, ?, ?, ?, " + nine,
			append([]any{u.Hour.Unix(), u.Day, u.Key, u.Account, u.Model}, countsOf(u)...)
	case store.PartDays:
		u := i.Sum
		return "INSERT INTO usage_day (day, key, account, model, " + counts + ") VALUES (?, ?, ?, ?, " + nine,
			append([]any{u.Day, u.Key, u.Account, u.Model}, countsOf(u)...)
	case store.PartCharged:
		return "INSERT INTO charged (key, total) VALUES (?, ?)", []any{i.Name, i.Amount}
	case store.PartUsed:
		return "INSERT INTO used (at, key, unit, n) VALUES (?, ?, ?, ?)", []any{i.At, i.Name, i.Value, i.Amount}
	}
	return "INSERT INTO mark (node, segment, offset) VALUES (?, ?, ?)", []any{i.Name, i.Mark.Segment, i.Mark.Offset}
}

// Clear implements store.Portable.
func (s *Store) Clear(ctx context.Context) error {
	err := s.counted(ctx, func(tx *sql.Tx) error {
		for _, what := range []string{"doc", "usage_hour", "usage_day", "charged", "used", "mark", "state", "audit", "meta WHERE " + facts} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+what); err != nil {
				return plain(err)
			}
		}
		_, err := tx.ExecContext(ctx, "UPDATE audit_size SET bytes = 0")
		return plain(err)
	})
	if err != nil {
		return fmt.Errorf("clear %s: %w", s, err)
	}
	return nil
}
