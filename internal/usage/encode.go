package usage

import (
	"bytes"
	"encoding/json"
	"hash/crc32"
	"strconv"
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

// appendJSON writes a record as a line of the ledger has it. It cuts what is longer than the ledger can read back, and shortens the
// lists until the record is no longer than a line may be.
func (r *Record) appendJSON(b []byte) []byte {
	r.Bound()
	for {
		text, _ := json.Marshal(r) // never fails: what came as JSON is valid, or was left out
		if len(text) <= longestRecord {
			return append(b, text...)
		}
		r.Passed, r.Attempts = r.Passed[:len(r.Passed)/2], r.Attempts[:len(r.Attempts)/2]
	}
}

// longestRecord is well below maxLine. Only lists of attempts and of accounts that were passed over can make a record longer.
const longestRecord = 1 << 20
