-- ARGV: limits; spans of the calendar; the letters of units. Answers inside, queued; what was used of each limit, -1 when nobody has
-- said it yet; when each span ends; what is reserved of each unit.
local list, calendar = limits(), spans()
expire()
turn(calendar)
load(list)
local answer = {redis.call('ZCARD', inside), redis.call('ZCARD', queue)}
for _, l in ipairs(list) do
  if l.hash and not begun(l) then
    answer[#answer + 1] = '-1'
  elseif l.hash then
    advance(l)
    answer[#answer + 1] = int(l.sum)
  else
    answer[#answer + 1] = redis.call('HGET', budget, l.field) or '-1'
  end
end
for _, s in ipairs(calendar) do answer[#answer + 1] = int(s.ends) end
while at < #ARGV do answer[#answer + 1] = redis.call('HGET', rate, 'x' .. arg()) or '0' end
return answer
