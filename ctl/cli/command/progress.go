package command

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// Progress shows how much of something has come, on a terminal only, on a line that is gone in the end. What it gives is called
// with the bytes so far, and with -1 at the end.
func (a *App) Progress(what string, whole int64) func(int64) {
	bar := progressbar.NewOptions64(max(whole, 1), append(a.line(what), progressbar.OptionShowBytes(true), progressbar.OptionShowCount())...)
	return func(n int64) {
		if n < 0 {
			_ = bar.Finish()
			return
		}
		_ = bar.Set64(min(n, max(whole, 1)-1)) // the last byte is not the end
	}
}

// Busy shows that something takes time, on a terminal only, until done is called.
func (a *App) Busy(what string) (done func()) {
	turning := progressbar.NewOptions64(-1, a.line(what)...)
	return func() { _ = turning.Finish() }
}

// line is what both have in common.
func (a *App) line(what string) []progressbar.Option {
	return []progressbar.Option{
		progressbar.OptionSetVisibility(a.IO.Terminal && !a.JSON && a.IO.Getenv("TERM") != "dumb"),
		progressbar.OptionSetWriter(a.IO.Out), progressbar.OptionSetDescription(Clean(what)), progressbar.OptionUseIECUnits(true),
		progressbar.OptionSetWidth(24), progressbar.OptionSetTheme(progressbar.ThemeUnicode),
		progressbar.OptionSpinnerType(14), progressbar.OptionSetSpinnerChangeInterval(120 * time.Millisecond),
		progressbar.OptionThrottle(100 * time.Millisecond), progressbar.OptionSetRenderBlankState(true),
		progressbar.OptionClearOnFinish(), progressbar.OptionUseANSICodes(true),
	}
}
