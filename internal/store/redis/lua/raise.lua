-- Raises what was spent to what the roll-ups know: neither counts too much, so the larger is nearer to the truth.
-- ARGV: limits of the calendar, each with what is known in the place of how much; spans of the calendar; of each of those the end of the
-- one that the figures are of.
local list, calendar = limits(), spans()
turn(calendar)
for _, s in ipairs(calendar) do
  s.known = num()
  redis.call('HSET', budget, s.name .. 'ends', int(s.ends))
end
for _, l in ipairs(list) do
  local n = math.min(tonumber(redis.call('HGET', budget, l.field)) or 0, most_spent)
  local current = l.over == 'total'
  for _, s in ipairs(calendar) do current = current or s.name == l.over and s.known == s.ends end
  if current then n = math.max(n, math.min(l.max, most_spent)) end
  redis.call('HSET', budget, l.field, int(n))
end
redis.call('EXPIRE', budget, 3456000)
return 1
