-- What the scripts of a key share. Its keys: who is inside (member -> when the lease ends), who waits (member -> when it
-- came), whose waiting is alive (member -> until when), the last minute, what was spent, how far nodes have settled, longer windows.
local inside, queue, alive, rate, budget, nodes, windows = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local forget = 7200000 -- ms after which keys that nobody renews are gone: longer than they are of use, so that they bear a step of the clock

-- Arguments are read one after the other. at is the last one that was.
local at = 0
local function arg()
  at = at + 1
  return ARGV[at]
end
local function num() return tonumber(arg()) end

-- A member ends in what it holds back: ";LETTERAMOUNT" of each unit but two, then ":TOKENS:COST".
local function reserve(member, sign)
  local tokens, cost = string.match(member, ':(%d+):(%d+)$')
  if tokens and tokens ~= '0' then redis.call('HINCRBY', rate, 'xt', sign .. tokens) end
  if cost and cost ~= '0' then redis.call('HINCRBY', rate, 'xc', sign .. cost) end
  for letter, n in string.gmatch(member, ';(%a)(%d+)') do redis.call('HINCRBY', rate, 'x' .. letter, sign .. n) end
end

local function leave(member)
  if redis.call('ZREM', inside, member) == 1 then
    reserve(member, '-')
    return true
  end
  return false
end

-- Leases that nobody has renewed are over.
local function expire()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', inside, '-inf', int(ms), 'LIMIT', 0, 1000)) do leave(member) end
end

local function expirewaiting()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', alive, '-inf', int(ms), 'LIMIT', 0, 1000)) do
    redis.call('ZREM', alive, member)
    redis.call('ZREM', queue, member)
  end
end

-- Reads limits: how many, then of each the letter of its unit; seconds, seconds of a step and how many steps of a window that slides,
-- or the name of a span of the calendar and two zeros; and how much. What a window has is kept by steps, in the last minute or longer
-- ones: LETTER or LETTERSECONDS: and the step, "at" for the newest, "sum" for all.
local function limits()
  local list = {}
  for i = 1, num() do
    local l = {}
    l.letter, l.over = arg(), arg()
    l.step, l.span, l.max = num(), num(), num()
    if l.step == 0 then
      l.field = l.letter == 'c' and l.over or l.letter .. ':' .. l.over
    else
      l.hash, l.name = rate, l.letter
      if l.over ~= '60' then l.hash, l.name = windows, l.letter .. l.over .. ':' end
    end
    list[i] = l
  end
  return list
end

