package tui

import (
	"context"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"crs/ctl"
	"crs/tui/draw"
)

// dialog lies over the screen and has the keys until it is closed.
type dialog interface {
	title() string
	// begin is called when it is opened.
	begin(m *Model) tea.Cmd
	// size is how wide and how high it would like to be inside; 0 is as much as there is.
	size() (width, height int)
	view(m *Model, width, height int) []string
	take(m *Model, msg tea.Msg) tea.Cmd
	// busy reports whether something spins in it.
	busy() bool
	bindings() []binding
}

// dialog is the one on top, nil when there is none.
func (m *Model) dialog() dialog {
	if len(m.dialogs) == 0 {
		return nil
	}
	return m.dialogs[len(m.dialogs)-1]
}

// push opens a dialog over those that are open.
func (m *Model) push(d dialog) tea.Cmd {
	m.dialogs = append(m.dialogs, d)
	return tea.Batch(m.keepSpinning(), d.begin(m))
}

// close closes a dialog, wherever it lies.
func (m *Model) close(d dialog) {
	m.dialogs = slices.DeleteFunc(m.dialogs, func(o dialog) bool { return o == d })
}

// inside is how much room a dialog has within its border.
func (m *Model) inside(d dialog, room int) (width, height int) {
	width, height = d.size()
	mostWide, mostHigh := max(m.width-4, 1), max(room-2, 1)
	if width == 0 {
		width = mostWide
	}
	if height == 0 {
		height = mostHigh
	}
	return min(width, mostWide), min(height, mostHigh)
}

// overlay lays the dialog on top over the body.
func (m *Model) overlay(body []string, room int) []string {
	d := m.dialog()
	width, height := m.inside(d, room)
	box := draw.Box(m.t, d.title(), d.view(m, width, height), width+4, height+2)
	box = box[:min(len(box), room)]
	return draw.Over(m.t, body, box, max((m.width-width-4)/2, 0), max((room-len(box))/2, 0), m.width)
}

// question is what is to be confirmed before something is done.
type question struct {
	title, text string
	yes         string // the word for doing it
	did         string // what to say afterwards; "" says nothing
}

// about puts a name into the texts that have a place for it.
func (q question) about(name string) question {
	q.text, q.did = strings.ReplaceAll(q.text, "%s", name), strings.ReplaceAll(q.did, "%s", name)
	return q
}

// confirm asks it, does it, and goes on with what came of it.
func confirm[T any](m *Model, q question, do func(context.Context) (T, error), then func(*Model, T) tea.Cmd) tea.Cmd {
	return m.push(newConfirmation(q, func(m *Model) tea.Cmd {
		return work(m, do, func(m *Model, got T, err error) tea.Cmd {
			if err != nil {
				m.fail(err)
				return nil
			}
			return m.did(q.did, then(m, got))
		})
	}))
}

const questionWidth = 56

// newConfirmation is the dialog of a question.
func newConfirmation(q question, begin func(*Model) tea.Cmd) *detail {
	text := cleanLines(q.text)
	d := &detail{name: q.title, wide: questionWidth, high: len(draw.Wrap(text, questionWidth)) + 2}
	d.text = func(m *Model, width, height int) []string {
		lines := draw.Sized(draw.Wrap(text, width), width, height-1)
		return append(lines, m.t.Accent.Paint("y")+" "+q.yes+"   "+m.t.Accent.Paint("n")+" leave it")
	}
	d.keys = []binding{
		{keys: "y Y enter", short: q.yes, do: func(m *Model) tea.Cmd {
			m.close(d)
			return begin(m)
		}},
		{keys: "n N esc q", short: "leave it", do: func(m *Model) tea.Cmd {
			m.close(d)
			return nil
		}},
	}
	return d
}

// change confirms what one call does to an account or a key.
func change[T any](m *Model, q question, id string, call func(context.Context, string) (T, error), then func(*Model, T) tea.Cmd) tea.Cmd {
	return confirm(m, q, func(ctx context.Context) (T, error) { return call(ctx, id) }, then)
}

// remove confirms a call that leaves nothing to be shown.
func remove(m *Model, q question, id string, call func(context.Context, string) error) tea.Cmd {
	return confirm(m, q, func(ctx context.Context) (struct{}, error) { return struct{}{}, call(ctx, id) },
		func(m *Model, _ struct{}) tea.Cmd { return m.screen().enter(m) })
}

// did says what was done, and goes on.
func (m *Model) did(text string, next tea.Cmd) tea.Cmd {
	if text != "" {
		m.say(fine, text)
	}
	return next
}

// tookAccount shows an account as a call has left it.
func (m *Model) tookAccount(a ctl.Account) tea.Cmd {
	m.b.setAccount(&a)
	return m.screen().enter(m)
}

// tookKey likewise.
func (m *Model) tookKey(k ctl.Key) tea.Cmd {
	m.b.setKey(&k)
	return m.screen().enter(m)
}

// tookIssued shows a key's new secret, this once.
func (m *Model) tookIssued(k ctl.IssuedKey) tea.Cmd {
	m.b.setKey(&k.Key)
	return m.push(newIssued(&k))
}

func cleanLines(text string) string {
	all := strings.Split(text, "\n")
	for i := range all {
		all[i] = draw.Clean(all[i])
	}
	return strings.Join(all, "\n")
}
