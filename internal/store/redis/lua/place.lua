-- Begins a script that moves a node's mark. ARGV: id, node, from, to; KEYS[2] holds the marks. A batch that was counted already ends
-- the script with 'counted', one that does not begin where the node's mark is with where that is.
local function before(a, b)
  local as, ao = string.match(a, '^(%d+) (%d+)$')
  local bs, bo = string.match(b, '^(%d+) (%d+)$')
  as, ao, bs, bo = tonumber(as), tonumber(ao), tonumber(bs), tonumber(bo)
  return as < bs or as == bs and ao < bo
end
local at = redis.call('HGET', KEYS[2], ARGV[2]) or '0 0'
if not before(at, ARGV[4]) then return 'counted' end
if at ~= ARGV[3] then return at end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[4])