-- Reads where windows are, all those of a hash at once.
local function load(list)
  for _, hash in ipairs({rate, windows}) do
    local names, of = {}, {}
    for _, l in ipairs(list) do
      if l.hash == hash then
        names[#names + 1], names[#names + 2], of[#of + 1] = l.name .. 'at', l.name .. 'sum', l
      end
    end
    if #of > 0 then
      local got = redis.call('HMGET', hash, unpack(names))
      for i, l in ipairs(of) do l.at, l.sum = tonumber(got[2 * i - 1]) or 0, tonumber(got[2 * i]) or 0 end
    end
  end
end

-- Windows of an hour and more begin with what was used before anybody counted in them, which somebody must say.
local function begun(l) return l.hash ~= windows or l.at ~= 0 or tonumber(l.over) < 3600 end

local function save(l) redis.call('HSET', l.hash, l.name .. 'at', int(l.at), l.name .. 'sum', int(l.sum)) end

-- Brings a window up to date.
local function advance(l)
  local now = math.floor(sec / l.step)
  if now <= l.at then return end
  if l.sum ~= 0 then
    local stale = {}
    for s = math.max(l.at + 1, now - l.span + 1), now do stale[#stale + 1] = l.name .. s % l.span end
    for i, n in ipairs(redis.call('HMGET', l.hash, unpack(stale))) do
      if n and n ~= '0' then
        l.sum = l.sum - tonumber(n)
        redis.call('HDEL', l.hash, stale[i])
      end
    end
  end
  l.at = now
  save(l)
end

local function count(l, n, age)
  local step = math.floor((sec - age) / l.step)
  if n == 0 or l.at - step >= l.span then return end
  l.sum = l.sum + n
  redis.call('HINCRBY', l.hash, l.name .. step % l.span, int(n))
  save(l)
end

-- Reads what was used at some time: how many figures, and of each its age in seconds, the letter of its unit and how much.
local function readfigures()
  local figures = {}
  for i = 1, num() do
    local age, letter, n = num(), arg(), num()
    figures[i] = {age, letter, n}
  end
  return figures
end

local function countall(l, figures)
  for _, f in ipairs(figures) do
    if f[2] == l.letter then count(l, f[3], f[1]) end
  end
end

-- The second at which a window will have fallen below most.
local function free(l, most)
  local left = l.sum
  if left < most then return sec end
  local names = {}
  for s = l.at - l.span + 1, l.at do names[#names + 1] = l.name .. s % l.span end
  for i, n in ipairs(redis.call('HMGET', l.hash, unpack(names))) do
    left = left - (tonumber(n or 0) or 0)
    if left < most then return (l.at + i) * l.step end
  end
  return (l.at + l.span) * l.step
end

-- Keeps what there is of windows for as long as it is of use.
local function keepwindows(list)
  local longest = 0
  for _, l in ipairs(list) do
    if l.hash == windows then longest = math.max(longest, l.step * l.span * 1000) end
  end
  redis.call('PEXPIRE', rate, forget)
  if longest > 0 then redis.call('PEXPIRE', windows, int(longest + forget)) end
end

-- Reads spans of the calendar: how many, then of each its name and four times around a node's idea of now at which one begins.
local function spans()
  local list = {}
  for i = 1, num() do
    local s = {}
    s.name = arg()
    for j = 1, 4 do s[j] = num() end
    list[i] = s
  end
  return list
end

-- The end of the span that today lies in. Where a node's idea of now is far off, it is reckoned.
local function boundary(s)
  for i = 2, 4 do
    if today < s[i] then return s[i] end
  end
  local length = s[4] - s[3]
  return s[4] + length * (math.floor((today - s[4]) / length) + 1)
end

-- More than this is not counted: Redis' integers end a little above.
local most_spent = 9e18

-- Begins spans anew whose time has come, and says of each when it ends.
local function turn(list)
  local names = {}
  for i, s in ipairs(list) do names[i] = s.name .. 'ends' end
  local got = redis.call('HMGET', budget, unpack(names))
  for i, s in ipairs(list) do
    s.ends = tonumber(got[i]) or 0
    if today >= s.ends then
      for _, field in ipairs(redis.call('HKEYS', budget)) do
        if field == s.name or string.sub(field, -#s.name - 1) == ':' .. s.name then redis.call('HSET', budget, field, 0) end
      end
      s.ends, s.anew = boundary(s), s.ends == 0
      if not s.anew then redis.call('HSET', budget, s.name .. 'ends', int(s.ends)) end
    end
  end
end

local function endof(list, name)
  for _, s in ipairs(list) do
    if s.name == name then return s.ends end
  end
  return 0
end

-- What was spent, for limits of the calendar; false when nobody has said yet what was spent before.
local function spent(list, calendar)
  local names, of = {}, {}
  for _, l in ipairs(list) do
    if l.field then names[#names + 1], of[#of + 1] = l.field, l end
  end
  if #of == 0 then return true end
  turn(calendar)
  for i, n in ipairs(redis.call('HMGET', budget, unpack(names))) do
    if not n then return false end
    of[i].sum, of[i].ends = math.min(tonumber(n) or 0, most_spent), endof(calendar, of[i].over)
  end
  for _, s in ipairs(calendar) do
    if s.anew then return false end
  end
  return true
end

-- Adds to what was spent of a unit, as far as that is counted.
local function spend(letter, n, calendar)
  local names = {}
  local prefix = letter == 'c' and '' or letter .. ':'
  for i, s in ipairs(calendar) do names[i] = prefix .. s.name end
  names[#names + 1] = prefix .. 'total'
  for i, have in ipairs(redis.call('HMGET', budget, unpack(names))) do
    if have then
      if tonumber(have) + tonumber(n) < most_spent then
        redis.call('HINCRBY', budget, names[i], n)
      else
        redis.call('HSET', budget, names[i], int(most_spent))
      end
    end
  end
  redis.call('EXPIRE', budget, 3456000)
end

-- Tells those who wait longest that there is room.
local function call(n, channel)
  if n < 1 then return end
  for _, member in ipairs(redis.call('ZRANGE', queue, 0, n - 1)) do
    redis.call('PUBLISH', channel .. string.match(member, '^[^.]+'), member)
  end
end
