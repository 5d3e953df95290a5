package cli

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows on a terminal how far long work has come, on a line that is gone when the work is done.
type progress struct{ bar *progressbar.ProgressBar }

// progress begins to show something; done ends it. total is how much there is to do, in bytes if so said; 0 when nobody knows,
// and then only something turns. What is written into a pipe, or is JSON, shows nothing.
func (a *app) progress(what string, total int64, bytes bool) *progress {
	options := []progressbar.Option{
		progressbar.OptionSetVisibility(a.io.Terminal && !a.json && a.io.getenv("TERM") != "dumb"),
		progressbar.OptionSetWriter(a.io.Out), progressbar.OptionSetDescription(clean(what)),
		progressbar.OptionUseIECUnits(true),
		progressbar.OptionSetWidth(24), progressbar.OptionSetTheme(progressbar.ThemeUnicode),
		progressbar.OptionSpinnerType(14), progressbar.OptionSetSpinnerChangeInterval(120 * time.Millisecond),
		progressbar.OptionThrottle(100 * time.Millisecond), progressbar.OptionSetRenderBlankState(true),
		progressbar.OptionClearOnFinish(), progressbar.OptionUseANSICodes(true),
	}
	if total <= 0 {
		return &progress{progressbar.NewOptions64(-1, options...)}
	}
	return &progress{progressbar.NewOptions64(total, append(options, progressbar.OptionShowBytes(bytes), progressbar.OptionShowCount())...)}
}

// to says how much is done by now. It may be called as often as one likes.
func (p *progress) to(n int64) { _ = p.bar.Set64(n) }

// done takes the line away.
func (p *progress) done() { _ = p.bar.Finish() }

// busy shows that something takes time.
func (a *app) busy(what string) (done func()) { return a.progress(what, 0, false).done }
