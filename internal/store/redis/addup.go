package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"crs/internal/usage"
)

// AddUp implements usage.Rollups.
func (s *Store) AddUp(ctx context.Context, node string, sums []usage.Sum, from, to usage.Cursor) error {
	b := newBatch(s, sums)
	args := append([]any{
		s.id, node, markText(from), markText(to), int64(s.opt.KeepHours.Seconds()), int64(s.opt.KeepDays.Seconds()), len(b.hours), len(b.days), len(sums),
	}, b.args()...)
	keys := append([]string{s.keys.store(usageSlot), s.keys.marks(usageSlot), s.keys.charged(), s.keys.hours(), s.keys.days(), s.keys.used("")}, b.keys()...)
	v, err := s.run(ctx, s.scripts.addUp, keys, args...)
	if err == nil {
		err = settled(v)
	}
	if err != nil {
		return fmt.Errorf("add up usage: %w", err)
	}
	return nil
}

// settled reads the answer of a script that begins with lua/place.lua.
func settled(v any) error {
	text := fmt.Sprint(v)
	if text == "added" || text == "counted" {
		return nil
	}
	at, err := readMark(text)
	if err != nil {
		return err
	}
	return &usage.CursorMismatch{At: at}
}

// batch are sums as lua/addup.lua wants them.
type batch struct {
	store       *Store
	hours, days map[string]int // key → its number, from 1
	hourKeys    []string
	dayKeys     []string
	hourScores  []any
	dayScores   []any
	rows        []any
	used        map[usage.Used]int64
}

func newBatch(s *Store, sums []usage.Sum) *batch {
	b := &batch{store: s, hours: map[string]int{}, days: map[string]int{}, used: usage.UsedOf(sums)}
	for i := range sums {
		b.add(&sums[i])
	}
	return b
}

func (b *batch) add(u *usage.Sum) {
	hour, date := b.store.keys.hour(u.Hour), b.store.keys.day(u.Day)
	if b.hours[hour] == 0 {
		b.hourKeys, b.hourScores = append(b.hourKeys, hour), append(b.hourScores, u.Hour.Unix())
		b.hours[hour] = len(b.hourKeys)
	}
	if b.days[date] == 0 {
		b.dayKeys, b.dayScores = append(b.dayKeys, date), append(b.dayScores, dayScore(u.Day))
		b.days[date] = len(b.dayKeys)
	}
	field := rowField(u.Key, u.Account, u.Model)
	b.rows = append(b.rows, b.hours[hour], b.days[date], rowField(u.Day)+" "+field, field, u.Key, u.Charged, countsText(u))
}

func (b *batch) keys() []string {
	all := append(append([]string(nil), b.hourKeys...), b.dayKeys...)
	for _, score := range b.hourScores {
		all = append(all, b.store.keys.used(usage.AtHour(usage.Hour(score.(int64)))))
	}
	for _, score := range b.dayScores {
		all = append(all, b.store.keys.used(dashed(fmt.Sprint(score))))
	}
	return all
}

func (b *batch) args() []any {
	all := append(append(append([]any(nil), b.hourScores...), b.dayScores...), b.rows...)
	for u, n := range b.used {
		all = append(all, b.number(u.At), rowField(u.Key, u.Unit), n)
	}
	return all
}

// number is which hour or day it is; 0 for all time.
func (b *batch) number(at string) int {
	if at == "" {
		return 0
	}
	if h, ok := usage.HourAt(at); ok {
		return b.hours[b.store.keys.hour(time.Unix(int64(h), 0))]
	}
	return len(b.hours) + b.days[b.store.keys.day(at)]
}

// dayScore orders days: 20261126 for 2026-11-26.
func dayScore(date string) int64 {
	n, _ := strconv.ParseInt(strings.ReplaceAll(date, "-", ""), 10, 64)
	return n
}

// rowField joins names that may hold anything.
func rowField(names ...string) string {
	escape := strings.NewReplacer("%", "%25", " ", "%20")
	for i, n := range names {
		names[i] = escape.Replace(n)
	}
	return strings.Join(names, " ")
}

func rowNames(field string) []string {
	names := strings.Split(field, " ")
	plain := strings.NewReplacer("%20", " ", "%25", "%")
	for i, n := range names {
		names[i] = plain.Replace(n)
	}
	return names
}

func countsText(u *usage.Sum) string {
	var b []byte
	for i, n := range u.Counts() {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendInt(b, *n, 10)
	}
	return string(b)
}

func readCounts(text string, u *usage.Sum) error {
	into := u.Counts()
	numbers := strings.Fields(text)
	if len(numbers) != len(into) {
		return fmt.Errorf("a row has %d counts, not %d", len(numbers), len(into))
	}
	for i, n := range numbers {
		var err error
		if *into[i], err = whole(n); err != nil {
			return err
		}
	}
	return nil
}

// whole reads a number. One that no int64 holds, as older versions have left them, is the nearest.
func whole(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		err = nil
	}
	return n, err
}

func markText(m usage.Cursor) string { return fmt.Sprintf("%d %d", m.Segment, m.Offset) }

func readMark(text string) (m usage.Cursor, err error) {
	if _, err = fmt.Sscanf(text, "%d %d", &m.Segment, &m.Offset); err != nil {
		return m, fmt.Errorf("read a mark of the ledger, %q: %w", text, err)
	}
	return m, nil
}
