package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// progress shows how much of something has come, on a terminal only. What it gives is called with the bytes so far, and with
// -1 at the end.
func (a *app) progress(what string, whole int64) func(int64) {
	if !a.io.Terminal || a.json {
		return func(int64) {}
	}
	const wide, often = 30, 100 * time.Millisecond
	var last time.Time
	return func(n int64) {
		switch now := time.Now(); {
		case n < 0:
			_, _ = fmt.Fprint(a.io.Err, "\r\x1b[K")
			return
		case now.Sub(last) < often && n < whole:
			return
		default:
			last = now
		}
		done := min(int(n*wide/max(whole, 1)), wide)
		_, _ = fmt.Fprintf(a.io.Err, "\r\x1b[K%s [%s%s] %s of %s", what, strings.Repeat("#", done), strings.Repeat(" ", wide-done),
			humanize.Bytes(uint64(max(n, 0))), humanize.Bytes(uint64(max(whole, 0))))
	}
}
