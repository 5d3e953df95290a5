-- Has what was used begin, or go on, with what the roll-ups know: neither counts too much, so the larger is nearer to the truth.
-- ARGV: limits, those of the calendar each with what is known in the place of how much; spans of the calendar; of each of those the end of
-- the one that the figures are of; and what was used of late, as figures, for windows that have not begun.
local list, calendar = limits(), spans()
for _, s in ipairs(calendar) do s.known = num() end
local figures = readfigures()
load(list)
local budgeted = false
for _, l in ipairs(list) do
  budgeted = budgeted or l.field
  if not l.field and not begun(l) then
    advance(l)
    countall(l, figures)
  end
end
keepwindows(list)
if not budgeted then return 1 end
turn(calendar)
for _, s in ipairs(calendar) do redis.call('HSET', budget, s.name .. 'ends', int(s.ends)) end
for _, l in ipairs(list) do
  if l.field then
    local n = math.min(tonumber(redis.call('HGET', budget, l.field)) or 0, most_spent)
    local current = l.over == 'total'
    for _, s in ipairs(calendar) do current = current or s.name == l.over and s.known == s.ends end
    if current then n = math.max(n, math.min(l.max, most_spent)) end
    redis.call('HSET', budget, l.field, int(n))
  end
end
redis.call('EXPIRE', budget, 3456000)
return 1
