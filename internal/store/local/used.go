package local

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"crs/internal/unit"
	"crs/internal/usage"
)

func addUsed(ctx context.Context, tx *sql.Tx, used map[usage.Used]int64) error {
	stmt, err := tx.PrepareContext(ctx, "INSERT INTO used (at, key, unit, n) VALUES (?, ?, ?, ?) ON CONFLICT (at, key, unit) DO UPDATE SET n = "+whole("n + excluded.n"))
	if err != nil {
		return err
	}
	for u, n := range used {
		if _, err := stmt.ExecContext(ctx, u.At, u.Key, u.Unit, n); err != nil {
			return err
		}
	}
	return nil
}

// forgetUsed removes old hours. They have names of one length, so that they are ordered as texts.
func (s *Store) forgetUsed(ctx context.Context, before time.Time) error {
	_, err := s.write.ExecContext(ctx, "DELETE FROM used WHERE at >= ? AND at < ?", usage.AtHour(0), usage.AtHour(usage.Hour(before.Unix())))
	return err
}

// metered are the tokens that count against limits, as usage.Tokens.Metered has them.
const metered = "input + output + cache_write + cache_write_1h"

// Spent implements usage.Rollups.
func (s *Store) Spent(ctx context.Context, since []string, last string) (map[string][]unit.Amounts, error) {
	sp := usage.NewSpending(since, last)
	err := s.query(ctx, func(rows *sql.Rows) error {
		var day, key string
		var used unit.Amounts
		if err := rows.Scan(&day, &key, &used[unit.Tokens], &used[unit.Cost]); err != nil {
			return err
		}
		sp.Days(day, key, used)
		return nil
	}, "SELECT day, key, "+totalOf(metered)+", "+totalOf("charged")+" FROM usage_day WHERE day >= ? AND day <= ? GROUP BY day, key", sp.First(), last)
	if err == nil {
		err = s.query(ctx, func(rows *sql.Rows) error {
			var day, key, name string
			var n int64
			if err := rows.Scan(&day, &key, &name, &n); err != nil {
				return err
			}
			sp.Unit(day, key, name, n)
			return nil
		}, "SELECT at, key, unit, "+whole("n")+" FROM used WHERE at >= ? AND at <= ? OR at = ''", sp.First(), last)
	}
	if err == nil {
		err = s.query(ctx, func(rows *sql.Rows) error {
			var key string
			var used unit.Amounts
			if err := rows.Scan(&key, &used[unit.Cost]); err != nil {
				return err
			}
			sp.Days("", key, used)
			return nil
		}, "SELECT key, "+whole("total")+" FROM charged")
	}
	if err != nil {
		return nil, fmt.Errorf("read what keys have used: %w", plain(err))
	}
	return sp.All(), nil
}

// Recent implements usage.Rollups.
func (s *Store) Recent(ctx context.Context, since time.Time) (map[string]map[usage.Hour]unit.Amounts, error) {
	all, first := usage.Hours{}, usage.HourOf(since)
	err := s.query(ctx, func(rows *sql.Rows) error {
		var h usage.Hour
		var key string
		var used unit.Amounts
		if err := rows.Scan(&h, &key, &used[unit.Tokens], &used[unit.Cost]); err != nil {
			return err
		}
		all.Add(h, key, used)
		return nil
	}, "SELECT hour, key, "+totalOf(metered)+", "+totalOf("charged")+" FROM usage_hour WHERE hour >= ? GROUP BY hour, key", int64(first))
	if err == nil {
		err = s.query(ctx, func(rows *sql.Rows) error {
			var at, key, name string
			var n int64
			if err := rows.Scan(&at, &key, &name, &n); err != nil {
				return err
			}
			if h, ok := usage.HourAt(at); ok {
				all.Unit(h, key, name, n)
			}
			return nil
		}, "SELECT at, key, unit, "+whole("n")+" FROM used WHERE at >= ?", usage.AtHour(first))
	}
	if err != nil {
		return nil, fmt.Errorf("read what keys have used of late: %w", plain(err))
	}
	return all, nil
}

// query reads the rows of a query.
func (s *Store) query(ctx context.Context, read func(*sql.Rows) error, text string, args ...any) error {
	rows, err := s.read.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := read(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
