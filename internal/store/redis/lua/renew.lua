-- ARGV: lease, whether members that are gone come back, members. Answers those that are gone.
local lease, back, gone = num(), arg(), {}
expire()
while at < #ARGV do
  local member = arg()
  local there = redis.call('ZSCORE', inside, member)
  if not there and back == '1' then
    reserve(member, '')
    there = true
  end
  if there then
    redis.call('ZADD', inside, int(ms + lease), member)
  else
    gone[#gone + 1] = member
  end
end
redis.call('PEXPIRE', inside, forget)
redis.call('PEXPIRE', rate, forget)
return gone
