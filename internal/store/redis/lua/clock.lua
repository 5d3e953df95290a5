-- The time: the server's, without the steps that its clock has made. It says how much time has passed, and is what leases and
-- windows go by.
local clock = redis.call('TIME')
local raw = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local ms = raw + (tonumber(known[2]) or 0)
local sec = math.floor(ms / 1000)
local function int(n) return string.format('%.0f', n) end

-- By how much the calendar, which days and weeks go by, is off the server's clock. It comes nearer by an eighth of the time
-- that passes: so a step gives nobody another budget, and midnight is soon at midnight again.
local function calendar(at)
  local off = tonumber(known[3]) or 0
  local left = math.max(0, math.abs(off) - math.max(0, at - (tonumber(known[4]) or at)) / 8)
  if off < 0 then left = -left end
  return math.floor(left)
end
