-- KEYS: the slots of accounts, then who wants each. ARGV: channel, then of each account its id and the member that is out.
local n = #KEYS / 2
for i = 1, n do
  if redis.call('ZREM', KEYS[i], ARGV[2 * i + 1]) == 1 and redis.call('EXISTS', KEYS[n + i]) == 1 then
    redis.call('PUBLISH', ARGV[1], ARGV[2 * i])
  end
end
return n
