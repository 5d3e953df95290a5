package draw

import "github.com/charmbracelet/x/ansi"

// Ink paints text. The zero value leaves it as it is.
type Ink struct{ on string }

const off = "\x1b[0m"

// Paint gives the text painted. Painted text within is not painted over.
func (k Ink) Paint(text string) string {
	if k.on == "" || text == "" {
		return text
	}
	return k.on + text + off
}

// Colours is how many colours a terminal has.
type Colours int

// What terminals have. One without colours still knows bold, faint and reversed text.
const (
	NoColours Colours = iota
	Sixteen
	Many
)

// Theme is the inks that the dashboard is painted with. They suit dark and light terminals alike.
type Theme struct {
	Colours Colours

	Strong, Faint, Accent, Good, Warn, Bad Ink
	Marked                                 Ink // the row that is chosen
	Tab                                    Ink // the screen that is open
	Edge                                   Ink // borders, axes

	series []Ink
	fills  []string // of stacked bars
}

// NewTheme makes the theme for a terminal.
func NewTheme(c Colours) *Theme {
	t := &Theme{
		Colours: c, Strong: Ink{"\x1b[1m"}, Faint: Ink{"\x1b[2m"}, Marked: Ink{"\x1b[7m"}, Tab: Ink{"\x1b[1;7m"}, Edge: Ink{"\x1b[2m"},
		fills: []string{"█", "▒", "▓", "░", "▚", "▞", "·"},
	}
	if c == NoColours {
		t.Accent, t.Bad, t.Warn = t.Strong, t.Strong, t.Strong
		t.series = make([]Ink, len(t.fills))
		return t
	}
	t.Accent, t.Good, t.Warn, t.Bad = Ink{"\x1b[36m"}, Ink{"\x1b[32m"}, Ink{"\x1b[33m"}, Ink{"\x1b[31m"}
	t.Marked, t.Tab = Ink{"\x1b[30;46m"}, Ink{"\x1b[1;30;46m"}
	t.series = []Ink{{"\x1b[34m"}, {"\x1b[32m"}, {"\x1b[33m"}, {"\x1b[35m"}, {"\x1b[36m"}, {"\x1b[31m"}, {"\x1b[37m"}}
	t.fills = []string{"█", "█", "█", "█", "█", "█", "█"}
	if c == Many {
		t.Accent, t.Edge = Ink{"\x1b[38;5;38m"}, Ink{"\x1b[38;5;242m"}
		t.Marked, t.Tab = Ink{"\x1b[38;5;231;48;5;24m"}, Ink{"\x1b[1;38;5;231;48;5;31m"}
		t.series = []Ink{
			{"\x1b[38;5;33m"}, {"\x1b[38;5;71m"}, {"\x1b[38;5;172m"}, {"\x1b[38;5;133m"}, {"\x1b[38;5;37m"}, {"\x1b[38;5;167m"}, {"\x1b[38;5;244m"},
		}
	}
	return t
}

// MostSeries is how many series can be told apart; the last is for the rest.
const MostSeries = 7

// Series is the ink of the n-th series, and what its bars are filled with.
func (t *Theme) Series(n int) (Ink, string) {
	n = min(n, MostSeries-1)
	return t.series[n], t.fills[n]
}

// Level is the ink of a share that is better small: nearly all of it is bad.
func (t *Theme) Level(share float64) Ink {
	switch {
	case share >= 0.95:
		return t.Bad
	case share >= 0.75:
		return t.Warn
	}
	return t.Good
}

// Link makes a text one that leads to an address where the terminal knows how; a text in several lines stays one link.
func (t *Theme) Link(address, text string) string {
	if t.Colours != Many {
		return text
	}
	return ansi.SetHyperlink(address, "id=crs") + text + ansi.ResetHyperlink()
}
