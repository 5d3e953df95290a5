-- Begins every script of a node. The last key is the marker that says which store this is; the last two arguments are the
-- store's id, and what time the node expects it to be, in ms (0: it does not know). Nothing is done where the store is not there
-- any more, nor where the server's clock was set: the node then has steady.lua take that step out.
local marker, expected, store = table.remove(KEYS), tonumber(table.remove(ARGV)), table.remove(ARGV)
local known = redis.call('HMGET', marker, 'id', 'shift', 'calendar', 'since', 'beat')
if known[1] ~= store then return redis.error_reply('CRSLOST') end
local step = 3000 -- ms that a clock must be off to have been set
