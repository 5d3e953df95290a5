-- Removes a document. KEYS: store, documents, names, feed. ARGV: the store's id, kind, id.
local old = redis.call('HGET', KEYS[2], ARGV[3])
if not old then return 0 end
local version, name = parse(old)
if name ~= '' then redis.call('HDEL', KEYS[3], name) end
redis.call('HDEL', KEYS[2], ARGV[3])
tell(KEYS[4], ARGV[2], ARGV[3])
return 1
