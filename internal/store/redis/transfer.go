package redis

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"crs/internal/errs"
	"crs/internal/store"
	"crs/internal/usage"
)

func kinds() []store.Kind { return []store.Kind{store.Account, store.Group, store.Key, store.Setting} }

const factPrefix = "fact:"

// Export implements store.Portable.
func (s *Store) Export(ctx context.Context, yield func(store.Item) error) error {
	for _, part := range []func(context.Context, func(store.Item) error) error{s.exportDocs, s.exportFacts, s.exportSums, s.exportCharged, s.exportUsed, s.exportMarks, s.exportAudit} {
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
	err := s.eachHour(ctx, everyMember(), func(u *usage.Sum) error { return yield(store.Item{Part: store.PartHours, Sum: u}) })
	if err == nil {
		err = s.eachDay(ctx, everyMember(), func(u *usage.Sum) error { return yield(store.Item{Part: store.PartDays, Sum: u}) })
	}
	return err
}

func (s *Store) exportCharged(ctx context.Context, yield func(store.Item) error) error {
	return s.eachCharged(ctx, func(key string, n int64) error {
		return yield(store.Item{Part: store.PartCharged, Name: key, Amount: n})
	})
}

func (s *Store) exportUsed(ctx context.Context, yield func(store.Item) error) error {
	item := func(u usage.Used, n int64) error {
		return yield(store.Item{Part: store.PartUsed, At: u.At, Name: u.Key, Value: u.Unit, Amount: n})
	}
	return errs.First(
		func() error { return s.eachUsed(ctx, s.keys.hours(), everyMember(), atHour, item) },
		func() error { return s.eachUsed(ctx, s.keys.days(), everyMember(), dashed, item) },
		func() error { return s.eachUsedInAll(ctx, item) },
	)
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
	commands := map[string][]command{}
	for i := range items {
		slot, its := s.insert(&items[i])
		commands[slot] = append(commands[slot], its...)
	}
	if err := s.writeAll(ctx, commands); err != nil {
		return fmt.Errorf("write to %s: %w", s, err)
	}
	return s.gap(ctx)
}

// commandsAtOnce is how many commands one script runs: while it does, Redis does nothing else.
const commandsAtOnce = 500

// writeAll runs commands by hash slot.
func (s *Store) writeAll(ctx context.Context, commands map[string][]command) error {
	for slot, all := range commands {
		for some := range slices.Chunk(all, commandsAtOnce) {
			if err := s.write(ctx, slot, some...); err != nil {
				return err
			}
		}
	}
	return nil
}

// insert gives the hash slot that an item belongs to, and how it gets there.
func (s *Store) insert(i *store.Item) (slot string, all []command) {
	switch i.Part {
	case store.PartDocs:
		all = append(all, command{"HSET", s.keys.docs(i.Doc.Kind), i.Doc.ID, encode(*i.Doc, i.Doc.Version)})
		if i.Doc.Name != "" {
			all = append(all, command{"HSET", s.keys.docNames(i.Doc.Kind), i.Doc.Name, i.Doc.ID})
		}
		return docSlot, all
	case store.PartFacts:
		return docSlot, []command{{"HSET", s.keys.store(docSlot), factPrefix + i.Name, i.Value}}
	case store.PartHours:
		u, key := i.Sum, s.keys.hour(i.Sum.Hour)
		return usageSlot, []command{
			{"HSET", key, rowField(u.Day, u.Key, u.Account, u.Model), countsText(u)},
			{"EXPIRE", key, int64(s.opt.KeepHours.Seconds())}, {"ZADD", s.keys.hours(), u.Hour.Unix(), u.Hour.Unix()},
		}
	case store.PartDays:
		u, key := i.Sum, s.keys.day(i.Sum.Day)
		return usageSlot, []command{
			{"HSET", key, rowField(u.Key, u.Account, u.Model), countsText(u)},
			{"EXPIRE", key, int64(s.opt.KeepDays.Seconds())}, {"ZADD", s.keys.days(), dayScore(u.Day), dayScore(u.Day)},
		}
	case store.PartCharged:
		return usageSlot, []command{{"HSET", s.keys.charged(), i.Name, i.Amount}}
	case store.PartUsed:
		key := s.keys.used(i.At)
		all = append(all, command{"HSET", key, rowField(i.Name, i.Value), i.Amount})
		if _, hour := usage.HourAt(i.At); hour {
			all = append(all, command{"EXPIRE", key, int64(s.opt.KeepHours.Seconds())})
		} else if i.At != "" {
			all = append(all, command{"EXPIRE", key, int64(s.opt.KeepDays.Seconds())})
		}
		return usageSlot, all
	case store.PartMarks:
		return usageSlot, []command{{"HSET", s.keys.marks(usageSlot), i.Name, markText(i.Mark)}}
	case store.PartAudit:
		return logSlot, s.insertAudit(i.Row)
	}
	return docSlot, nil
}

// gap leaves a number of the feed out, so that whoever follows it knows that something was missed.
func (s *Store) gap(ctx context.Context) error {
	_, err := s.run(ctx, s.scripts.gap, []string{s.keys.store(docSlot), s.keys.feed()}, s.id)
	return err
}

// Clear implements store.Portable.
func (s *Store) Clear(ctx context.Context) error {
	commands := map[string][]command{}
	remove := func(slot, key string) { commands[slot] = append(commands[slot], command{"UNLINK", key}) }
	err := s.members(ctx, func(key string) { remove(usageSlot, key) })
	if err != nil {
		return fmt.Errorf("clear %s: %w", s, err)
	}
	for _, key := range []string{s.keys.charged(), s.keys.used(""), s.keys.marks(usageSlot), s.keys.hours(), s.keys.days()} {
		remove(usageSlot, key)
	}
	remove(logSlot, s.keys.marks(logSlot))
	remove(logSlot, s.keys.chunks())
	remove(logSlot, s.keys.audit())
	for _, kind := range kinds() {
		remove(docSlot, s.keys.docs(kind))
		remove(docSlot, s.keys.docNames(kind))
	}
	commands[logSlot] = append(commands[logSlot], command{"HDEL", s.keys.store(logSlot), "bytes", auditPlace, auditBytes})
	err = s.exportFacts(ctx, func(i store.Item) error {
		commands[docSlot] = append(commands[docSlot], command{"HDEL", s.keys.store(docSlot), factPrefix + i.Name})
		return nil
	})
	if err == nil {
		err = s.writeAll(ctx, commands)
	}
	if err != nil {
		return fmt.Errorf("clear %s: %w", s, err)
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
		yield(s.keys.used(atHour(h)))
	}
	for _, d := range days {
		yield(s.keys.day(dashed(d)))
		yield(s.keys.used(dashed(d)))
	}
	return nil
}
