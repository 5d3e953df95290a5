-- ARGV: owner, what is to be done, lease. Answers 1 when the owner has, or had, the lock.
local owner = redis.call('GET', KEYS[1])
if ARGV[2] == 'take' and (not owner or owner == ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
  return 1
end
if owner ~= ARGV[1] then return 0 end
if ARGV[2] == 'keep' then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
if ARGV[2] == 'drop' then redis.call('DEL', KEYS[1]) end
return 1
