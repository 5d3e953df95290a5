-- Begins a script that changes documents. tell counts a change and puts it into the feed: its number is its ID, so that whoever missed
-- one knows. parse gives the version and the name of a document.
local function tell(feed, kind, id)
  local n = redis.call('HINCRBY', KEYS[1], 'changes', 1)
  redis.call('XADD', feed, 'MAXLEN', '~', 10000, string.format('%d-0', n), 'kind', kind, 'id', id)
end
local function parse(text)
  local version, length = string.match(text, '^(%d+) (%d+) ')
  local start = #version + #length + 3
  return tonumber(version), string.sub(text, start, start + tonumber(length) - 1)
end
