-- KEYS: the slots of accounts. ARGV: lease, whether members that are gone come back, then a member of each.
-- Answers those that are gone.
local lease, gone = tonumber(ARGV[1]), {}
for i = 1, #KEYS do
  local member = ARGV[2 + i]
  if ARGV[2] == '1' or redis.call('ZSCORE', KEYS[i], member) then
    redis.call('ZADD', KEYS[i], int(ms + lease), member)
    redis.call('PEXPIRE', KEYS[i], 7200000)
  else
    gone[#gone + 1] = member
  end
end
return gone
