-- ARGV: four bounds of days, four of weeks. Answers inside, queued, requests, tokens, reserved tokens and cost, spent today,
-- this week, in total, the ends of day and week; spent is -1 when nobody has said it yet.
expire()
local got = redis.call('HMGET', rate, 'xt', 'xc', 'rat', 'rsum', 'tat', 'tsum')
local r, t = advance('r', got[3], got[4]), advance('t', got[5], got[6])
redis.call('PEXPIRE', rate, forget)
local b = spent(1) or {day = -1, week = -1, total = -1, dayends = boundary(1), weekends = boundary(5)}
return {redis.call('ZCARD', inside), redis.call('ZCARD', queue), int(r.sum), int(t.sum), got[1] or '0', got[2] or '0',
  int(b.day), int(b.week), int(b.total), int(b.dayends), int(b.weekends)}
