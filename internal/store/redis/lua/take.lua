-- KEYS: the slots of each account, then who wants each. ARGV: member, lease, how long a wish is remembered, how many slots
-- each account has. Answers the index of the first account with a free slot, or -1, and how many are in use of each, as
-- far as it looked.
local member, lease, n = ARGV[1], tonumber(ARGV[2]), #KEYS / 2
local answer = {-1}
for i = 1, n do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', int(ms))
  local used = redis.call('ZCARD', KEYS[i])
  local mine = redis.call('ZSCORE', KEYS[i], member) -- the answer to an earlier question was lost
  if mine or used < tonumber(ARGV[3 + i]) then
    redis.call('ZADD', KEYS[i], int(ms + lease), member)
    redis.call('PEXPIRE', KEYS[i], 7200000)
    if not mine then used = used + 1 end
    answer[1] = i - 1
  end
  answer[1 + i] = used
  if answer[1] >= 0 then return answer end
end
for i = n + 1, #KEYS do redis.call('SET', KEYS[i], 1, 'PX', ARGV[3]) end
return answer
