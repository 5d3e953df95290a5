-- Puts a chunk into the log and moves the node's mark. KEYS: store, marks, chunks. ARGV: id, node, from, to, the most bytes, the
-- greatest age in ms, the chunk ("" for none). What is too old or too much goes, oldest first.
if ARGV[7] ~= '' then
  redis.call('XADD', KEYS[3], '*', 'node', ARGV[2], 'records', ARGV[7])
  redis.call('HINCRBY', KEYS[1], 'bytes', #ARGV[7])
end
local now = redis.call('TIME')
local oldest = tonumber(now[1]) * 1000 - tonumber(ARGV[6])
while true do
  local first = redis.call('XRANGE', KEYS[3], '-', '+', 'COUNT', 1)[1]
  if not first then break end
  local bytes = tonumber(redis.call('HGET', KEYS[1], 'bytes') or '0')
  if bytes <= tonumber(ARGV[5]) and tonumber(string.match(first[1], '^%d+')) >= oldest then break end
  redis.call('XDEL', KEYS[3], first[1])
  redis.call('HINCRBY', KEYS[1], 'bytes', -#first[2][4])
end
return 'added'
