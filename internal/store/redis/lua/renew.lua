-- ARGV: lease, whether members that are gone come back, members. Answers those that are gone.
local lease, gone = tonumber(ARGV[1]), {}
expire()
for i = 3, #ARGV do
  local there = redis.call('ZSCORE', inside, ARGV[i])
  if not there and ARGV[2] == '1' then
    local tokens, cost = string.match(ARGV[i], ':(%d+):(%d+)$')
    redis.call('HINCRBY', rate, 'xt', tokens)
    redis.call('HINCRBY', rate, 'xc', cost)
    there = true
  end
  if there then
    redis.call('ZADD', inside, int(ms + lease), ARGV[i])
  else
    gone[#gone + 1] = ARGV[i]
  end
end
redis.call('PEXPIRE', inside, forget)
redis.call('PEXPIRE', rate, forget)
return gone
