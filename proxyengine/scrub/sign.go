package scrub

import "strings"

// around calls is for each place of c in a text, with what stands before it and behind it, until it is true.
func around(text string, c byte, is func(before, behind string) bool) bool {
	for i := 0; ; i++ {
		next := strings.IndexByte(text[i:], c)
		if next < 0 {
			return false
		}
		if i += next; is(text[:i], text[i+1:]) {
			return true
		}
	}
}

// fourDigits: there are as many one after the other.
func fourDigits(text string) bool {
	for range runs(text, isDigit, 4) {
		return true
	}
	return false
}

// dottedDigits: a dot stands between two.
func dottedDigits(text string) bool {
	return around(text, '.', func(before, behind string) bool { return endsIn(before, isDigit) && beginsWith(behind, isDigit) })
}

// digitBehindSlash: one follows a name and a slash.
func digitBehindSlash(text string) bool {
	return around(text, '/', func(before, behind string) bool { return endsIn(before, isName) && beginsWith(behind, isDigit) })
}

// port: two digits follow a name and a colon.
func port(text string) bool {
	return around(text, ':', func(before, behind string) bool {
		return endsIn(before, isName) && len(behind) > 1 && isDigit(behind[0]) && isDigit(behind[1])
	})
}

// colons: two have nothing but what an address has between them.
func colons(text string) bool {
	return around(text, ':', func(_, behind string) bool {
		end := strings.IndexFunc(behind, func(c rune) bool { return c != '.' && (c > '~' || !isHex(byte(c))) })
		return end >= 0 && behind[end] == ':'
	})
}

func endsIn(text string, of func(byte) bool) bool { return text != "" && of(text[len(text)-1]) }

func beginsWith(text string, of func(byte) bool) bool { return text != "" && of(text[0]) }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isName(c byte) bool { return wordy(c) || c == '.' }
