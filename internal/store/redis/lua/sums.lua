-- Begins a script that adds up. A row's counts are nine numbers with spaces between. Lua's numbers are exact to 2^53 only, so larger
-- ones are added nine digits at a time; a sum that no int64 holds is the largest one.
local largest = '9223372036854775807'
local function plus(a, b)
  if string.sub(a, 1, 1) == '-' or string.sub(b, 1, 1) == '-' then return string.format('%.0f', tonumber(a) + tonumber(b)) end
  if #a < 15 and #b < 15 then return string.format('%.0f', tonumber(a) + tonumber(b)) end
  local low = tonumber(string.sub(a, -9)) + tonumber(string.sub(b, -9))
  local high = (tonumber(string.sub(a, 1, -10)) or 0) + (tonumber(string.sub(b, 1, -10)) or 0)
  if low >= 1e9 then low, high = low - 1e9, high + 1 end
  if high == 0 then return string.format('%.0f', low) end
  local sum = string.format('%.0f', high) .. string.sub(string.format('%.0f', 1e9 + low), 2)
  if #sum > #largest or #sum == #largest and sum > largest then return largest end
  return sum
end
local function add(key, field, more)
  local old = redis.call('HGET', key, field)
  if old then
    local have, sum = {}, {}
    for n in string.gmatch(old, '%S+') do have[#have + 1] = n end
    for n in string.gmatch(more, '%S+') do sum[#sum + 1] = plus(have[#sum + 1] or '0', n) end
    more = table.concat(sum, ' ')
  end
  redis.call('HSET', key, field, more)
end
