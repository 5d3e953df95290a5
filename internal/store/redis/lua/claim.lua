-- Gives a slot the id of the store, unless it has one, and tells which it has. KEYS: store. ARGV: the id, when it was made, its schema.
redis.call('HSETNX', KEYS[1], 'id', ARGV[1])
redis.call('HSETNX', KEYS[1], 'created', ARGV[2])
redis.call('HSETNX', KEYS[1], 'schema', ARGV[3])
return redis.call('HGET', KEYS[1], 'id')
