package usage

import (
	"bytes"
	"encoding/json"
	"hash/crc32"
	"strconv"
	"time"
	"unicode/utf8"
)

// A ledger is lines: the CRC-32C of the rest in eight hex digits, a letter for what it is, and a JSON object.
const (
	opened = 'o' // a Record as far as it is known at admission
	closed = 'c' // a whole Record
	header = 'h' // begins a segment
)

const framing = len("01234567 c ") // what stands before the object

// appendLine frames the object that body appends.
func appendLine(b []byte, what byte, body func([]byte) []byte) []byte {
	start := len(b)
	b = append(b, "00000000 "...)
	b = append(b, what, ' ')
	b = body(b)
	sum := crc32.Checksum(b[start+9:], crc32.MakeTable(crc32.Castagnoli))
	for i := range 8 {
		b[start+i] = "0123456789abcdef"[sum>>(28-4*i)&15]
	}
	return append(b, '\n')
}

// readLine takes a line without its end apart. ok is false when it is not a line that appendLine wrote.
func readLine(line []byte) (what byte, body []byte, ok bool) {
	if len(line) < framing || line[8] != ' ' || line[10] != ' ' {
		return 0, nil, false
	}
	sum, err := strconv.ParseUint(string(line[:8]), 16, 32)
	if err != nil || uint32(sum) != crc32.Checksum(line[9:], crc32.MakeTable(crc32.Castagnoli)) {
		return 0, nil, false
	}
	return line[9], line[framing:], true
}

// frameIn gives how long the line is that a text begins with, whatever follows it; 0 when it begins with none.
func frameIn(text []byte) int {
	if len(text) <= framing || text[8] != ' ' || text[10] != ' ' || text[framing] != '{' {
		return 0
	}
	want, err := strconv.ParseUint(string(text[:8]), 16, 32)
	if err != nil {
		return 0
	}
	table, sum := crc32.MakeTable(crc32.Castagnoli), uint32(0)
	for from := 9; ; {
		brace := bytes.IndexByte(text[from:], '}')
		if brace < 0 {
			return 0
		}
		to := from + brace + 1
		if sum = crc32.Update(sum, table, text[from:to]); sum == uint32(want) {
			return to
		}
		from = to
	}
}

// appendJSON writes what encoding/json would, without its garbage: a record is written for every request. It cuts what is
// longer than the ledger can read back.
func (r *Record) appendJSON(b []byte) []byte {
	r.Bound()
	return r.fit(b)
}

func (r *Record) appendFields(b []byte) []byte {
	b = append(b, `{"id":`...)
	b = appendString(b, r.ID)
	b = append(b, `,"at":"`...)
	b = r.At.AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","key":`...)
	b = appendString(b, r.Key)
	b = field(b, "key_name", r.KeyName)
	b = field(b, "account", r.Account)
	b = field(b, "account_name", r.AccountName)
	b = field(b, "platform", r.Platform)
	b = append(b, `,"service":`...)
	b = appendString(b, r.Service)
	b = field(b, "model", r.Model)
	b = field(b, "upstream", r.Upstream)
	b = field(b, "client", r.Client)
	b = flag(b, "stream", r.Stream)
	b = number(b, "status", int64(r.Status))
	b = field(b, "error", r.Error)
	b = number(b, "first_byte", int64(r.FirstByte))
	b = number(b, "total", int64(r.Total))
	b = field(b, "source", string(r.Source))
	if r.Tokens != (Tokens{}) {
		b = r.Tokens.appendJSON(append(b, `,"tokens":`...))
	}
	b = number(b, "images", r.Images)
	b = number(b, "searches", r.Searches)
	b = number(b, "cost", r.Cost)
	b = number(b, "charged", r.Charged)
	b = rare(b, "items", r.Items)
	b = field(b, "answered", r.Answered)
	b = field(b, "priced_as", r.PricedAs)
	b = field(b, "tier_asked", r.TierAsked)
	b = field(b, "tier", r.Tier)
	b = field(b, "region", r.Region)
	b = flag(b, "unbilled", r.Unbilled)
	b = field(b, "doubt", r.Doubt)
	b = field(b, "prices", r.Prices)
	b = flag(b, "unpriced", r.Unpriced)
	b = flag(b, "free", r.Free)
	if len(r.Raw) > 0 {
		b = append(append(b, `,"raw":`...), r.Raw...)
	}
	b = field(b, "why", r.Why)
	b = rare(b, "attempts", r.Attempts)
	b = rare(b, "passed", r.Passed)
	return append(b, '}')
}

func (t Tokens) appendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"input":`...), t.Input, 10)
	b = strconv.AppendInt(append(b, `,"output":`...), t.Output, 10)
	b = number(b, "cache_read", t.CacheRead)
	b = number(b, "cache_write_5m", t.CacheWrite)
	b = number(b, "cache_write_1h", t.CacheWrite1h)
	b = number(b, "reasoning", t.Reasoning)
	return append(b, '}')
}

func field(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendString(append(append(append(b, `,"`...), name...), `":`...), value)
}

func number(b []byte, name string, n int64) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(append(append(append(b, `,"`...), name...), `":`...), n, 10)
}

func flag(b []byte, name string, on bool) []byte {
	if !on {
		return b
	}
	return append(append(append(b, `,"`...), name...), `":true`...)
}

// rare is for lists that most records do not have.
func rare[T any](b []byte, name string, list []T) []byte {
	if len(list) == 0 {
		return b
	}
	text, err := json.Marshal(list)
	if err != nil {
		return b // cannot be: they hold text and numbers
	}
	return append(append(append(append(b, `,"`...), name...), `":`...), text...)
}

func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf || c == '<' || c == '>' || c == '&' {
			text, _ := json.Marshal(s) // a string always marshals
			return append(b, text...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
