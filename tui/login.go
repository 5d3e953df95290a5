package tui

import (
	"context"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"crs/ctl"
	"crs/tui/draw"
)

// login is the dialog of a login that has begun: in a browser, or on another device.
type login struct {
	*ctl.Login
	code    textinput.Model // what is pasted
	sending bool
	failed  string
	asked   int    // how often the daemon was asked whether it is done
	trouble string // that may pass
	over    bool
}

func newLogin(l *ctl.Login) *login {
	in := textinput.New()
	in.Prompt = ""
	in.Placeholder = "the code, or the address where the browser ended"
	return &login{Login: l, code: in}
}

func (l *login) title() string    { return "Log into " + draw.Clean(l.Name) }
func (l *login) size() (int, int) { return 0, 17 }
func (l *login) busy() bool       { return l.sending || l.Device != nil && !l.over }

func (l *login) bindings() []binding {
	if l.Device != nil {
		return []binding{{keys: "c", short: "copy the address"}, {keys: "esc", short: "give up"}}
	}
	return []binding{{keys: "enter", short: "finish"}, {keys: "ctrl+y", short: "copy the address"}, {keys: "esc", short: "give up"}}
}

// begin copies the address, and begins to ask whether the owner has agreed.
func (l *login) begin(m *Model) tea.Cmd {
	cmds := []tea.Cmd{m.copy(l.address()), l.code.Focus()}
	if l.Device != nil {
		cmds = append(cmds, l.later(l.Device.IntervalSeconds))
	}
	return tea.Batch(cmds...)
}

// address is what is to be opened.
func (l *login) address() string {
	if l.Device != nil && l.Device.Direct != "" {
		return l.Device.Direct
	}
	return l.URL
}

func (l *login) view(m *Model, width, height int) []string {
	where, rest := "in a browser", l.codeLines
	if l.Device != nil {
		where, rest = "on any device", l.deviceLines
	}
	tail := rest(m, width)
	if l.failed != "" {
		tail = append(tail, paintAll(m.t.Bad, draw.Wrap(l.failed, width))...)
	}
	head := draw.Wrap("Open this address "+where+" and log in as the account's owner:", width)
	room := max(height-len(head)-len(tail)-2, 1)
	address := draw.Break(l.address(), width)
	if len(address) > room {
		address = append(address[:room-1], "… copied whole: paste it into the browser")
	}
	lines := append(head, "")
	for _, part := range address {
		lines = append(lines, m.t.Accent.Paint(m.t.Link(l.address(), part)))
	}
	return append(append(lines, ""), tail...)
}

func (l *login) codeLines(m *Model, width int) []string {
	if l.sending {
		return []string{m.spinner() + " exchanging the code…"}
	}
	l.code.Width = max(width-3, 1)
	return []string{"Then paste the code that the page shows, or where it ended:", m.t.Accent.Paint("▸ ") + l.code.View()}
}

func (l *login) deviceLines(m *Model, width int) []string {
	lines := []string{"The code to type there:  " + m.t.Strong.Paint(draw.Clean(l.Device.Code)), ""}
	switch {
	case l.over:
	case l.trouble != "":
		lines = append(lines, paintAll(m.t.Warn, draw.Wrap(m.spinner()+" there is trouble, which may pass: "+l.trouble, width))...)
	default:
		lines = append(lines, m.spinner()+" waiting until "+l.ExpiresAt.In(m.b.zone).Format(time.TimeOnly)+"; asked "+plural(l.asked, "time"))
	}
	return lines
}

func (l *login) take(m *Model, msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		var cmd tea.Cmd
		l.code, cmd = l.code.Update(msg) // its cursor blinks
		return cmd
	}
	switch {
	case k.String() == "esc":
		m.close(l)
		return l.cancel(m)
	case k.String() == "ctrl+y", k.String() == "c" && l.Device != nil:
		m.notice = notice{text: "the address is copied", until: m.opt.Now().Add(3 * time.Second)}
		return m.copy(l.address())
	case l.sending, l.Device != nil:
		return nil
	case k.String() == "enter":
		return l.finish(m)
	}
	var cmd tea.Cmd
	l.code, cmd = l.code.Update(k)
	return cmd
}

// finish hands in what was pasted.
func (l *login) finish(m *Model) tea.Cmd {
	code := strings.TrimSpace(l.code.Value())
	if code == "" {
		l.failed = "Nothing was pasted yet."
		return nil
	}
	l.sending, l.failed = true, ""
	return tea.Batch(m.keepSpinning(), ask(m, func(ctx context.Context) (ctl.LoggedIn, error) {
		return m.opt.Daemon.FinishLogin(ctx, l.ID, code)
	}, l.finished))
}

func (l *login) finished(m *Model, got ctl.LoggedIn, err error) tea.Cmd {
	l.sending = false
	if err != nil {
		l.failed, l.over = sentence(err), ctl.CodeOf(err) != ctl.BadRequest
		l.code.SetValue("")
		return nil
	}
	m.close(l)
	return m.added(&got.Account, got.Renewed)
}

// later asks after a while whether a login on another device is done.
func (l *login) later(seconds float64) tea.Cmd {
	wait := max(time.Duration(seconds*float64(time.Second)), 100*time.Millisecond)
	return tea.Tick(wait, func(time.Time) tea.Msg { return deed(l.poll) })
}

func (l *login) poll(m *Model) tea.Cmd {
	if l.over || !m.has(l) {
		return nil
	}
	l.asked++
	return ask(m, func(ctx context.Context) (ctl.LoginPoll, error) { return m.opt.Daemon.PollLogin(ctx, l.ID) }, l.polled)
}

func (l *login) polled(m *Model, got ctl.LoginPoll, err error) tea.Cmd {
	switch {
	case err != nil:
		l.failed, l.over = sentence(err), true
		return nil
	case got.Account != nil:
		l.over = true
		m.close(l)
		return m.added(&got.Account.Account, got.Account.Renewed)
	}
	l.trouble = draw.Clean(got.Trouble)
	return l.later(got.IntervalSeconds)
}

// cancel tells the daemon that nobody will finish a login. If it does not hear that, the login expires.
func (l *login) cancel(m *Model) tea.Cmd {
	if l.over {
		return nil
	}
	l.over = true
	return ask(m, func(ctx context.Context) (struct{}, error) { return struct{}{}, m.opt.Daemon.CancelLogin(ctx, l.ID) },
		func(*Model, struct{}, error) tea.Cmd { return nil })
}
