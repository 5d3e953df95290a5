-- KEYS: the lock: "WHEN ITS LEASE ENDS" "OWNER". ARGV: owner, what is to be done, lease. Answers 1 when the owner has, or
-- had, the lock.
local ends, owner = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (.*)$')
if ends and tonumber(ends) <= ms then owner = nil end
if owner and owner ~= ARGV[1] or ARGV[2] ~= 'take' and not owner then return 0 end
if ARGV[2] == 'drop' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], int(ms + tonumber(ARGV[3])) .. ' ' .. ARGV[1], 'PX', ARGV[3])
end
return 1
