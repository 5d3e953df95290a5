local clock = redis.call('TIME')
local sec = tonumber(clock[1])
local ms = sec * 1000 + math.floor(tonumber(clock[2]) / 1000)
local function int(n) return string.format('%.0f', n) end
