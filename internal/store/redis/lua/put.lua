-- Writes a document. KEYS: store, documents, names, feed. ARGV: the store's id, kind, id, the version to replace, name, what to write.
-- It answers "ok", the version that is there instead, or who has the name.
-- A document that is there already just as it was to be written is one whose answer was lost.
local old = redis.call('HGET', KEYS[2], ARGV[3])
if old == ARGV[6] then return 'ok' end
local version, name = 0, ''
if old then version, name = parse(old) end
if version ~= tonumber(ARGV[4]) then return version end
if ARGV[5] ~= '' then
  local other = redis.call('HGET', KEYS[3], ARGV[5])
  if other and other ~= ARGV[3] then return {other} end
  redis.call('HSET', KEYS[3], ARGV[5], ARGV[3])
end
if name ~= '' and name ~= ARGV[5] then redis.call('HDEL', KEYS[3], name) end
redis.call('HSET', KEYS[2], ARGV[3], ARGV[6])
tell(KEYS[4], ARGV[2], ARGV[3])
return 'ok'
