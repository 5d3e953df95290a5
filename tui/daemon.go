package tui

import (
	"context"
	"iter"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"crs/ctl"
)

// Daemon is what the dashboard asks of a daemon. *ctl.Client is one.
type Daemon interface {
	Watch(ctx context.Context, q ctl.WatchQuery) iter.Seq2[*ctl.Update, error]
	Disconnect(ctx context.Context, id string) error
	Catalogue(ctx context.Context) (ctl.Catalogue, error)
	Explain(ctx context.Context, id string) (ctl.Explanation, error)
	ExplainWant(ctx context.Context, q ctl.ExplainQuery) (ctl.Explanation, error)
	Requests(ctx context.Context, q ctl.RequestQuery) ([]ctl.Request, error)
	Usage(ctx context.Context, q ctl.UsageQuery) (ctl.Usage, error)

	Account(ctx context.Context, name string) (ctl.Account, error)
	AddAccount(ctx context.Context, a ctl.NewAccount) (ctl.Account, error)
	EditAccount(ctx context.Context, name string, e ctl.AccountEdit) (ctl.Account, error)
	EnableAccount(ctx context.Context, name string) (ctl.Account, error)
	DisableAccount(ctx context.Context, name string) (ctl.Account, error)
	ThawAccount(ctx context.Context, name string) (ctl.Account, error)
	RefreshAccount(ctx context.Context, name string) (ctl.Account, error)
	TestAccount(ctx context.Context, name, model string) (ctl.AccountTest, error)
	RemoveAccount(ctx context.Context, name string) error

	BeginLogin(ctx context.Context, l ctl.NewLogin) (ctl.Login, error)
	FinishLogin(ctx context.Context, id, code string) (ctl.LoggedIn, error)
	PollLogin(ctx context.Context, id string) (ctl.LoginPoll, error)
	CancelLogin(ctx context.Context, id string) error

	Groups(ctx context.Context) ([]ctl.Group, error)
	CreateGroup(ctx context.Context, g ctl.NewGroup) (ctl.Group, error)
	DeleteGroup(ctx context.Context, name string) error
	JoinGroup(ctx context.Context, group, account string) (ctl.Group, error)
	LeaveGroup(ctx context.Context, group, account string) (ctl.Group, error)

	Keys(ctx context.Context) ([]ctl.Key, error)
	CreateKey(ctx context.Context, k ctl.NewKey) (ctl.IssuedKey, error)
	EditKey(ctx context.Context, name string, e ctl.KeyEdit) (ctl.Key, error)
	RotateKey(ctx context.Context, name string) (ctl.IssuedKey, error)
	EnableKey(ctx context.Context, name string) (ctl.Key, error)
	DisableKey(ctx context.Context, name string) (ctl.Key, error)
	DeleteKey(ctx context.Context, name string) (ctl.Key, error)
	RestoreKey(ctx context.Context, name string) (ctl.Key, error)
	PurgeKey(ctx context.Context, name string) error
}

// mostTime is how long the daemon may take over anything.
const mostTime = 90 * time.Second

// ask asks the daemon for something, without showing that anything is under way, and goes on with what it said.
func ask[T any](m *Model, do func(context.Context) (T, error), then func(m *Model, got T, err error) tea.Cmd) tea.Cmd {
	return func() tea.Msg {
		ctx, stop := context.WithTimeout(m.ctx, mostTime)
		defer stop()
		got, err := do(ctx)
		return deed(func(m *Model) tea.Cmd { return then(m, got, err) })
	}
}

// work does the same, and shows that something is under way.
func work[T any](m *Model, do func(context.Context) (T, error), then func(m *Model, got T, err error) tea.Cmd) tea.Cmd {
	m.jobs++
	return tea.Batch(m.keepSpinning(), ask(m, do, func(m *Model, got T, err error) tea.Cmd {
		m.jobs--
		return then(m, got, err)
	}))
}

// feed watches the daemon, and begins anew when that goes away.
type feed struct {
	daemon Daemon
	news   chan deed // taken one at a time: what is not taken yet is not asked for either
}

const (
	firstPause = 250 * time.Millisecond
	mostPause  = 2 * time.Second
)

// run ends when ctx does.
func (f *feed) run(ctx context.Context) {
	for pause := firstPause; ctx.Err() == nil; pause = min(2*pause, mostPause) {
		for u, err := range f.daemon.Watch(ctx, ctl.WatchQuery{}) {
			if err != nil {
				f.tell(ctx, func(m *Model) tea.Cmd { return m.lost(err) })
				break
			}
			pause = firstPause / 2
			f.tell(ctx, func(m *Model) tea.Cmd { return m.updated(u) })
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

func (f *feed) tell(ctx context.Context, news deed) {
	select {
	case f.news <- news:
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
