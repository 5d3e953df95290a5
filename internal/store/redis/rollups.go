package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"crs/internal/store"
	"crs/internal/usage"
)

// MarkOf implements usage.Rollups.
func (s *Store) MarkOf(ctx context.Context, node string) (usage.Cursor, error) {
	return s.markOf(ctx, usageSlot, node)
}

func (s *Store) markOf(ctx context.Context, slot, node string) (usage.Cursor, error) {
	text, err := s.rdb.HGet(ctx, s.keys.marks(slot), node).Result()
	if errors.Is(err, redis.Nil) {
		return usage.Cursor{}, s.present(ctx)
	}
	if err != nil {
		return usage.Cursor{}, fmt.Errorf("read the ledger's mark: %w", s.plain(err))
	}
	return readMark(text)
}

// Usage implements usage.Rollups.
func (s *Store) Usage(ctx context.Context, q usage.Query) ([]usage.Sum, error) {
	t, err := usage.NewTally(q)
	if err != nil {
		return nil, err
	}
	if q.Days() {
		err = s.tallyDays(ctx, q, t)
	} else {
		err = s.tallyHours(ctx, q, t)
	}
	if err == nil {
		err = s.present(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("read usage: %w", err)
	}
	return t.Sorted(), nil
}

func (s *Store) tallyHours(ctx context.Context, q usage.Query, t *usage.Tally) error {
	r := everyMember()
	if !q.Since.IsZero() {
		r.Min = strconv.FormatInt(q.Since.Unix(), 10)
	}
	if !q.Until.IsZero() {
		r.Max = "(" + strconv.FormatInt(q.Until.Unix(), 10)
	}
	return s.eachHour(ctx, r, func(u *usage.Sum) error { t.Add(u); return nil })
}

func everyMember() *redis.ZRangeBy { return &redis.ZRangeBy{Min: "-inf", Max: "+inf"} }

func (s *Store) eachHour(ctx context.Context, within *redis.ZRangeBy, yield func(*usage.Sum) error) error {
	key := func(unix string) string { return s.keys.hour(hourNamed(unix)) }
	return s.hashes(ctx, s.keys.hours(), within, key, func(unix, field, text string) error {
		u := usage.Sum{Hour: hourNamed(unix)}
		if names := rowNames(field); len(names) == 4 {
			u.Day, u.Key, u.Account, u.Model = names[0], names[1], names[2], names[3]
		}
		return s.row(key(unix), text, &u, yield)
	})
}

// hourNamed is the hour that a member of the index stands for.
func hourNamed(unix string) time.Time {
	n, _ := strconv.ParseInt(unix, 10, 64)
	return time.Unix(n, 0).UTC()
}

func (s *Store) tallyDays(ctx context.Context, q usage.Query, t *usage.Tally) error {
	r := everyMember()
	if q.FirstDay != "" {
		r.Min = strconv.FormatInt(dayScore(q.FirstDay), 10)
	}
	if q.LastDay != "" {
		r.Max = strconv.FormatInt(dayScore(q.LastDay), 10)
	}
	return s.eachDay(ctx, r, func(u *usage.Sum) error { t.Add(u); return nil })
}

func (s *Store) eachDay(ctx context.Context, within *redis.ZRangeBy, yield func(*usage.Sum) error) error {
	key := func(score string) string { return s.keys.day(dashed(score)) }
	return s.hashes(ctx, s.keys.days(), within, key, func(score, field, text string) error {
		u := usage.Sum{Day: dashed(score)}
		if names := rowNames(field); len(names) == 3 {
			u.Key, u.Account, u.Model = names[0], names[1], names[2]
		}
		return s.row(key(score), text, &u, yield)
	})
}

func (s *Store) row(key, text string, u *usage.Sum, yield func(*usage.Sum) error) error {
	if err := readCounts(text, u); err != nil {
		return fmt.Errorf("%w: %s: %w", store.ErrDamaged, key, err)
	}
	return yield(u)
}

// dashed is the day whose score it is.
func dashed(score string) string {
	if len(score) != 8 {
		return score
	}
	return score[:4] + "-" + score[4:6] + "-" + score[6:]
}

// atOnce is how many hours or days are asked for in one round trip.
const atOnce = 24

// hashes reads those of the hours or days that an index has within a range.
func (s *Store) hashes(ctx context.Context, index string, within *redis.ZRangeBy, key func(member string) string, read func(member, field, text string) error) error {
	members, err := s.rdb.ZRangeByScore(ctx, index, within).Result()
	if err != nil {
		return s.plain(err)
	}
	for part := range slices.Chunk(members, atOnce) {
		pipe := s.rdb.Pipeline()
		answers := make([]*redis.MapStringStringCmd, len(part))
		for i, m := range part {
			answers[i] = pipe.HGetAll(ctx, key(m))
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return s.plain(err)
		}
		for i, m := range part {
			for field, text := range answers[i].Val() {
				if err := read(m, field, text); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// Forget implements usage.Rollups. Hours leave by themselves as well, when nobody has added to them for as long as they are
// kept.
func (s *Store) Forget(ctx context.Context, before time.Time) error {
	old := &redis.ZRangeBy{Min: "-inf", Max: "(" + strconv.FormatInt(before.Unix(), 10)}
	members, err := s.rdb.ZRangeByScore(ctx, s.keys.hours(), old).Result()
	if err != nil {
		return fmt.Errorf("forget old hours of usage: %w", s.plain(err))
	}
	for part := range slices.Chunk(members, atOnce) {
		var commands []command
		for _, m := range part {
			commands = append(commands, command{"UNLINK", s.keys.hour(hourNamed(m))}, command{"UNLINK", s.keys.used(atHour(m))}, command{"ZREM", s.keys.hours(), m})
		}
		if err := s.write(ctx, usageSlot, commands...); err != nil {
			return fmt.Errorf("forget old hours of usage: %w", err)
		}
	}
	return nil
}
