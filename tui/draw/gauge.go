package draw

import (
	"math"
	"strings"
)

// eighths are blocks that fill a cell from the left.
const eighths = " ▏▎▍▌▋▊▉█"

// Gauge shows a share of a whole on so many cells.
func Gauge(t *Theme, share float64, width int) string {
	if width <= 0 {
		return ""
	}
	if math.IsNaN(share) {
		share = 0
	}
	parts := int(math.Round(min(max(share, 0), 1) * float64(width*8)))
	if share > 0 && parts == 0 {
		parts = 1
	}
	full := strings.Repeat("█", parts/8)
	blocks := []rune(eighths)
	if rest := parts % 8; rest > 0 {
		full += string(blocks[rest])
	}
	empty := strings.Repeat("·", width-Width(full))
	return t.Level(share).Paint(full) + t.Edge.Paint(empty)
}

// bars are blocks that fill a cell from below.
const bars = " ▁▂▃▄▅▆▇█"

// Spark shows the last values, one a cell, against the largest of them. What is not nothing can be seen.
func Spark(values []float64, width int) string {
	if len(values) > width {
		values = values[len(values)-max(width, 0):]
	}
	largest := 0.0
	for _, v := range values {
		largest = max(largest, v)
	}
	blocks := []rune(bars)
	var b strings.Builder
	b.WriteString(blank(width - len(values)))
	for _, v := range values {
		level := 0
		if v > 0 {
			level = max(1, int(math.Round(v/largest*8)))
		}
		b.WriteRune(blocks[level])
	}
	return b.String()
}
