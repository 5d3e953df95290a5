package tui

import (
	"context"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"crs/ctl"
	"crs/tui/draw"
)

// Model is the dashboard: what is known, which screen is open, and the dialogs over it.
type Model struct {
	opt    Options
	ctx    context.Context //nolint:containedctx // commands outlive the call that makes them, not the program
	t      *draw.Theme
	b      *state
	link   link
	feed   *feed
	width  int
	height int

	screens []screen
	open    int // which of them
	dialogs []dialog
	notice  notice
	jobs    int // under way
	spins   bool

	pace    pace
	frame   string
	waiting bool // for the time to draw
}

// screen is one of those that fill the dashboard.
type screen interface {
	// name is what its tab says.
	name() string
	// enter is called when it is opened, and every few seconds while it is.
	enter(m *Model) tea.Cmd
	// typing reports whether it wants all keys: something is being typed.
	typing() bool
	// key handles one that is not the dashboard's own.
	key(m *Model, k tea.KeyMsg) tea.Cmd
	// view draws it; it changes nothing but how far it is scrolled.
	view(m *Model, width, height int) []string
	bindings() []binding
}

// binding is what a key does.
type binding struct {
	keys  string // that do it, with a space between: the first is shown
	short string // for the last line; "" keeps it out of there
	long  string // for the help
	do    func(*Model) tea.Cmd
}

// notice is what came of something that was done.
type notice struct {
	text  string
	grade grade
	until time.Time
}

// deed is a message that knows what is to be done when it comes.
type deed func(*Model) tea.Cmd

// drawNow is the message that it is time to draw.
type drawNow struct{}

func newModel(ctx context.Context, opt Options) *Model {
	m := &Model{
		opt: opt, ctx: ctx, t: draw.NewTheme(opt.Colours), b: newState(opt.Now().Location()),
		feed: &feed{daemon: opt.Daemon, news: make(chan deed)},
	}
	m.b.catalogue = opt.Catalogue
	m.screens = []screen{newTraffic(), newAccounts(), newKeys(&opt.Catalogue), newUsage(), newLog()}
	return m
}

// Init implements tea.Model.
func (m *Model) Init() tea.Cmd {
	watch := func() tea.Msg {
		m.feed.run(m.ctx)
		return nil
	}
	return tea.Batch(watch, m.feed.next(m.ctx), m.everySecond(), m.loadToday(), m.loadLog())
}

func (m *Model) everySecond() tea.Cmd {
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return deed((*Model).ticked) })
}

// Update implements tea.Model.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, ok := msg.(drawNow); ok {
		m.waiting = false
		return m, m.show()
	}
	cmd := m.take(msg)
	return m, tea.Batch(cmd, m.show())
}

// show draws the screen if it may be drawn already; else it comes back when it may.
func (m *Model) show() tea.Cmd {
	if m.waiting {
		return nil
	}
	if m.pace.take(time.Now()) {
		m.frame = m.draw()
		return nil
	}
	m.waiting = true
	return tea.Tick(m.pace.wait(), func(time.Time) tea.Msg { return drawNow{} })
}

// View implements tea.Model.
func (m *Model) View() string { return m.frame }

// now is the daemon's time.
func (m *Model) now() time.Time { return m.b.now(m.opt.Now()) }

func (m *Model) take(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		return m.toDialog(msg)
	case tea.KeyMsg:
		return m.typed(msg)
	case deed:
		return msg(m)
	}
	return m.toDialog(msg)
}

// toDialog hands on what only the one on top can understand.
func (m *Model) toDialog(msg tea.Msg) tea.Cmd {
	if d := m.dialog(); d != nil {
		return d.take(m, msg)
	}
	return nil
}

func (m *Model) updated(u *ctl.Update) tea.Cmd {
	local := m.opt.Now()
	if u.All && m.link.was {
		m.b.note(line{at: u.At, text: "the daemon is back"})
	}
	m.b.apply(u, local)
	again := !m.link.up && m.link.was
	m.link = link{up: true, was: true, at: local}
	next := m.feed.next(m.ctx)
	if again {
		return tea.Batch(next, m.loadToday(), m.loadLog(), m.screen().enter(m))
	}
	return next
}

func (m *Model) lost(err error) tea.Cmd {
	now := m.opt.Now()
	if m.link.up {
		m.b.note(line{at: m.now(), grade: bad, text: "the daemon is gone"})
		m.link.gone = now
	}
	m.link.up, m.link.why = false, draw.Clean(err.Error())
	return m.feed.next(m.ctx)
}

// ticked is called every second.
func (m *Model) ticked() tea.Cmd {
	now := m.opt.Now()
	if m.notice.text != "" && now.After(m.notice.until) {
		m.notice = notice{}
	}
	cmds := []tea.Cmd{m.everySecond()}
	if m.link.up && now.Second()%30 == 0 {
		cmds = append(cmds, m.loadToday())
	}
	if m.link.up && now.Second()%5 == 0 {
		cmds = append(cmds, m.screen().enter(m))
	}
	return tea.Batch(cmds...)
}

func (m *Model) screen() screen { return m.screens[m.open] }

// keepSpinning moves the spinner while something is under way.
func (m *Model) keepSpinning() tea.Cmd {
	busy := m.jobs > 0
	if d := m.dialog(); d != nil {
		busy = busy || d.busy()
	}
	if !busy || m.spins {
		return nil
	}
	m.spins = true
	return tea.Tick(spinStep, func(time.Time) tea.Msg { return deed((*Model).spun) })
}

func (m *Model) spun() tea.Cmd {
	m.spins = false
	return m.keepSpinning()
}

const (
	spinStep = 150 * time.Millisecond
	spinner  = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
)

// spinner is how it looks now.
func (m *Model) spinner() string {
	all := []rune(spinner)
	return string(all[int(m.opt.Now().UnixMilli()/spinStep.Milliseconds())%len(all)])
}

// say shows in the last line what came of something, and keeps it in the log.
func (m *Model) say(g grade, text string) {
	text = draw.Clean(strings.ReplaceAll(text, "\n", " "))
	m.notice = notice{text: text, grade: g, until: m.opt.Now().Add(8 * time.Second)}
	m.b.note(line{at: m.now(), grade: g, text: text})
}

// fail says what went wrong.
func (m *Model) fail(err error) { m.say(bad, sentence(err)) }

const (
	// framesPerSecond is how often the screen is drawn at most, on average. A terminal at the other end of a slow line shows
	// no more, and what a dashboard takes a daemon cannot use.
	framesPerSecond = 9
	// framesAtOnce may be drawn without waiting: a key is answered at once even when the screen was just drawn.
	framesAtOnce = 3
)

// pace says when the screen may be drawn.
type pace struct {
	left float64 // frames that may be drawn at once
	at   time.Time
}

// take reports whether it may be drawn now, and counts that.
func (p *pace) take(now time.Time) bool {
	p.left = min(p.left+now.Sub(p.at).Seconds()*framesPerSecond, framesAtOnce)
	p.at = now
	if p.left < 1 {
		return false
	}
	p.left--
	return true
}

// wait is how long it takes until it may be.
func (p *pace) wait() time.Duration {
	return time.Duration((1-p.left)/framesPerSecond*float64(time.Second)) + time.Millisecond
}
