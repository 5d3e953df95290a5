-- ARGV: node, sequence, channel; limits; spans of the calendar; how many amounts were spent, and of each the letter of its unit and how
-- much; how many figures there are for windows, and of each its age, letter and how much; members that are out. Who is out is out
-- however often it is said; the figures count once for each sequence.
local node, sequence, channel = arg(), num(), arg()
local list, calendar = limits(), spans()
local amounts = {}
for i = 1, num() do
  local letter, n = arg(), arg()
  amounts[i] = {letter, n}
end
local figures = readfigures()
expire()
local freed = 0
while at < #ARGV do
  local member = arg()
  if leave(member) then freed = freed + 1 end
  if redis.call('ZREM', alive, member) == 1 then
    redis.call('ZREM', queue, member)
    freed = freed + 1
  end
end
call(freed, channel)

local last = redis.call('HGET', nodes, node)
if last and tonumber(string.match(last, '^%d+')) >= sequence then return 0 end
redis.call('HSET', nodes, node, int(sequence) .. ' ' .. int(sec))
redis.call('EXPIRE', nodes, 172800)
if redis.call('HLEN', nodes) > 64 then
  local all = redis.call('HGETALL', nodes)
  for i = 1, #all, 2 do
    if tonumber(string.match(all[i + 1], '%d+$')) < sec - 86400 then redis.call('HDEL', nodes, all[i]) end
  end
end
if #amounts > 0 and redis.call('EXISTS', budget) == 1 then
  turn(calendar)
  for _, a in ipairs(amounts) do spend(a[1], a[2], calendar) end
end
if #figures > 0 then
  load(list)
  for _, l in ipairs(list) do
    if l.hash and begun(l) then
      advance(l)
      countall(l, figures)
    end
  end
  keepwindows(list)
end
return 1
