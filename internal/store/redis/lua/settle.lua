-- ARGV: node, sequence, charged, four bounds of days, four of weeks, channel, how many figures, {age, requests, tokens}…,
-- members that are out. Who is out is out however often it is said; the figures count once for each sequence.
local node, sequence, charged, figures = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[13])
expire()
local freed = 0
for i = 14 + 3 * figures, #ARGV do
  if leave(ARGV[i]) then freed = freed + 1 end
  if redis.call('ZREM', alive, ARGV[i]) == 1 then
    redis.call('ZREM', queue, ARGV[i])
    freed = freed + 1
  end
end
call(freed, ARGV[12])

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
local b = charged ~= '0' and spent(4)
if b then
  for _, of in ipairs({'day', 'week', 'total'}) do
    if b[of] + tonumber(charged) < most_spent then
      redis.call('HINCRBY', budget, of, charged)
    else
      redis.call('HSET', budget, of, int(most_spent))
    end
  end
  redis.call('EXPIRE', budget, 3456000)
end
if figures > 0 then
  local got = redis.call('HMGET', rate, 'rat', 'rsum', 'tat', 'tsum')
  local r, t = advance('r', got[1], got[2]), advance('t', got[3], got[4])
  for i = 14, 11 + 3 * figures, 3 do
    count(r, tonumber(ARGV[i + 1]), tonumber(ARGV[i]))
    count(t, tonumber(ARGV[i + 2]), tonumber(ARGV[i]))
  end
  redis.call('PEXPIRE', rate, forget)
end
return 1
