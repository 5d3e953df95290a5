-- Adds a batch of sums to the roll-ups and moves the node's mark. KEYS: store, marks, charged, hours, days, what was used in all, then
-- each hour and each day that there are sums of, and what was used in each of those. ARGV: id, node, from, to, the lifetimes of hours
-- and days in seconds, the numbers of hours, days and sums, the score of each hour and day, then for every sum: which hour and day
-- (from 1), its field there, the key, what it was charged, and its counts; then what was used: in which hour or day (from 1, 0 for in
-- all), its field there, and how much.
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
return 'added'
