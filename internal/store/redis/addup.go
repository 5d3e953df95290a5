package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"crs/internal/usage"
)

// counts begins a script that adds up. A row's counts are nine numbers with spaces between. Lua's numbers are exact to 2^53
// only, so larger ones are added nine digits at a time; a sum that no int64 holds is the largest one.
const counts = `local largest = '9223372036854775807'
local function plus(a, b)
	if string.sub(a, 1, 1) == '-' or string.sub(b, 1, 1) == '-' then return string.format('%.0f', tonumber(a) + tonumber(b)) end
	if #a < 15 and #b < 15 then return string.format('%.0f', tonumber(a) + tonumber(b)) end
	local low = tonumber(string.sub(a, -9)) + tonumber(string.sub(b, -9))
	local high = (tonumber(string.sub(a, 1, -10)) or 0) + (tonumber(string.sub(b, 1, -10)) or 0)
	if low >= 1e9 then low, high = low - 1e9, high + 1 end
	if high == 0 then return string.format('%.0f', low) end
	local sum = string.format('%.0f', high) .. string.sub(string.format('%.0f', 1e9 + low), 2)
	if #sum > #largest or #sum == #largest and sum > largest then return largest end
	return sum
end
local function add(key, field, more)
	local old = redis.call('HGET', key, field)
	if old then
		local have, sum = {}, {}
		for n in string.gmatch(old, '%S+') do have[#have + 1] = n end
		for n in string.gmatch(more, '%S+') do sum[#sum + 1] = plus(have[#sum + 1] or '0', n) end
		more = table.concat(sum, ' ')
	end
	redis.call('HSET', key, field, more)
end
`

// place begins a script that moves a node's mark. ARGV: id, node, from, to; KEYS[2] holds the marks. A batch that was counted
// already ends the script with 'counted', one that does not begin where the node's mark is with where that is.
const place = `local function before(a, b)
	local as, ao = string.match(a, '^(%d+) (%d+)$')
	local bs, bo = string.match(b, '^(%d+) (%d+)$')
	as, ao, bs, bo = tonumber(as), tonumber(ao), tonumber(bs), tonumber(bo)
	return as < bs or as == bs and ao < bo
end
local at = redis.call('HGET', KEYS[2], ARGV[2]) or '0 0'
if not before(at, ARGV[4]) then return 'counted' end
if at ~= ARGV[3] then return at end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[4])
`

// addScript adds a batch of sums to the roll-ups and moves the node's mark. KEYS: store, marks, charged, hours, days, what was used in
// all, then each hour and each day that there are sums of, and what was used in each of those. ARGV: id, node, from, to, the lifetimes
// of hours and days in seconds, the numbers of hours, days and sums, the score of each hour and day, then for every sum: which hour and
// day (from 1), its field there, the key, what it was charged, and its counts; then what was used: in which hour or day (from 1, 0 for
// in all), its field there, and how much.
var addScript = redis.NewScript(guard + place + counts + `
local hours, days, sums, first = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), 10
local rows, both = first + hours + days, hours + days
for i = rows, rows + 7 * sums - 1, 7 do
	add(KEYS[6 + ARGV[i]], ARGV[i + 2], ARGV[i + 6])
	add(KEYS[6 + hours + ARGV[i + 1]], ARGV[i + 3], ARGV[i + 6])
	redis.call('HSET', KEYS[3], ARGV[i + 4], plus(redis.call('HGET', KEYS[3], ARGV[i + 4]) or '0', ARGV[i + 5]))
end
for i = rows + 7 * sums, #ARGV, 3 do
	local key = KEYS[6]
	if ARGV[i] ~= '0' then key = KEYS[6 + both + ARGV[i]] end
	add(key, ARGV[i + 1], ARGV[i + 2])
end
for i = 1, both do
	local index, life = KEYS[4], ARGV[5]
	if i > hours then index, life = KEYS[5], ARGV[6] end
	redis.call('EXPIRE', KEYS[6 + i], life)
	redis.call('EXPIRE', KEYS[6 + both + i], life)
	redis.call('ZADD', index, ARGV[first + i - 1], ARGV[first + i - 1])
end
return 'added'`)

// AddUp implements usage.Rollups.
func (s *Store) AddUp(ctx context.Context, node string, sums []usage.Sum, from, to usage.Cursor) error {
	b := newBatch(s, sums)
	args := append([]any{
		s.id, node, markText(from), markText(to), int64(s.opt.KeepHours.Seconds()), int64(s.opt.KeepDays.Seconds()), len(b.hours), len(b.days), len(sums),
	}, b.args()...)
	keys := append([]string{s.keys.store(usageSlot), s.keys.marks(usageSlot), s.keys.charged(), s.keys.hours(), s.keys.days(), s.keys.used("")}, b.keys()...)
	v, err := s.run(ctx, addScript, keys, args...)
	if err == nil {
		err = settled(v)
	}
	if err != nil {
		return fmt.Errorf("add up usage: %w", err)
	}
	return nil
}

// settled reads the answer of a script that begins with place.
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

// batch are sums as addScript wants them.
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
