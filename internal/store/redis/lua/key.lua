-- What the scripts of a key share. Its keys: who is inside (member -> when the lease ends), who waits (member -> when it
-- came), whose waiting is alive (member -> until when), the last minute, what was spent, how far nodes have settled.
local inside, queue, alive, rate, budget, nodes = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local forget = 7200000 -- ms after which keys that nobody renews are gone: longer than they are of use, so that they bear a step of the clock
local span = 61       -- seconds of a window: a minute, wherever it begins, and one more

-- A member ends in what it holds back: ":TOKENS:COST".
local function unreserve(member)
  local tokens, cost = string.match(member, ':(%d+):(%d+)$')
  if tokens and tokens ~= '0' then redis.call('HINCRBY', rate, 'xt', '-' .. tokens) end
  if cost and cost ~= '0' then redis.call('HINCRBY', rate, 'xc', '-' .. cost) end
end

local function leave(member)
  if redis.call('ZREM', inside, member) == 1 then
    unreserve(member)
    return true
  end
  return false
end

-- Leases that nobody has renewed are over.
local function expire()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', inside, '-inf', int(ms), 'LIMIT', 0, 1000)) do leave(member) end
end

local function expirewaiting()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', alive, '-inf', int(ms), 'LIMIT', 0, 1000)) do
    redis.call('ZREM', alive, member)
    redis.call('ZREM', queue, member)
  end
end

-- Brings a window up to date. w is {at, sum}: the second of its newest bucket, and the sum of all.
local function advance(name, at, sum)
  local w = {name = name, at = tonumber(at) or 0, sum = tonumber(sum) or 0}
  if sec <= w.at then return w end
  if w.sum > 0 then
    local stale = {}
    for s = math.max(w.at + 1, sec - span + 1), sec do stale[#stale + 1] = name .. s % span end
    for i, n in ipairs(redis.call('HMGET', rate, unpack(stale))) do
      if n and n ~= '0' then
        w.sum = w.sum - tonumber(n)
        redis.call('HDEL', rate, stale[i])
      end
    end
  end
  w.at = sec
  redis.call('HSET', rate, name .. 'at', w.at, name .. 'sum', int(w.sum))
  return w
end

local function count(w, n, age)
  if n == 0 or age >= span then return end
  w.sum = w.sum + n
  redis.call('HINCRBY', rate, w.name .. (w.at - age) % span, int(n))
  redis.call('HSET', rate, w.name .. 'at', w.at, w.name .. 'sum', int(w.sum))
end

-- The second at which a window will have fallen below most.
local function free(w, most)
  local left = w.sum
  if left < most then return sec end
  local names = {}
  for s = w.at - span + 1, w.at do names[#names + 1] = w.name .. s % span end
  for i, n in ipairs(redis.call('HMGET', rate, unpack(names))) do
    left = left - (tonumber(n or 0) or 0)
    if left < most then return w.at - span + i + span end
  end
  return w.at + span
end

-- The end of the period that today lies in, of four bounds around a node's idea of now.
local function boundary(first)
  for i = first + 1, first + 2 do
    if today < tonumber(ARGV[i]) then return tonumber(ARGV[i]) end
  end
  return tonumber(ARGV[first + 3])
end

-- More than this is not counted: Redis' integers end a little above.
local most_spent = 9e18

-- What was spent, with a day or week begun anew when its time has come; nil when nobody has said yet what was spent
-- before. ARGV[first] to ARGV[first+7] are bounds of days and of weeks.
local function spent(first)
  local got = redis.call('HMGET', budget, 'day', 'week', 'total', 'dayends', 'weekends')
  if not got[3] then return nil end
  local b = {day = math.min(tonumber(got[1]) or 0, most_spent), week = math.min(tonumber(got[2]) or 0, most_spent), total = math.min(tonumber(got[3]), most_spent), dayends = tonumber(got[4]) or 0, weekends = tonumber(got[5]) or 0}
  if today >= b.dayends then
    b.day, b.dayends = 0, boundary(first)
    redis.call('HSET', budget, 'day', 0, 'dayends', b.dayends)
  end
  if today >= b.weekends then
    b.week, b.weekends = 0, boundary(first + 4)
    redis.call('HSET', budget, 'week', 0, 'weekends', b.weekends)
  end
  return b
end

-- Tells those who wait longest that there is room.
local function call(n, channel)
  if n < 1 then return end
  for _, member in ipairs(redis.call('ZRANGE', queue, 0, n - 1)) do
    redis.call('PUBLISH', channel .. string.match(member, '^[^.]+'), member)
  end
end
