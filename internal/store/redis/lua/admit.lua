-- ARGV: member, lease, lease of waiting, since when it waits ('' when it just came), concurrency, queue; limits; spans of the calendar;
-- then of each unit that counts when a request is let in its letter and how much.
-- Answers {0, 0, 0, 0, 0, …, what was spent of each limit of the calendar}: it is in. {1, which limit, used, reserved, second of the
-- reset}: it is refused, by the concurrency for limit 0. {2, position, since, inside}: it waits. {3}: say first what was used. The
-- sixth and seventh are always the second that days go by, and the time in ms.
local member, lease, wait, since = arg(), num(), num(), arg()
local concurrency, most = num(), num()
local list, calendar = limits(), spans()

if not spent(list, calendar) then return {3, 0, 0, 0, 0, int(today), int(ms)} end
local function known()
  local answer = {0, 0, 0, 0, 0, int(today), int(ms)}
  for _, l in ipairs(list) do
    if l.field then answer[#answer + 1] = int(l.sum) end
  end
  return answer
end
local function keep()
  redis.call('ZADD', inside, int(ms + lease), member)
  redis.call('PEXPIRE', inside, forget)
  keepwindows(list)
end

expire()
if redis.call('ZSCORE', inside, member) then -- the answer to an earlier question was lost
  keep()
  return known()
end

local used = redis.call('ZCARD', inside)
local rank = 0
if concurrency > 0 and most > 0 then
  expirewaiting()
  rank = redis.call('ZRANK', queue, member) or redis.call('ZCARD', queue)
  if since ~= '' and used + rank >= concurrency and redis.call('ZSCORE', queue, member) then
    redis.call('ZADD', alive, int(ms + wait), member)
    return {2, rank + 1, since, used, 0, int(today), int(ms)}
  end
end

load(list)
for _, l in ipairs(list) do
  if not begun(l) then return {3, 0, 0, 0, 0, int(today), int(ms)} end
end
local reserved = {}
for i, l in ipairs(list) do reserved[i] = 'x' .. l.letter end
if #reserved > 0 then reserved = redis.call('HMGET', rate, unpack(reserved)) end
local function refusal()
  for i, l in ipairs(list) do
    if l.hash then advance(l) end
    local held = tonumber(reserved[i] or 0) or 0
    if l.sum + held >= l.max then
      local reset = l.hash and free(l, l.max - held) or l.ends
      return {1, i, int(l.sum + held), int(held), int(reset), int(today), int(ms)}
    end
  end
end
local no = refusal()
if no then
  redis.call('ZREM', queue, member)
  redis.call('ZREM', alive, member)
  return no
end

if concurrency > 0 and used + rank >= concurrency then
  if rank >= most then return {1, 0, used, '0', 0, int(today), int(ms)} end
  if since == '' then since = int(ms * 1000 + tonumber(clock[2]) % 1000) end
  redis.call('ZADD', queue, since, member)
  redis.call('ZADD', alive, int(ms + wait), member)
  redis.call('PEXPIRE', queue, forget)
  redis.call('PEXPIRE', alive, forget)
  return {2, redis.call('ZRANK', queue, member) + 1, since, used, 0, int(today), int(ms)}
end

if most > 0 then
  redis.call('ZREM', queue, member)
  redis.call('ZREM', alive, member)
end
local budgeted = false
for _, l in ipairs(list) do budgeted = budgeted or l.field end
while at < #ARGV do
  local letter, n = arg(), arg()
  for _, l in ipairs(list) do
    if l.hash and l.letter == letter then count(l, tonumber(n), 0) end
  end
  if budgeted then spend(letter, n, calendar) end
end
reserve(member, '')
keep()
return known()
