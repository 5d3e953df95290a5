-- Plain commands. ARGV: of each command how many words it has, then those.
local i, answer = 1, {}
while i <= #ARGV do
  local n = tonumber(ARGV[i])
  answer[#answer + 1] = redis.call(unpack(ARGV, i + 1, i + n))
  i = i + n + 1
end
return #answer
