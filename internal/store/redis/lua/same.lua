-- Begins every script of the store that writes: KEYS[1] must hold the id of the store, ARGV[1].
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then return redis.error_reply('CRSLOST') end
