-- Sets a fact that was never set. KEYS: store. ARGV: the store's id, name, value.
redis.call('HSETNX', KEYS[1], ARGV[2], ARGV[3])
return redis.call('HGET', KEYS[1], ARGV[2])
