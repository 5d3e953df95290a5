package picture

import (
	"fmt"
	"strconv"
	"strings"
)

// style is how a text looks.
type style struct {
	bold, faint, reverse bool
	front, back          string // "" for the terminal's own
}

// colours are what is drawn with; "" for the picture's own.
func (s *style) colours() (front, back string) {
	if s.reverse {
		return or(s.back, paper), or(s.front, ink)
	}
	return s.front, s.back
}

// apply takes the codes of an SGR sequence in.
func (s *style) apply(codes string) {
	all := strings.FieldsFunc(codes, func(r rune) bool { return r == ';' || r == ':' })
	if len(all) == 0 {
		*s = style{}
	}
	for len(all) > 0 {
		code, _ := strconv.Atoi(all[0])
		all = all[1:]
		switch {
		case code == 0:
			*s = style{}
		case code == 1:
			s.bold = true
		case code == 2:
			s.faint = true
		case code == 7:
			s.reverse = true
		case code == 22:
			s.bold, s.faint = false, false
		case code == 27:
			s.reverse = false
		case code >= 30 && code <= 37:
			s.front = indexed(code - 30)
		case code >= 90 && code <= 97:
			s.front = indexed(code - 90 + 8)
		case code >= 40 && code <= 47:
			s.back = indexed(code - 40)
		case code >= 100 && code <= 107:
			s.back = indexed(code - 100 + 8)
		case code == 39:
			s.front = ""
		case code == 49:
			s.back = ""
		case code == 38:
			s.front, all = colour(all)
		case code == 48:
			s.back, all = colour(all)
		}
	}
}

// colour reads what follows 38 or 48: 5;N, or 2;R;G;B.
func colour(codes []string) (text string, rest []string) {
	numbers := make([]int, len(codes))
	for i, c := range codes {
		numbers[i], _ = strconv.Atoi(c)
	}
	switch {
	case len(numbers) >= 2 && numbers[0] == 5:
		return indexed(numbers[1]), codes[2:]
	case len(numbers) >= 4 && numbers[0] == 2:
		return fmt.Sprintf("#%02x%02x%02x", numbers[1]&255, numbers[2]&255, numbers[3]&255), codes[4:]
	}
	return "", nil
}

// indexed is one of a terminal's 256 colours.
func indexed(n int) string {
	first := [16]string{
		"#3b4048", "#e06c75", "#7ec87a", "#e5b95c", "#61a8ef", "#c678dd", "#4cb8c4", "#d7dae0",
		"#6b7280", "#ff8a92", "#98e694", "#ffd580", "#84c0ff", "#dd9bf0", "#7ad8e2", "#ffffff",
	}
	steps := [6]int{0, 95, 135, 175, 215, 255}
	switch {
	case n >= 0 && n < 16:
		return first[n]
	case n >= 16 && n < 232:
		n -= 16
		return fmt.Sprintf("#%02x%02x%02x", steps[n/36], steps[n/6%6], steps[n%6])
	case n >= 232 && n < 256:
		grey := 8 + 10*(n-232)
		return fmt.Sprintf("#%02x%02x%02x", grey, grey, grey)
	}
	return ""
}

// part is a rectangle in a cell, whose sides are 1.
type part struct{ x, y, w, h float64 }

// drawn are the characters that must fill their cell to its edges, which no font can be trusted with: blocks, and the lines of
// boxes.
func drawn(r rune) []part {
	const thin, low = 0.14, 0.07 // of a line that goes down, of one that goes across
	const across, down = 0.5 - low/2, 0.5 - thin/2
	left, right := part{0, across, 0.5, low}, part{0.5, across, 0.5, low}
	upper, lower := part{down, 0, thin, 0.5}, part{down, across, thin, 1 - across}
	switch {
	case r >= '▁' && r <= '█':
		n := float64(r-'▁'+1) / 8
		return []part{{0, 1 - n, 1, n}}
	case r >= '▉' && r <= '▏':
		return []part{{0, 0, float64('▏'-r+1) / 8, 1}}
	}
	switch r {
	case '▀':
		return []part{{0, 0, 1, 0.5}}
	case '─', '━':
		return []part{left, right}
	case '│', '┃':
		return []part{upper, lower}
	case '╭', '┌':
		return []part{right, lower}
	case '╮', '┐':
		return []part{left, lower}
	case '╰', '└':
		return []part{right, upper}
	case '╯', '┘':
		return []part{left, upper}
	case '├':
		return []part{upper, lower, right}
	case '┤':
		return []part{upper, lower, left}
	case '┴':
		return []part{left, right, upper}
	case '┬':
		return []part{left, right, lower}
	case '┼':
		return []part{left, right, upper, lower}
	}
	return nil
}
