package cli

// The colours, as a terminal takes them.
const (
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	faint  = "\x1b[2m"
	plain  = "\x1b[0m"
)

// colours maps words to the colour they are printed in.
var colours = map[string]string{
	"ready": green, "active": green, "ok": green, "chosen": green, "eligible": green,
	"cooling": yellow, "expired": red, "needs-login": red, "blocked": red,
	"disabled": faint, "deleted": faint, "passed over": faint,
}

// paintState colours a state.
func (a *app) paintState(word string) string { return a.paint(colours[word], word) }

// paintStatus colours an HTTP status.
func (a *app) paintStatus(status string) string {
	switch {
	case status >= "500":
		return a.paint(red, status)
	case status >= "400":
		return a.paint(yellow, status)
	}
	return status
}

func (a *app) paint(colour, word string) string {
	if colour == "" || a.noColor || !a.io.Terminal || a.io.getenv("NO_COLOR") != "" || a.io.getenv("TERM") == "dumb" {
		return word
	}
	return colour + word + plain
}
