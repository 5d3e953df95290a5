package draw

import (
	"math"
	"strings"
)

// Series is a part of each bar of a chart.
type Series struct {
	Name   string
	Values []float64 // one for each bar
}

// Chart is bars over time, each stacked of all series. Negative values are not drawn.
type Chart struct {
	Labels []string // of the bars
	Series []Series // at most MostSeries
	Format func(float64) string
}

const axis = "┤"

// Draw gives the chart exactly so many lines and cells. It needs 3 lines to show anything.
func (c *Chart) Draw(t *Theme, width, height int) []string {
	rows := height - 2 // the axis and its labels
	if rows < 1 || width < 12 {
		return Sized(nil, width, height)
	}
	top := nice(c.largest())
	scale := c.scale(top, rows)
	side := 0
	for _, text := range scale {
		side = max(side, Width(text))
	}
	plot := width - side - 1
	from, wide, between := lay(len(c.Labels), plot)
	lines := make([]string, 0, height)
	for row := range rows {
		var b strings.Builder
		b.WriteString(t.Faint.Paint(FitRight(scale[row], side)))
		b.WriteString(t.Edge.Paint(axis))
		for i := from; i < len(c.Labels); i++ {
			if i > from {
				b.WriteString(blank(between))
			}
			c.cell(&b, t, i, float64(rows-row-1)*top/float64(rows), top/float64(rows), wide)
		}
		lines = append(lines, Fit(b.String(), width))
	}
	lines = append(lines, Fit(blank(side)+t.Edge.Paint("└"+strings.Repeat("─", max(plot, 0))), width))
	return append(lines, t.Faint.Paint(Fit(blank(side+1)+c.labels(from, wide+between, plot), width)))
}

func (c *Chart) largest() float64 {
	largest := 0.0
	for i := range c.Labels {
		largest = max(largest, c.sum(i))
	}
	return largest
}

func (c *Chart) sum(bar int) float64 {
	total := 0.0
	for _, s := range c.Series {
		total += max(s.Values[bar], 0)
	}
	return total
}

// nice is a round number not below v.
func nice(v float64) float64 {
	if v <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, step := range []float64{1, 2, 3, 4, 6, 8, 10} {
		if step*unit >= v {
			return step * unit
		}
	}
	return 10 * unit
}

// scale is what stands beside each row: round values, near where they are reached.
func (c *Chart) scale(top float64, rows int) []string {
	ticks := 1
	switch {
	case rows >= 8:
		ticks = 4
	case rows >= 4:
		ticks = 2
	}
	texts := make([]string, rows)
	for k := range ticks {
		texts[k*rows/ticks] = c.Format(top * float64(ticks-k) / float64(ticks))
	}
	return texts
}

// lay fits bars into a width: which is the first that has room, how wide each is, and what is between them.
func lay(bars, width int) (from, wide, between int) {
	if bars == 0 {
		return 0, 1, 0
	}
	if bars > width {
		return bars - width, 1, 0
	}
	if step := (width + 1) / bars; step >= 3 {
		return 0, min(step-1, 8), 1
	}
	return 0, width / bars, 0
}

// cell draws the part of a bar between two values: the series that has most of it. The end of a bar is as fine as blocks are.
func (c *Chart) cell(b *strings.Builder, t *Theme, bar int, low, step float64, wide int) {
	total := c.sum(bar)
	if total <= low {
		b.WriteString(blank(wide))
		return
	}
	part := min((total-low)/step, 1)
	ink, fill := t.Series(c.at(bar, low+part*step/2))
	switch {
	case part < 1 && (t.Colours != NoColours || low == 0 && part < 0.5):
		fill = string([]rune(bars)[max(1, int(math.Round(part*8)))])
	case part < 0.5: // other fills cannot be cut
		fill = " "
	}
	b.WriteString(ink.Paint(strings.Repeat(fill, wide)))
}

// at is the series at a height of a bar.
func (c *Chart) at(bar int, height float64) int {
	sum := 0.0
	for i, s := range c.Series {
		if sum += max(s.Values[bar], 0); height <= sum {
			return i
		}
	}
	return len(c.Series) - 1
}

// labels writes as many as there is room for, each below the beginning of its bar.
func (c *Chart) labels(from, step, width int) string {
	longest := 1
	for _, l := range c.Labels {
		longest = max(longest, Width(l))
	}
	stride := (longest + step) / max(step, 1)
	var b strings.Builder
	for i := from; i < len(c.Labels); i += stride {
		at := (i - from) * step
		if at+Width(c.Labels[i]) > width {
			break
		}
		b.WriteString(blank(at - Width(b.String())))
		b.WriteString(c.Labels[i])
	}
	return b.String()
}

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
