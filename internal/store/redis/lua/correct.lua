-- Puts other costs in the place of those that rows of hours have. KEYS: store, charged, then the hour and the day of every row. ARGV: id,
-- then of every row: its field in the hour and in the day, the key, the counts that it must have and those that it gets, what the day
-- gets more, and what the key was charged more. Answers for every row 1 where it is now as it should be, else 0.
local done = {}
for i = 2, #ARGV, 7 do
  local n = #done
  local hour, day = KEYS[3 + 2 * n], KEYS[4 + 2 * n]
  local is = redis.call('HGET', hour, ARGV[i])
  if is == ARGV[i + 3] then
    redis.call('HSET', hour, ARGV[i], ARGV[i + 4])
    if redis.call('HEXISTS', day, ARGV[i + 1]) == 1 then add(day, ARGV[i + 1], ARGV[i + 5]) end
    local charged = redis.call('HGET', KEYS[2], ARGV[i + 2])
    if charged then redis.call('HSET', KEYS[2], ARGV[i + 2], plus(charged, ARGV[i + 6])) end
  end
  done[n + 1] = (is == ARGV[i + 3] or is == ARGV[i + 4]) and 1 or 0
end
return done
