-- Raises what was spent to what the roll-ups know: neither counts too much, so the larger is nearer to the truth.
-- ARGV: four bounds of days, four of weeks, the end of the day and of the week that the figures are of, today, this week, total.
local b = spent(1)
if not b then
  b = {day = 0, week = 0, total = 0, dayends = boundary(1), weekends = boundary(5)}
end
if tonumber(ARGV[9]) == b.dayends then b.day = math.max(b.day, math.min(tonumber(ARGV[11]), most_spent)) end
if tonumber(ARGV[10]) == b.weekends then b.week = math.max(b.week, math.min(tonumber(ARGV[12]), most_spent)) end
b.total = math.max(b.total, math.min(tonumber(ARGV[13]), most_spent))
redis.call('HSET', budget, 'day', int(b.day), 'week', int(b.week), 'total', int(b.total), 'dayends', int(b.dayends), 'weekends', int(b.weekends))
redis.call('EXPIRE', budget, 3456000)
return 1
