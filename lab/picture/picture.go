// Package picture draws a terminal's screen as an SVG, for the documentation.
package picture

import (
	"fmt"
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// A cell of the screen, in the picture's units.
const (
	cellWidth, cellHeight = 8.4, 18.0
	baseline              = 13.5 // of a line's text, from its top
	margin                = 12.0
)

const (
	paper = "#14171c"
	ink   = "#d7dae0"
)

// SVG draws a screen as tmux captures it with its colours: lines with SGR sequences and nothing else.
func SVG(title, screen string) []byte {
	lines := strings.Split(strings.TrimRight(screen, "\n"), "\n")
	columns := 0
	all := make([][]run, len(lines))
	for i, line := range lines {
		all[i] = runs(line)
		if n := len(all[i]); n > 0 {
			columns = max(columns, all[i][n-1].at+all[i][n-1].width)
		}
	}
	width, height := float64(columns)*cellWidth+2*margin, float64(len(lines))*cellHeight+2*margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-label="%s">`+"\n", width, height, width, height, html.EscapeString(title))
	fmt.Fprintf(&b, "<title>%s</title>\n"+`<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", html.EscapeString(title), paper)
	fmt.Fprintf(&b, `<g font-family="'DejaVu Sans Mono','JetBrains Mono',Menlo,Consolas,monospace" font-size="14" fill="%s" shape-rendering="crispEdges" xml:space="preserve">`+"\n", ink)
	for row, line := range all {
		for i := range line {
			line[i].draw(&b, margin+float64(row)*cellHeight)
		}
	}
	b.WriteString("</g>\n</svg>\n")
	return []byte(b.String())
}

// run is a text in one style.
type run struct {
	style
	at, width int // cells
	text      string
}

// runs takes a line apart: where the style changes, and where words are far apart, so that a font of another width does no
// harm.
func runs(line string) []run {
	var all []run
	var now style
	column := 0
	for line != "" {
		if codes, rest, ok := sequence(line); ok {
			now.apply(codes)
			line = rest
			continue
		}
		r, size := utf8.DecodeRuneInString(line)
		line = line[size:]
		if unicode.IsControl(r) {
			continue
		}
		width := runewidth.RuneWidth(r)
		last := len(all) - 1
		if last < 0 || all[last].style != now || strings.HasSuffix(all[last].text, "  ") && r != ' ' || drawn(r) != nil || drawn(lastRune(all[last].text)) != nil {
			all = append(all, run{style: now, at: column})
			last++
		}
		all[last].text += string(r)
		all[last].width += width
		column += width
	}
	return all
}

func lastRune(text string) rune {
	r, _ := utf8.DecodeLastRuneInString(text)
	return r
}

// sequence takes an SGR sequence off the beginning of a line.
func sequence(line string) (codes, rest string, ok bool) {
	line, ok = strings.CutPrefix(line, "\x1b[")
	if !ok {
		return "", "", false
	}
	return strings.Cut(line, "m")
}

func (r *run) draw(b *strings.Builder, top float64) {
	x, width := margin+float64(r.at)*cellWidth, float64(r.width)*cellWidth
	front, back := r.colours()
	if back != "" {
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`, x, top, width, cellHeight, back)
	}
	if strings.TrimSpace(r.text) == "" {
		return
	}
	if parts := drawn(lastRune(r.text)); parts != nil {
		for _, p := range parts {
			fmt.Fprintf(b, `<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" fill="%s"/>`, x+p.x*cellWidth, top+p.y*cellHeight, p.w*cellWidth, p.h*cellHeight, or(front, ink))
		}
		b.WriteByte('\n')
		return
	}
	text := strings.TrimRight(r.text, " ")
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" textLength="%.1f"`, x, top+baseline, float64(runewidth.StringWidth(text))*cellWidth)
	if front != "" {
		fmt.Fprintf(b, ` fill="%s"`, front)
	}
	if r.bold {
		b.WriteString(` font-weight="bold"`)
	}
	if r.faint {
		b.WriteString(` opacity="0.6"`)
	}
	fmt.Fprintf(b, ">%s</text>\n", html.EscapeString(text))
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
