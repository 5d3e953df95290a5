package local

import (
	"context"
	"database/sql"
	"time"

	"crs/internal/errs"
	"crs/internal/unit"
	"crs/internal/usage"
)

// forgetUsed removes old hours. They have names of one length, so that they are ordered as texts.
func (s *Store) forgetUsed(ctx context.Context, before time.Time) error {
	return exec(ctx, s.write, "DELETE FROM used WHERE at >= ? AND at < ?", usage.AtHour(0), usage.AtHour(usage.Hour(before.Unix())))
}

// metered are the tokens that count against limits, as usage.Tokens.Metered has them.
const metered = "input + output + cache_write + cache_write_1h"

// Spent implements usage.Rollups.
func (s *Store) Spent(ctx context.Context, since []string, last string) (map[string][]unit.Amounts, error) {
	sp := usage.NewSpending(since, last)
	err := s.totals(ctx, sp, "day, key, "+totalOf(metered)+", "+totalOf("charged")+" FROM usage_day WHERE day >= ? AND day <= ? GROUP BY day, key", sp.First(), last)
	if err == nil {
		err = s.units(ctx, sp, "at >= ? AND at <= ? OR at = ''", sp.First(), last)
	}
	if err == nil {
		err = s.totals(ctx, sp, "'', key, 0, "+whole("total")+" FROM charged")
	}
	return sp.All(), errs.Wrap(err, "read what keys have used")
}

// Recent implements usage.Rollups.
func (s *Store) Recent(ctx context.Context, since time.Time) (map[string]map[usage.Hour]unit.Amounts, error) {
	all, first := usage.Hours{}, usage.HourOf(since)
	err := s.totals(ctx, all, "'"+usage.HourMark+"' || hour, key, "+totalOf(metered)+", "+totalOf("charged")+" FROM usage_hour WHERE hour >= ? GROUP BY hour, key", int64(first))
	if err == nil {
		err = s.units(ctx, all, "at >= ?", usage.AtHour(first))
	}
	return all, errs.Wrap(err, "read what keys have used of late")
}

// totals collects rows of a time, a key, and its tokens and costs.
func (s *Store) totals(ctx context.Context, into usage.Collector, query string, args ...any) error {
	return s.each(ctx, "SELECT "+query, func(rows *sql.Rows) error {
		var at, key string
		var used unit.Amounts
		err := rows.Scan(&at, &key, &used[unit.Tokens], &used[unit.Cost])
		if err == nil {
			into.Add(at, key, used)
		}
		return err
	}, args...)
}

// units collects what stores keep apart.
func (s *Store) units(ctx context.Context, into usage.Collector, where string, args ...any) error {
	return s.each(ctx, "SELECT at, key, unit, "+whole("n")+" FROM used WHERE "+where, func(rows *sql.Rows) error {
		var u usage.Used
		var n int64
		err := rows.Scan(&u.At, &u.Key, &u.Unit, &n)
		if err == nil {
			u.AddTo(into, n)
		}
		return err
	}, args...)
}

// each reads the rows of a query.
func (s *Store) each(ctx context.Context, text string, read func(*sql.Rows) error, args ...any) error {
	rows, err := s.read.QueryContext(ctx, text, args...)
	if err != nil {
		return plain(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := read(rows); err != nil {
			return plain(err)
		}
	}
	return plain(rows.Err())
}
