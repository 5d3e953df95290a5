-- Takes a step of the server's clock out of the time. ARGV: by how much to move it, in ms, and what the shift was: if it is not that
-- any more, another node has done it.
if (known[2] or '0') ~= ARGV[2] then return 0 end
local by, most = tonumber(ARGV[1]), 48 * 3600000
local days = calendar(ms + by) + by
if math.abs(days) > most then days = 0 end -- what it said before was nonsense
redis.call('HSET', marker, 'shift', int((tonumber(known[2]) or 0) + by), 'calendar', int(days), 'since', int(ms + by), 'beat', int(ms + by))
return 1
