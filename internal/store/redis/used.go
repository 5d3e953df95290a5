package redis

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"crs/internal/store"
	"crs/internal/unit"
	"crs/internal/usage"
)

// Spent implements usage.Rollups.
func (s *Store) Spent(ctx context.Context, since []string, last string) (map[string][]unit.Amounts, error) {
	sp := usage.NewSpending(since, last)
	within := &redis.ZRangeBy{Min: strconv.FormatInt(dayScore(sp.First()), 10), Max: strconv.FormatInt(dayScore(last), 10)}
	err := s.eachDay(ctx, within, func(u *usage.Sum) { sp.Days(u.Day, u.Key, u.Amounts()) })
	if err == nil {
		err = s.eachUsed(ctx, s.keys.days(), within, dashed, sp.Unit)
	}
	if err == nil {
		err = s.fields(ctx, s.keys.charged(), func(key, text string) error {
			n, err := whole(text)
			if err != nil {
				return fmt.Errorf("%w: what key %s was charged: %w", store.ErrDamaged, key, err)
			}
			sp.Days("", key, unit.Amounts{unit.Cost: n})
			return nil
		})
	}
	if err == nil {
		err = s.present(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("read what keys have used: %w", err)
	}
	return sp.All(), nil
}

// Recent implements usage.Rollups.
func (s *Store) Recent(ctx context.Context, since time.Time) (map[string]map[usage.Hour]unit.Amounts, error) {
	all := usage.Hours{}
	within := &redis.ZRangeBy{Min: strconv.FormatInt(int64(usage.HourOf(since)), 10), Max: "+inf"}
	err := s.eachHour(ctx, within, func(u *usage.Sum) { all.Add(usage.Hour(u.Hour.Unix()), u.Key, u.Amounts()) })
	if err == nil {
		err = s.eachUsed(ctx, s.keys.hours(), within, hourNamed, func(at, key, name string, n int64) {
			if h, ok := usage.HourAt(at); ok {
				all.Unit(h, key, name, n)
			}
		})
	}
	if err == nil {
		err = s.present(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("read what keys have used of late: %w", err)
	}
	return all, nil
}

func hourNamed(unix string) string {
	n, _ := strconv.ParseInt(unix, 10, 64)
	return usage.AtHour(usage.Hour(n))
}

// eachUsed reads what was used in the hours or days that an index has within a range, and in all.
func (s *Store) eachUsed(ctx context.Context, index string, within *redis.ZRangeBy, name func(member string) string, yield func(at, key, unit string, n int64)) error {
	members, err := s.rdb.ZRangeByScore(ctx, index, within).Result()
	if err != nil {
		return s.plain(err)
	}
	times := []string{""}
	for _, m := range members {
		times = append(times, name(m))
	}
	for part := range slices.Chunk(times, atOnce) {
		pipe := s.rdb.Pipeline()
		answers := make([]*redis.MapStringStringCmd, len(part))
		for i, at := range part {
			answers[i] = pipe.HGetAll(ctx, s.keys.used(at))
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return s.plain(err)
		}
		for i, at := range part {
			for field, text := range answers[i].Val() {
				names := rowNames(field)
				n, err := whole(text)
				if err != nil || len(names) != 2 {
					return fmt.Errorf("%w: %s has %q: %q", store.ErrDamaged, s.keys.used(at), field, text)
				}
				yield(at, names[0], names[1], n)
			}
		}
	}
	return nil
}
