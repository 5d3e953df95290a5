-- Leaves a number of the feed out, so that whoever follows it knows that something was missed. KEYS: store, feed. ARGV: the store's id.
redis.call('HINCRBY', KEYS[1], 'changes', 1)
tell(KEYS[2], 'setting', '')
return 'ok'
