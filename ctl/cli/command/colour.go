package command

// The colours, as a terminal takes them.
const (
	Red    = "\x1b[31m"
	Green  = "\x1b[32m"
	Yellow = "\x1b[33m"
	Faint  = "\x1b[2m"
	Plain  = "\x1b[0m"
)

// colours maps words to the colour they are printed in.
var colours = map[string]string{
	"ready": Green, "active": Green, "ok": Green, "chosen": Green, "eligible": Green,
	"cooling": Yellow, "expired": Red, "needs-login": Red, "blocked": Red,
	"disabled": Faint, "deleted": Faint, "passed over": Faint,
}

// PaintState colours a state.
func (a *App) PaintState(word string) string { return a.Paint(colours[word], word) }

// PaintStatus colours an HTTP status.
func (a *App) PaintStatus(status string) string {
	switch {
	case status >= "500":
		return a.Paint(Red, status)
	case status >= "400":
		return a.Paint(Yellow, status)
	}
	return status
}

// Paint gives a word its colour, where colours are wanted.
func (a *App) Paint(colour, word string) string {
	if colour == "" || a.NoColor || !a.IO.Terminal || a.IO.Getenv("NO_COLOR") != "" || a.IO.Getenv("TERM") == "dumb" {
		return word
	}
	return colour + word + Plain
}
