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
	if q.FirstDay != "" || q.LastDay != "" {
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
	r := &redis.ZRangeBy{Min: "-inf", Max: "+inf"}
	if !q.Since.IsZero() {
		r.Min = strconv.FormatInt(q.Since.Unix(), 10)
	}
	if !q.Until.IsZero() {
		r.Max = "(" + strconv.FormatInt(q.Until.Unix(), 10)
	}
	return s.eachHour(ctx, r, t.Add)
}

func (s *Store) eachHour(ctx context.Context, r *redis.ZRangeBy, yield func(*usage.Sum)) error {
	return s.tables(ctx, s.keys.hours(), r, func(unix string) string {
		n, _ := strconv.ParseInt(unix, 10, 64)
		return s.keys.hour(time.Unix(n, 0))
	}, func(unix, field string) (u usage.Sum) {
		n, _ := strconv.ParseInt(unix, 10, 64)
		u.Hour = time.Unix(n, 0).UTC()
		if names := rowNames(field); len(names) == 4 {
			u.Day, u.Key, u.Account, u.Model = names[0], names[1], names[2], names[3]
		}
		return u
	}, yield)
}

func (s *Store) tallyDays(ctx context.Context, q usage.Query, t *usage.Tally) error {
	r := &redis.ZRangeBy{Min: "-inf", Max: "+inf"}
	if q.FirstDay != "" {
		r.Min = strconv.FormatInt(dayScore(q.FirstDay), 10)
	}
	if q.LastDay != "" {
		r.Max = strconv.FormatInt(dayScore(q.LastDay), 10)
	}
	return s.eachDay(ctx, r, t.Add)
}

func (s *Store) eachDay(ctx context.Context, r *redis.ZRangeBy, yield func(*usage.Sum)) error {
	return s.tables(ctx, s.keys.days(), r, func(score string) string { return s.keys.day(dashed(score)) }, func(score, field string) (u usage.Sum) {
		u.Day = dashed(score)
		if names := rowNames(field); len(names) == 3 {
			u.Key, u.Account, u.Model = names[0], names[1], names[2]
		}
		return u
	}, yield)
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

// tables reads the rows of the hours or days that an index has within a range.
func (s *Store) tables(
	ctx context.Context, index string, within *redis.ZRangeBy, key func(member string) string,
	read func(member, field string) usage.Sum, yield func(*usage.Sum),
) error {
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
				row := read(m, field)
				if err := readCounts(text, &row); err != nil {
					return fmt.Errorf("%w: %s: %w", store.ErrDamaged, key(m), err)
				}
				yield(&row)
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
			n, _ := strconv.ParseInt(m, 10, 64)
			commands = append(commands, command{"UNLINK", s.keys.hour(time.Unix(n, 0))}, command{"UNLINK", s.keys.used(usage.AtHour(usage.Hour(n)))}, command{"ZREM", s.keys.hours(), m})
		}
		if err := s.write(ctx, usageSlot, commands...); err != nil {
			return fmt.Errorf("forget old hours of usage: %w", err)
		}
	}
	return nil
}
