-- Moves what is known of costs of some time ago. ARGV: the amendment's name, which counts once; limits, those of the calendar each with
-- the difference in the place of how much; spans of the calendar; of each of those the end of the one that the differences are of; and
-- the differences by their age, as figures.
local name = arg()
local list, calendar = limits(), spans()
for _, s in ipairs(calendar) do s.known = num() end
local figures = readfigures()
local last = redis.call('HGET', nodes, 'amended')
if last and string.match(last, '^(%S+) ') == name then return 0 end
redis.call('HSET', nodes, 'amended', name .. ' ' .. int(sec))
redis.call('EXPIRE', nodes, 172800)
load(list)
for _, l in ipairs(list) do
  if not l.field and begun(l) then
    advance(l)
    countall(l, figures)
  end
end
keepwindows(list)
if redis.call('EXISTS', budget) == 0 then return 1 end
turn(calendar)
for _, l in ipairs(list) do
  local have = l.field and redis.call('HGET', budget, l.field)
  if have then
    local current = l.over == 'total'
    for _, s in ipairs(calendar) do current = current or s.name == l.over and s.known == s.ends and not s.anew end
    if current then redis.call('HSET', budget, l.field, int(math.max(0, math.min(tonumber(have) + l.max, most_spent)))) end
  end
end
return 1
