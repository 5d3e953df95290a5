-- Has what was used in costs begin anew, with what lua/raise.lua knows, which follows.
for _, field in ipairs(redis.call('HKEYS', budget)) do
  if not string.find(field, ':', 1, true) and not string.find(field, 'ends$') then redis.call('HDEL', budget, field) end
end
for _, field in ipairs(redis.call('HKEYS', windows)) do
  if string.find(field, '^c') then redis.call('HDEL', windows, field) end
end
