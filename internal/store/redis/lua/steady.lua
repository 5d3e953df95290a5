-- Answers the time, whether it is right as far as the node or, just now, another one knows, and the shift. A node that stood still
-- is not right when others were: they have told it all along.
local told = math.abs(ms - expected) <= step or math.abs(ms - (tonumber(known[5]) or 0)) <= step
local right = told or expected == 0
if told or not known[5] then redis.call('HSET', marker, 'beat', int(ms)) end
return {int(ms), right and 1 or 0, known[2] or '0'}
