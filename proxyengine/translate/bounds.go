package translate

import (
	"bytes"

	"crs/internal/jsonscan"
)

// A translation takes each message, part and tool of a request apart, which is many times what it is written with: two
// million of "{}" would be gigabytes. So they are counted before, and there is a most of each. No client comes near.
var bounds = []struct {
	what string
	most int
	// count counts up to most, and one more where there is more.
	count func(body value, most int) int
}{
	{"members of the request", 1000, func(body value, most int) int { return body.size(most) }},
	{"objects and arrays", 100_000, func(body value, most int) int { return min(jsonscan.Openings(body), most+1) }},
	{"messages", 20_000, func(body value, most int) int { return body.get("messages").size(most) }},
	{"parts of messages", 50_000, parts},
	{"tools", 2000, func(body value, most int) int { return body.get("tools").size(most) }},
	{"stop sequences", 100, func(body value, most int) int {
		return max(body.get("stop").size(most), body.get("stop_sequences").size(most))
	}},
}

// weightOf is about what a translation allocates for each object or array of a request, at most. A test measures it.
const weightOf = 2400

// Weigh implements Codec.
func (p Pair) Weigh(raw []byte) (int64, error) {
	body := value(bytes.TrimSpace(raw))
	for _, b := range bounds {
		if b.count(body, b.most) > b.most {
			var at *path
			return 0, at.refuse("it has more than %d %s, which is as many as can be translated", b.most, b.what)
		}
	}
	return int64(sizeFor(raw)) + weightOf*int64(jsonscan.Openings(raw)), nil
}

// sizeFor is about how large a body becomes.
func sizeFor(raw []byte) int { return len(raw) + len(raw)/16 + 512 }

// size counts the members of an object or the elements of an array, up to one more than most: whoever sends millions of
// them does not have them all counted.
func (v value) size(most int) (n int) {
	for range v.members() {
		if n++; n > most {
			return n
		}
	}
	for range v.items() {
		if n++; n > most {
			return n
		}
	}
	return n
}

// parts counts what messages consist of.
func parts(body value, most int) (n int) {
	for _, m := range body.get("messages").items() {
		if n += m.get("content").size(most) + m.get("tool_calls").size(most); n > most {
			return most + 1
		}
	}
	return n
}
