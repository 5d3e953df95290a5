package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"crs/internal/store"
	"crs/internal/usage"
)

// counts are the columns that are summed, in the order of countsOf.
const counts = "requests, input, output, cache_read, cache_write, cache_write_1h, reasoning, cost, charged"

func countsOf(s *usage.Sum) []any {
	var all []any
	for _, n := range s.Counts() {
		all = append(all, n)
	}
	return all
}

// What is beyond an INTEGER becomes REAL where SQLite adds, and SUM gives an error. A cast gives the largest INTEGER in the
// place of such a REAL, also of one that an older version has left in a row.

func whole(expression string) string { return "CAST(" + expression + " AS INTEGER)" }

// totalOf adds up a column by halves, which cannot overflow; their sum is as exact as an INTEGER is.
func totalOf(column string) string {
	n := whole(column)
	return whole("COALESCE(SUM(" + n + " >> 32) * 4294967296 + SUM(" + n + " & 4294967295), 0)")
}

// AddUp implements usage.Rollups.
func (s *Store) AddUp(ctx context.Context, node string, sums []usage.Sum, from, to usage.Cursor) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		at, err := markIn(ctx, tx, node)
		if err != nil || !at.Before(to) {
			return err
		}
		if at != from {
			return &usage.CursorMismatch{At: at}
		}
		more := partsOf(sums)
		for _, t := range tables() {
			if err := t.add(ctx, tx, more[t.part]); err != nil {
				return plain(err)
			}
		}
		return exec(ctx, tx, `INSERT INTO mark (node, segment, offset) VALUES (?, ?, ?)
			ON CONFLICT (node) DO UPDATE SET segment = excluded.segment, offset = excluded.offset`, node, to.Segment, to.Offset)
	})
	if err != nil {
		return fmt.Errorf("add up usage: %w", err)
	}
	return nil
}

// partsOf gives what sums add to each part of a store.
func partsOf(sums []usage.Sum) map[store.Part][]store.Item {
	all := map[store.Part][]store.Item{}
	for i := range sums {
		sum := store.Item{Sum: &sums[i]}
		all[store.PartHours], all[store.PartDays] = append(all[store.PartHours], sum), append(all[store.PartDays], sum)
		all[store.PartCharged] = append(all[store.PartCharged], store.Item{Name: sum.Sum.Key, Amount: sum.Sum.Charged})
	}
	for u, n := range usage.UsedOf(sums) {
		all[store.PartUsed] = append(all[store.PartUsed], store.Item{At: u.At, Name: u.Key, Value: u.Unit, Amount: n})
	}
	return all
}

// add adds to the numbers of rows, or makes them. The statement is prepared once, for there may be thousands of rows; it ends with
// the transaction.
func (t *table) add(ctx context.Context, tx *sql.Tx, rows []store.Item) error {
	if len(rows) == 0 {
		return nil
	}
	sums := eachOf(t.numbers, func(c string) string { return c + " = " + whole(c+" + excluded."+c) })
	stmt, err := tx.PrepareContext(ctx, insertion(t.name, joined(t.columns, t.numbers))+" ON CONFLICT ("+t.columns+") DO UPDATE SET "+sums)
	if err != nil {
		return err
	}
	for i := range rows {
		if _, err := stmt.ExecContext(ctx, t.fields(&rows[i])...); err != nil {
			return err
		}
	}
	return nil
}

// MarkOf implements usage.Rollups.
func (s *Store) MarkOf(ctx context.Context, node string) (usage.Cursor, error) {
	m, err := markIn(ctx, s.read, node)
	if err != nil {
		return m, fmt.Errorf("read the ledger's mark: %w", err)
	}
	return m, nil
}

func markIn(ctx context.Context, db interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, node string) (m usage.Cursor, err error) {
	err = db.QueryRowContext(ctx, "SELECT segment, offset FROM mark WHERE node = ?", node).Scan(&m.Segment, &m.Offset)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return m, plain(err)
}

// Usage implements usage.Rollups.
func (s *Store) Usage(ctx context.Context, q usage.Query) ([]usage.Sum, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	text, args := selection(q)
	var all []usage.Sum
	err := s.each(ctx, text, func(rows *sql.Rows) error {
		sum, err := scan(rows, q.By)
		if sum.Requests > 0 {
			all = append(all, sum)
		}
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("read usage: %w", err)
	}
	return all, nil
}

// selection builds the query. Column names come from a fixed set, values are bound.
func selection(q usage.Query) (text string, args []any) {
	table := "usage_hour"
	if q.Days() {
		table = "usage_day"
	}
	var where []string
	test := func(condition string, value any, set bool) {
		if set {
			where, args = append(where, condition), append(args, value)
		}
	}
	test("hour >= ?", q.Since.Unix(), !q.Since.IsZero())
	test("hour < ?", q.Until.Unix(), !q.Until.IsZero())
	test("day >= ?", q.FirstDay, q.FirstDay != "")
	test("day <= ?", q.LastDay, q.LastDay != "")
	test("key = ?", q.Key, q.Key != "")
	test("account = ?", q.Account, q.Account != "")
	test("model = ?", q.Model, q.Model != "")

	var groups []string
	for _, by := range q.By {
		groups = append(groups, string(by))
	}
	return statement(table, groups, where), args
}

func statement(table string, groups, where []string) string {
	list := strings.Join(groups, ", ")
	text := "SELECT " + strings.TrimPrefix(joined(list, eachOf(counts, totalOf)), ", ") + " FROM " + table
	if len(where) > 0 {
		text += " WHERE " + strings.Join(where, " AND ")
	}
	if len(groups) > 0 {
		text += " GROUP BY " + list + " ORDER BY " + list
	}
	return text
}

func scan(rows *sql.Rows, by []usage.Column) (usage.Sum, error) {
	var s usage.Sum
	columns := map[usage.Column]any{
		usage.ByKey: &s.Key, usage.ByAccount: &s.Account, usage.ByModel: &s.Model, usage.ByHour: hourOf{&s.Hour}, usage.ByDay: &s.Day,
	}
	var targets []any
	for _, c := range by {
		targets = append(targets, columns[c])
	}
	err := rows.Scan(append(targets, countsOf(&s)...)...)
	return s, err
}

// Forget implements usage.Rollups.
func (s *Store) Forget(ctx context.Context, before time.Time) error {
	err := s.writing(ctx, func() error {
		_, err := s.write.ExecContext(ctx, "DELETE FROM usage_hour WHERE hour < ?", before.Unix())
		if err == nil {
			err = s.forgetUsed(ctx, before)
		}
		return plain(err)
	})
	if err != nil {
		return fmt.Errorf("forget old hours of usage: %w", err)
	}
	return nil
}
