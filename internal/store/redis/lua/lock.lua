-- KEYS: the lock: "WHEN ITS LEASE ENDS" "OWNER". ARGV: owner, what is to be done, lease, beginning of dead owners' names. Answers 1
-- when the owner has, or had, the lock. Whoever keeps it has it back after a while in which it could not say so, unless another has
-- taken it; a lease never becomes shorter.
local ends, owner = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (.*)$')
local dead, process = ARGV[4] or '', string.match(ARGV[1], '^(.*%.)')
local left = owner and dead ~= '' and string.sub(owner, 1, #dead) == dead and string.sub(owner, 1, #process) ~= process
if ARGV[2] == 'take' and ends and (left or tonumber(ends) <= ms) then ends, owner = nil, nil end
if owner and owner ~= ARGV[1] or ARGV[2] == 'drop' and not owner then return 0 end
if ARGV[2] == 'drop' then
  redis.call('DEL', KEYS[1])
else
  local last = math.max(ms + tonumber(ARGV[3]), tonumber(ends or 0))
  redis.call('SET', KEYS[1], int(last) .. ' ' .. ARGV[1], 'PX', 7200000)
end
return 1
