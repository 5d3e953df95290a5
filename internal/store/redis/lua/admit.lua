-- ARGV: member, tokens, cost, lease, lease of waiting, since when it waits ('' when it just came), concurrency, queue,
-- requests/min, tokens/min, daily, weekly, total cost, four bounds of days, four of weeks.
-- Answers {0, spent today, this week, in total}: it is in. {1, limit, used, reserved, second of the reset}: it is refused.
-- {2, position, since, inside}: it waits. {3}: say first what was spent. The last two are always the second that days go by, and
-- the time in ms.
local member, tokens, cost, lease, since = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[6]
local concurrency, most = tonumber(ARGV[7]), tonumber(ARGV[8])
local rpm, tpm = tonumber(ARGV[9]), tonumber(ARGV[10])

local b = nil
if ARGV[11] ~= '0' or ARGV[12] ~= '0' or ARGV[13] ~= '0' then
  b = spent(14)
  if not b then return {3, 0, 0, 0, 0, int(today), int(ms)} end
end
local function known()
  if not b then return {0, '0', '0', '0', 0, int(today), int(ms)} end
  return {0, int(b.day), int(b.week), int(b.total), 0, int(today), int(ms)}
end
local function keep()
  redis.call('ZADD', inside, int(ms + lease), member)
  redis.call('PEXPIRE', inside, forget)
  redis.call('PEXPIRE', rate, forget)
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
    redis.call('ZADD', alive, int(ms + tonumber(ARGV[5])), member)
    return {2, rank + 1, since, used, 0, int(today), int(ms)}
  end
end

local got = redis.call('HMGET', rate, 'xt', 'xc', 'rat', 'rsum', 'tat', 'tsum')
local xt, xc = tonumber(got[1] or 0) or 0, tonumber(got[2] or 0) or 0
local r = rpm > 0 and advance('r', got[3], got[4])
local t = tpm > 0 and advance('t', got[5], got[6])

local function refusal()
  if r and r.sum >= rpm then return {1, 1, int(r.sum), '0', int(free(r, rpm)), int(today), int(ms)} end
  if t and t.sum + xt >= tpm then return {1, 2, int(t.sum + xt), int(xt), int(free(t, tpm - xt)), int(today), int(ms)} end
  if b then
    for i, l in ipairs({{b.day, b.dayends}, {b.week, b.weekends}, {b.total, 0}}) do
      local limit = tonumber(ARGV[10 + i])
      if limit > 0 and l[1] + xc >= limit then return {1, 3 + i, int(l[1] + xc), int(xc), int(l[2]), int(today), int(ms)} end
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
  if rank >= most then return {1, 3, used, '0', 0, int(today), int(ms)} end
  if since == '' then since = int(ms * 1000 + tonumber(clock[2]) % 1000) end
  redis.call('ZADD', queue, since, member)
  redis.call('ZADD', alive, int(ms + tonumber(ARGV[5])), member)
  redis.call('PEXPIRE', queue, forget)
  redis.call('PEXPIRE', alive, forget)
  return {2, redis.call('ZRANK', queue, member) + 1, since, used, 0, int(today), int(ms)}
end

if most > 0 then
  redis.call('ZREM', queue, member)
  redis.call('ZREM', alive, member)
end
if r then count(r, 1, 0) end
if tokens ~= '0' then redis.call('HINCRBY', rate, 'xt', tokens) end
if cost ~= '0' then redis.call('HINCRBY', rate, 'xc', cost) end
keep()
return known()
