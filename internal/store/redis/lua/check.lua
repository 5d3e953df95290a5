if expected > 0 and math.abs(ms - expected) > step then return redis.error_reply('CRSCLOCK') end
local today = math.floor((raw + calendar(ms)) / 1000) -- the second by which days and weeks go
