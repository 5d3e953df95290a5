package scrub

import (
	"encoding/base64"
	"encoding/hex"
	"iter"
	"strings"
)

// A run of these may be another text in base64, or in hexadecimal.
const (
	shortestPacked = 12
	shortestHex    = 8
	shortestDump   = 3*shortestHex - 1 // of bytes with something between them
)

func isPacked(c byte) bool { return wordy(c) || c == '+' || c == '/' }

func isDump(c byte) bool { return isHex(c) || c == ':' || c == ' ' || c == '-' || c == ',' }

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// runs gives where the runs of at least so many bytes begin and end. A client may send one as long as its head: no regular expression
// finds them as fast.
func runs(text string, of func(byte) bool, least int) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		for i := 0; i < len(text); i++ {
			from := i
			for i < len(text) && of(text[i]) {
				i++
			}
			if i-from >= least && !yield(from, i) {
				return
			}
		}
	}
}

// packed finds secrets that stand there in base64 or hexadecimal, alone or with something around them, such as a user's name.
func (s *Scrubber) packed(cuts []cut, v *view) []cut {
	for from, end := range runs(v.text, isPacked, shortestPacked) {
		if word := s.within(unpacked(v.text[from:end])); word != "" {
			filled := strings.TrimLeft(v.text[end:min(end+2, len(v.text))], "=")
			cuts = v.cut(cuts, from, min(end+2, len(v.text))-len(filled), word)
		}
	}
	for from, end := range runs(v.text, isHex, shortestHex) {
		if word := s.inHex(v.text[from:end]); word != "" {
			cuts = v.cut(cuts, from, end, word)
		}
	}
	for from, end := range runs(v.text, isDump, shortestDump) {
		for at, n := range dumps(v.text[from:end]) {
			if word := s.within(unhexed(undumped(v.text[from+at : from+at+n]))); word != "" {
				cuts = v.cut(cuts, from+at, from+at+n, word)
			}
		}
	}
	return cuts
}

// dumps gives where bytes are written in hexadecimal with the same character between each two, and for how long.
func dumps(text string) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		for at := 0; at+shortestDump <= len(text); at++ {
			n := dumped(text[at:])
			if n >= shortestDump && !yield(at, n) {
				return
			}
			at += max(0, n-1)
		}
	}
}

// dumped is how much of text is such a dump from its beginning.
func dumped(text string) (n int) {
	for n+2 <= len(text) && isHex(text[n]) && isHex(text[n+1]) {
		n += 2
		if n+3 > len(text) || isHex(text[n]) || text[n] != text[2] {
			return n
		}
		n++
	}
	return max(0, n-1)
}

func undumped(text string) string {
	bytes := make([]byte, 0, len(text))
	for i := 0; i+2 <= len(text); i += 3 {
		bytes = append(bytes, text[i], text[i+1])
	}
	return string(bytes)
}

func (s *Scrubber) inHex(run string) string {
	if s.bare != "" && len(run) >= ShapedKey {
		return s.bare
	}
	return s.within(unhexed(run))
}

// within gives the word for a secret that is in one of what a run may stand for; "" when there is none.
func (s *Scrubber) within(plains []string) string {
	for _, plain := range plains {
		small := lower(plain)
		for _, known := range s.secrets {
			for range occurrences(plain, small, known) {
				return known.Word
			}
		}
		if word := s.shaped(readable(plain)); word != "" {
			return word
		}
	}
	return ""
}

// shaped gives the word for what a decoded text looks like; "" when it looks like nothing.
func (s *Scrubber) shaped(plain string) string {
	if plain == "" {
		return ""
	}
	small := lower(plain)
	for i := range s.rules {
		if len(s.rules[i].find(plain, small)) > 0 {
			return s.rules[i].word
		}
	}
	return ""
}

// readable is the longest part of a decoded text that is text at all, "" when that is but a few letters: what is none decodes to
// letters now and then.
func readable(plain string) (longest string) {
	for from, end := range runs(plain, func(c byte) bool { return ' ' <= c && c <= '~' }, 1) {
		if end-from > len(longest) {
			longest = plain[from:end]
		}
	}
	if len(longest) < 9 || len(longest) < len(plain)/2 {
		return ""
	}
	return longest
}

// inURLs puts base64 into the letters that URLs have.
var inURLs = strings.NewReplacer("=", "", "+", "-", "/", "_")

// unpacked is what a run may stand for in base64. What stands before it without a space may be of the same alphabet, so every way to
// group its letters is tried.
func unpacked(run string) []string {
	var all []string
	text := []byte(inURLs.Replace(run))
	for skip := range min(4, len(text)) {
		part := text[skip:]
		if len(part)%4 == 1 {
			part = part[:len(part)-1]
		}
		if plain, err := base64.RawURLEncoding.AppendDecode(nil, part); err == nil {
			all = append(all, string(plain))
		}
	}
	return all
}

// unhexed is what a run may stand for in hexadecimal.
func unhexed(run string) (all []string) {
	for skip := range min(2, len(run)) {
		part := run[skip:]
		if plain, err := hex.DecodeString(part[:len(part)/2*2]); err == nil {
			all = append(all, string(plain))
		}
	}
	return all
}
