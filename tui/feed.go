package tui

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"crs/ctl"
)

// feed watches the daemon, and begins anew when that goes away.
type feed struct {
	daemon Daemon
	news   chan tea.Msg // taken one at a time: what is not taken yet is not asked for either
}

// updated is what the daemon told.
type updated struct{ *ctl.Update }

// lost is told when the daemon cannot be watched.
type lost struct{ err error }

const (
	firstPause = 250 * time.Millisecond
	mostPause  = 2 * time.Second
)

// run ends when ctx does.
func (f *feed) run(ctx context.Context) {
	for pause := firstPause; ctx.Err() == nil; pause = min(2*pause, mostPause) {
		for u, err := range f.daemon.Watch(ctx, ctl.WatchQuery{}) {
			if err != nil {
				f.tell(ctx, lost{err})
				break
			}
			pause = firstPause / 2
			f.tell(ctx, updated{u})
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

func (f *feed) tell(ctx context.Context, msg tea.Msg) {
	select {
	case f.news <- msg:
	case <-ctx.Done():
	}
}

// next waits for news.
func (f *feed) next(ctx context.Context) tea.Cmd {
	return func() tea.Msg {
		select {
		case msg := <-f.news:
			return msg
		case <-ctx.Done():
			return nil
		}
	}
}

// link is how the daemon is reached.
type link struct {
	up   bool
	was  bool      // it was up before
	why  string    // it is not
	gone time.Time // since when it is not
	at   time.Time // when it was last heard of
}

// quietFor is how long the daemon may say nothing before that is told: it says something every two seconds.
const quietFor = 6 * time.Second

// quiet is how long nothing was heard, 0 when that is nothing to speak of.
func (l *link) quiet(now time.Time) time.Duration {
	if d := now.Sub(l.at); l.up && d > quietFor {
		return d
	}
	return 0
}
