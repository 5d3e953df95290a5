-- Gives a hash slot of a Cluster its marker. KEYS: the marker. ARGV: the store's id, the life of the marker in seconds.
redis.call('HSETNX', KEYS[1], 'id', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return redis.call('HGET', KEYS[1], 'id')
