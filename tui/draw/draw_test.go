package draw_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"crs/tui/draw"
)

func TestTextsAreAsWideAsTheyAreAskedToBe(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "abc", "漢字かな", "né é", "\x1b[31mred\x1b[0m and more", "👩‍👩‍👧 family", strings.Repeat("x", 50)} {
		for width := range 30 {
			for name, got := range map[string]string{
				"fit": draw.Fit(text, width), "right": draw.FitRight(text, width), "ends": draw.Ends(text, text, width), "ends without one": draw.Ends(text, "", width),
			} {
				if draw.Width(got) != width {
					t.Errorf("%s of %q in %d cells takes %d: %q", name, text, width, draw.Width(got), got)
				}
			}
			if n := draw.Width(draw.Cut(text, width)); n > width {
				t.Errorf("%q cut to %d takes %d", text, width, n)
			}
		}
	}
}

func TestOnlyWhatIsHarmlessIsLeft(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain": "plain", "tab\there": "tab here", "\x1b[2J": "?[2J", "a\r\nb": "a  b", "bell\a": "bell?", "漢字": "漢字", "right\u202eleft": "right?left", "\xff": "\ufffd",
	} {
		if got := draw.Clean(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestColumnsGoWhenThereIsNoRoom(t *testing.T) {
	t.Parallel()
	columns := []draw.Column{{Name: "NAME", Width: 6, Most: 12}, {Name: "N", Width: 3, Right: true, Rank: 1}, {Name: "NOTE", Width: 8, Most: 40, Rank: 2}}
	row := func(width int) string {
		return draw.Place(columns, width).Row(func(i int) draw.Cell { return draw.Cell{Text: []string{"something", "42", "it is so"}[i]} }, nil)
	}
	for width, want := range map[int]string{
		40: "something      42  it is so             ",
		21: "someth…   42  it is …",
		19: "somet…  42 it is so",
		18: "something …     42"[:0] + "something       42",
		10: "somet…  42",
		8:  "somethi…",
		3:  "so…",
		0:  "",
	} {
		if got := row(width); draw.Width(got) != width {
			t.Errorf("%d: %q takes %d, want something such as %q", width, got, draw.Width(got), want)
		}
	}
	if got := row(12); strings.Contains(got, "it is") || !strings.Contains(got, "42") {
		t.Errorf("the wrong column went: %q", got)
	}
	mark := draw.NewTheme(draw.Many).Marked
	cells := func(int) draw.Cell {
		return draw.Cell{Draw: func(w int) string { return "\x1b[31m" + strings.Repeat("x", w) + "\x1b[0m" }}
	}
	if got := draw.Place(columns, 30).Row(cells, &mark); strings.Count(got, "\x1b") != 2 || draw.Width(got) != 30 {
		t.Errorf("a marked row has inks of its own: %q", got)
	}
}

func TestGaugesAndSparks(t *testing.T) {
	t.Parallel()
	theme := draw.NewTheme(draw.NoColours)
	for share, want := range map[float64]string{0: "········", 0.5: "████····", 1: "████████", 7: "████████", -1: "········", 0.0001: "▏·······", 0.3: "██▍·····"} {
		if got := draw.Bare(draw.Gauge(theme, share, 8)); got != want {
			t.Errorf("%v is %q, want %q", share, got, want)
		}
	}
	if got := draw.Bare(draw.Gauge(theme, math.NaN(), 3)); got != "···" {
		t.Errorf("%q", got)
	}
	for want, got := range map[string]string{
		"  ▁▄█": draw.Spark([]float64{1, 50, 100}, 5), "▄█": draw.Spark([]float64{9, 9, 9, 1, 50, 100}, 2), "   ": draw.Spark([]float64{0, 0, 0}, 3), "": draw.Spark([]float64{1}, 0),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAChart(t *testing.T) {
	t.Parallel()
	c := &draw.Chart{
		Labels: []string{"01", "02", "03", "04", "05"}, Format: func(v float64) string { return fmt.Sprintf("%.0f", v) },
		Series: []draw.Series{{Name: "a", Values: []float64{10, 0, 30, 1, 40}}, {Name: "b", Values: []float64{10, 0, 10, 0, 40}}},
	}
	got := strings.Join(c.Draw(draw.NewTheme(draw.NoColours), 24, 10), "\n")
	want := `
80┤                ▒▒▒  
  ┤                ▒▒▒  
60┤                ▒▒▒  
  ┤                ▒▒▒  
40┤        ▒▒▒     ███  
  ┤        ███     ███  
20┤▒▒▒     ███     ███  
  ┤███     ███ ▁▁▁ ███  
  └─────────────────────
   01  02  03  04  05   `
	if "\n"+draw.Bare(got) != want {
		t.Errorf("got\n%s\nwant%s", draw.Bare(got), want)
	}
}

// TestChartsAndBoxesOfEverySize: no panic, and no line of another width.
func TestChartsAndBoxesOfEverySize(t *testing.T) {
	t.Parallel()
	for _, colours := range []draw.Colours{draw.NoColours, draw.Sixteen, draw.Many} {
		theme := draw.NewTheme(colours)
		for _, bars := range []int{0, 1, 2, 24, 200} {
			c := &draw.Chart{Format: func(v float64) string { return fmt.Sprint(v) }}
			for i := range bars {
				c.Labels = append(c.Labels, fmt.Sprintf("%02dh", i))
			}
			for s := range 9 {
				values := make([]float64, bars)
				for i := range values {
					values[i] = float64((i*s)%7) - 1
				}
				c.Series = append(c.Series, draw.Series{Values: values})
			}
			for width := range 60 {
				for height := range 15 {
					lines := c.Draw(theme, width, height)
					if len(lines) != height {
						t.Fatalf("%d lines, want %d", len(lines), height)
					}
					for _, l := range lines {
						if draw.Width(l) != width {
							t.Fatalf("%d bars in %dx%d: a line of %d: %q", bars, width, height, draw.Width(l), l)
						}
					}
				}
			}
		}
		below := draw.Sized([]string{"one", "two", "\x1b[31mthree\x1b[0m", "four", "five", "six"}, 30, 6)
		for i, l := range draw.Over(theme, below, draw.Box(theme, "title", []string{"text"}, 12, 3), 5, 2, 30) {
			if draw.Width(l) != 30 {
				t.Errorf("line %d takes %d: %q", i, draw.Width(l), l)
			}
		}
	}
}

func TestWithoutColoursThereAreNone(t *testing.T) {
	t.Parallel()
	theme := draw.NewTheme(draw.NoColours)
	seen := map[string]bool{}
	for i := range draw.MostSeries {
		ink, fill := theme.Series(i)
		if ink.Sequence() != "" || seen[fill] {
			t.Errorf("series %d is not told apart by what fills it", i)
		}
		seen[fill] = true
	}
	for _, ink := range []draw.Ink{theme.Strong, theme.Faint, theme.Accent, theme.Good, theme.Warn, theme.Bad, theme.Marked, theme.Tab, theme.Edge} {
		if s := ink.Sequence(); strings.ContainsAny(s, "3489") {
			t.Errorf("%q is a colour", s)
		}
	}
}
