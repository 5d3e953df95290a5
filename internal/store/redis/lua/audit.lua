-- Adds entries behind the others, and forgets what is too old or too much, oldest first. KEYS: store, audit. ARGV: the store's id, the
-- earliest time, the most bytes, the entries. An entry that is there already is one whose answer was lost.
for i = 4, #ARGV do
  if not redis.call('ZSCORE', KEYS[2], ARGV[i]) then
    local place = redis.call('HINCRBY', KEYS[1], 'audit_place', 1)
    redis.call('ZADD', KEYS[2], string.format('%d', place), ARGV[i])
    redis.call('HINCRBY', KEYS[1], 'audit_bytes', #ARGV[i])
  end
end
while true do
  local first = redis.call('ZRANGE', KEYS[2], 0, 0)[1]
  if not first then break end
  local bytes = tonumber(redis.call('HGET', KEYS[1], 'audit_bytes') or '0')
  if bytes <= tonumber(ARGV[3]) and tonumber(string.match(first, '^%-?%d+')) >= tonumber(ARGV[2]) then break end
  redis.call('ZREM', KEYS[2], first)
  redis.call('HINCRBY', KEYS[1], 'audit_bytes', -#first)
end
return 'ok'
