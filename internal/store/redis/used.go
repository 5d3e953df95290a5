package redis

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"crs/internal/errs"
	"crs/internal/store"
	"crs/internal/unit"
	"crs/internal/usage"
)

// Spent implements usage.Rollups.
func (s *Store) Spent(ctx context.Context, since []string, last string) (map[string][]unit.Amounts, error) {
	sp := usage.NewSpending(since, last)
	within := &redis.ZRangeBy{Min: strconv.FormatInt(dayScore(sp.First()), 10), Max: strconv.FormatInt(dayScore(last), 10)}
	add := func(u usage.Used, n int64) error { u.AddTo(sp, n); return nil }
	err := errs.First(
		func() error {
			return s.eachDay(ctx, within, func(u *usage.Sum) error { sp.Add(u.Day, u.Key, u.Amounts()); return nil })
		},
		func() error { return s.eachUsed(ctx, s.keys.days(), within, dashed, add) },
		func() error { return s.eachUsedInAll(ctx, add) },
		func() error {
			return s.eachCharged(ctx, func(key string, n int64) error { sp.Add("", key, unit.Amounts{unit.Cost: n}); return nil })
		},
		func() error { return s.present(ctx) },
	)
	return sp.All(), errs.Wrap(err, "read what keys have used")
}

// Recent implements usage.Rollups.
func (s *Store) Recent(ctx context.Context, since time.Time) (map[string]map[usage.Hour]unit.Amounts, error) {
	all := usage.Hours{}
	within := &redis.ZRangeBy{Min: strconv.FormatInt(int64(usage.HourOf(since)), 10), Max: "+inf"}
	err := s.eachHour(ctx, within, func(u *usage.Sum) error { all.Add(usage.AtHour(usage.HourOf(u.Hour)), u.Key, u.Amounts()); return nil })
	if err == nil {
		err = s.eachUsed(ctx, s.keys.hours(), within, atHour, func(u usage.Used, n int64) error { u.AddTo(all, n); return nil })
	}
	if err == nil {
		err = s.present(ctx)
	}
	return all, errs.Wrap(err, "read what keys have used of late")
}

// atHour is how the hour is named that a member of the index stands for.
func atHour(unix string) string { return usage.AtHour(usage.HourOf(hourNamed(unix))) }

// eachUsed reads what was used in the hours or days that an index has within a range.
func (s *Store) eachUsed(ctx context.Context, index string, within *redis.ZRangeBy, at func(member string) string, yield func(usage.Used, int64) error) error {
	key := func(member string) string { return s.keys.used(at(member)) }
	return s.hashes(ctx, index, within, key, func(member, field, text string) error { return s.used(at(member), field, text, yield) })
}

func (s *Store) eachUsedInAll(ctx context.Context, yield func(usage.Used, int64) error) error {
	return s.fields(ctx, s.keys.used(""), func(field, text string) error { return s.used("", field, text, yield) })
}

func (s *Store) used(at, field, text string, yield func(usage.Used, int64) error) error {
	names := rowNames(field)
	n, err := whole(text)
	if err != nil || len(names) != 2 {
		return fmt.Errorf("%w: %s has %q: %q", store.ErrDamaged, s.keys.used(at), field, text)
	}
	return yield(usage.Used{At: at, Key: names[0], Unit: names[1]}, n)
}

// eachCharged reads what each key was charged in all.
func (s *Store) eachCharged(ctx context.Context, yield func(key string, n int64) error) error {
	return s.fields(ctx, s.keys.charged(), func(key, text string) error {
		n, err := whole(text)
		if err != nil {
			return fmt.Errorf("%w: what key %s was charged: %w", store.ErrDamaged, key, err)
		}
		return yield(key, n)
	})
}
