package local

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
	"time"

	"crs/internal/errs"
	"crs/internal/store"
	"crs/internal/usage"
)

// table is where a part of the store is.
type table struct {
	part store.Part
	name string
	// columns are read as they are, numbers as what whole makes of them.
	columns, numbers string
	where            string // empty for all rows
	// fields are what the columns, and then the numbers, are of an item.
	fields func(*store.Item) []any
}

// tables are those of every part but the audit log.
func tables() []table {
	return []table{
		{part: store.PartDocs, name: "doc", columns: "kind, id, version, name, body", fields: func(i *store.Item) []any {
			i.Doc = cmp.Or(i.Doc, new(store.Doc))
			return []any{&i.Doc.Kind, &i.Doc.ID, &i.Doc.Version, &i.Doc.Name, &i.Doc.Body}
		}},
		{part: store.PartFacts, name: "meta", columns: "name, value", where: facts, fields: func(i *store.Item) []any {
			return []any{&i.Name, &i.Value}
		}},
		{part: store.PartHours, name: "usage_hour", columns: "hour, day, key, account, model", numbers: counts, fields: func(i *store.Item) []any {
			i.Sum = cmp.Or(i.Sum, new(usage.Sum))
			return append([]any{hourOf{&i.Sum.Hour}, &i.Sum.Day, &i.Sum.Key, &i.Sum.Account, &i.Sum.Model}, countsOf(i.Sum)...)
		}},
		{part: store.PartDays, name: "usage_day", columns: "day, key, account, model", numbers: counts, fields: func(i *store.Item) []any {
			i.Sum = cmp.Or(i.Sum, new(usage.Sum))
			return append([]any{&i.Sum.Day, &i.Sum.Key, &i.Sum.Account, &i.Sum.Model}, countsOf(i.Sum)...)
		}},
		{part: store.PartCharged, name: "charged", columns: "key", numbers: "total", fields: func(i *store.Item) []any {
			return []any{&i.Name, &i.Amount}
		}},
		{part: store.PartUsed, name: "used", columns: "at, key, unit", numbers: "n", fields: func(i *store.Item) []any {
			return []any{&i.At, &i.Name, &i.Value, &i.Amount}
		}},
		{part: store.PartMarks, name: "mark", columns: "node, segment, offset", fields: func(i *store.Item) []any {
			return []any{&i.Name, &i.Mark.Segment, &i.Mark.Offset}
		}},
	}
}

// facts selects what others have told the store about itself: not which it is, nor how often it was written.
const facts = "name NOT IN ('id', '" + countFact + "')"

// hourOf is the beginning of an hour, which is kept in Unix seconds.
type hourOf struct{ time *time.Time }

// Scan implements sql.Scanner.
func (h hourOf) Scan(value any) error {
	unix, ok := value.(int64)
	if !ok {
		return fmt.Errorf("an hour is %v", value)
	}
	*h.time = time.Unix(unix, 0).UTC()
	return nil
}

// Value implements driver.Valuer.
func (h hourOf) Value() (driver.Value, error) { return h.time.Unix(), nil }

func (t *table) from() string {
	if t.where == "" {
		return " FROM " + t.name
	}
	return " FROM " + t.name + " WHERE " + t.where
}

// Export implements store.Portable.
func (s *Store) Export(ctx context.Context, yield func(store.Item) error) error {
	for _, t := range tables() {
		if err := s.export(ctx, &t, yield); err != nil {
			return fmt.Errorf("read %s: %w", s, err)
		}
	}
	return errs.Wrap(s.exportAudit(ctx, yield), "read %s", s)
}

func (s *Store) export(ctx context.Context, t *table, yield func(store.Item) error) error {
	return s.each(ctx, "SELECT "+joined(t.columns, eachOf(t.numbers, whole))+t.from(), func(rows *sql.Rows) error {
		i := store.Item{Part: t.part}
		if err := rows.Scan(t.fields(&i)...); err != nil {
			return err
		}
		return yield(i)
	})
}

// Import implements store.Portable.
func (s *Store) Import(ctx context.Context, items []store.Item) error {
	err := s.counted(ctx, func(tx *sql.Tx) error {
		for i := range items {
			if err := insert(ctx, tx, &items[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return errs.Wrap(err, "write to %s", s)
}

func insert(ctx context.Context, tx *sql.Tx, i *store.Item) error {
	for _, t := range tables() {
		if t.part == i.Part {
			return exec(ctx, tx, insertion(t.name, joined(t.columns, t.numbers)), t.fields(i)...)
		}
	}
	return insertRow(ctx, tx, i.Row)
}

// insertion makes a row with a value for each of the columns.
func insertion(table, columns string) string {
	return "INSERT INTO " + table + " (" + columns + ") VALUES (" + eachOf(columns, func(string) string { return "?" }) + ")"
}

// joined puts two lists of columns together, of which the second may be empty.
func joined(columns, more string) string { return strings.TrimSuffix(columns+", "+more, ", ") }

// eachOf gives what is made of each column of a list, as a list.
func eachOf(columns string, of func(string) string) string {
	if columns == "" {
		return ""
	}
	list := strings.Split(columns, ", ")
	for i, c := range list {
		list[i] = of(c)
	}
	return strings.Join(list, ", ")
}

// Clear implements store.Portable.
func (s *Store) Clear(ctx context.Context) error {
	err := s.counted(ctx, func(tx *sql.Tx) error {
		for _, t := range append(tables(), table{name: "state"}, table{name: "audit"}) {
			if err := exec(ctx, tx, "DELETE"+t.from()); err != nil {
				return err
			}
		}
		return exec(ctx, tx, "UPDATE audit_size SET bytes = 0")
	})
	return errs.Wrap(err, "clear %s", s)
}
