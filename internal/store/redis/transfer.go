package redis

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"crs/internal/store"
	"crs/internal/usage"
)

func kinds() []store.Kind { return []store.Kind{store.Account, store.Group, store.Key, store.Setting} }

const factPrefix = "fact:"

// Export implements store.Portable.
func (s *Store) Export(ctx context.Context, yield func(store.Item) error) error {
	for _, part := range []func(context.Context, func(store.Item) error) error{s.exportDocs, s.exportFacts, s.exportSums, s.exportCharged, s.exportMarks} {
		if err := part(ctx, yield); err != nil {
			return fmt.Errorf("read %s: %w", s, err)
		}
	}
	return s.present(ctx)
}

func (s *Store) exportDocs(ctx context.Context, yield func(store.Item) error) error {
	for _, kind := range kinds() {
		docs, err := s.All(ctx, kind)
		if err != nil {
			return err
		}
		for i := range docs {
			if err := yield(store.Item{Part: store.PartDocs, Doc: &docs[i]}); err != nil {
				return err
			}
		}
	}
	return nil
}

// fields reads a hash.
func (s *Store) fields(ctx context.Context, key string, read func(field, text string) error) error {
	all, err := s.rdb.HGetAll(ctx, key).Result()
	if err != nil {
		return s.plain(err)
	}
	for field, text := range all {
		if err := read(field, text); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) exportFacts(ctx context.Context, yield func(store.Item) error) error {
	return s.fields(ctx, s.keys.store(docSlot), func(field, text string) error {
		name, ok := strings.CutPrefix(field, factPrefix)
		if !ok {
			return nil
		}
		return yield(store.Item{Part: store.PartFacts, Name: name, Value: text})
	})
}

func (s *Store) exportSums(ctx context.Context, yield func(store.Item) error) error {
	all := &redis.ZRangeBy{Min: "-inf", Max: "+inf"}
	for part, read := range map[store.Part]func(context.Context, *redis.ZRangeBy, func(*usage.Sum)) error{store.PartHours: s.eachHour, store.PartDays: s.eachDay} {
		var failed error
		err := read(ctx, all, func(u *usage.Sum) {
			if failed == nil {
				failed = yield(store.Item{Part: part, Sum: u})
			}
		})
		if failed != nil || err != nil {
			return cmp.Or(failed, err)
		}
	}
	return nil
}

func (s *Store) exportCharged(ctx context.Context, yield func(store.Item) error) error {
	return s.fields(ctx, s.keys.charged(), func(field, text string) error {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return err
		}
		return yield(store.Item{Part: store.PartCharged, Name: field, Amount: n})
	})
}

func (s *Store) exportMarks(ctx context.Context, yield func(store.Item) error) error {
	return s.fields(ctx, s.keys.marks(usageSlot), func(field, text string) error {
		mark, err := readMark(text)
		if err != nil {
			return err
		}
		return yield(store.Item{Part: store.PartMarks, Name: field, Mark: mark})
	})
}

// Import implements store.Portable. Nodes that follow the store are made to read everything anew.
func (s *Store) Import(ctx context.Context, items []store.Item) error {
	pipe := s.rdb.Pipeline()
	for i := range items {
		s.insert(ctx, pipe, &items[i])
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("write to %s: %w", s, s.plain(err))
	}
	return s.gap(ctx)
}

func (s *Store) insert(ctx context.Context, pipe redis.Pipeliner, i *store.Item) {
	switch i.Part {
	case store.PartDocs:
		pipe.HSet(ctx, s.keys.docs(i.Doc.Kind), i.Doc.ID, encode(*i.Doc, i.Doc.Version))
		if i.Doc.Name != "" {
			pipe.HSet(ctx, s.keys.docNames(i.Doc.Kind), i.Doc.Name, i.Doc.ID)
		}
	case store.PartFacts:
		pipe.HSet(ctx, s.keys.store(docSlot), factPrefix+i.Name, i.Value)
	case store.PartHours:
		u, key := i.Sum, s.keys.hour(i.Sum.Hour)
		pipe.HSet(ctx, key, rowField(u.Day, u.Key, u.Account, u.Model), countsText(u))
		pipe.Expire(ctx, key, s.opt.KeepHours)
		pipe.ZAdd(ctx, s.keys.hours(), redis.Z{Score: float64(u.Hour.Unix()), Member: u.Hour.Unix()})
	case store.PartDays:
		u, key := i.Sum, s.keys.day(i.Sum.Day)
		pipe.HSet(ctx, key, rowField(u.Key, u.Account, u.Model), countsText(u))
		pipe.Expire(ctx, key, s.opt.KeepDays)
		pipe.ZAdd(ctx, s.keys.days(), redis.Z{Score: float64(dayScore(u.Day)), Member: dayScore(u.Day)})
	case store.PartCharged:
		pipe.HSet(ctx, s.keys.charged(), i.Name, i.Amount)
	case store.PartMarks:
		pipe.HSet(ctx, s.keys.marks(usageSlot), i.Name, markText(i.Mark))
	}
}

// gapScript leaves a number of the feed out, so that whoever follows it knows that something was missed.
var gapScript = redis.NewScript(guard + tell + `redis.call('HINCRBY', KEYS[1], 'changes', 1)
tell(KEYS[2], 'setting', '')
return 'ok'`)

func (s *Store) gap(ctx context.Context) error {
	_, err := s.run(ctx, gapScript, []string{s.keys.store(docSlot), s.keys.feed()}, s.id)
	return err
}

// Clear implements store.Portable.
func (s *Store) Clear(ctx context.Context) error {
	gone := []string{s.keys.charged(), s.keys.marks(usageSlot), s.keys.hours(), s.keys.days(), s.keys.marks(logSlot), s.keys.chunks()}
	for _, kind := range kinds() {
		gone = append(gone, s.keys.docs(kind), s.keys.docNames(kind))
	}
	pipe := s.rdb.Pipeline()
	err := s.members(ctx, func(key string) { pipe.Unlink(ctx, key) })
	if err != nil {
		return fmt.Errorf("clear %s: %w", s, err)
	}
	for _, key := range gone {
		pipe.Unlink(ctx, key)
	}
	pipe.HDel(ctx, s.keys.store(logSlot), "bytes")
	err = s.exportFacts(ctx, func(i store.Item) error {
		pipe.HDel(ctx, s.keys.store(docSlot), factPrefix+i.Name)
		return nil
	})
	if err == nil {
		_, err = pipe.Exec(ctx)
	}
	if err != nil {
		return fmt.Errorf("clear %s: %w", s, s.plain(err))
	}
	return s.gap(ctx)
}

// members gives the key of each hour and each day.
func (s *Store) members(ctx context.Context, yield func(key string)) error {
	hours, err := s.rdb.ZRange(ctx, s.keys.hours(), 0, -1).Result()
	if err != nil {
		return s.plain(err)
	}
	days, err := s.rdb.ZRange(ctx, s.keys.days(), 0, -1).Result()
	if err != nil {
		return s.plain(err)
	}
	for _, h := range hours {
		yield(s.keys.in(usageSlot, "hour:"+h))
	}
	for _, d := range days {
		yield(s.keys.day(dashed(d)))
	}
	return nil
}
