package tui

import (
	"context"
	"io"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/huh"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"crs/tui/draw"
)

// form is a dialog with fields to fill in. What was filled in stays when the daemon does not take it.
type form struct {
	name string
	high int // lines of the highest page
	// build makes the fields anew. They keep what they hold in variables of the caller's.
	build func() *huh.Form
	// send is called when all is filled in; sending makes one.
	send func(m *Model, f *form) tea.Cmd

	fields *huh.Form
	sent   bool // to the daemon, which has not answered yet
	failed string
}

const formWidth = 66

func (f *form) title() string    { return f.name }
func (f *form) size() (int, int) { return formWidth, f.high }
func (f *form) busy() bool       { return f.sent }

func (f *form) bindings() []binding {
	return []binding{{keys: "enter", short: "next"}, {keys: "shift+tab", short: "back"}, {keys: "esc", short: "give up"}}
}

func (f *form) begin(m *Model) tea.Cmd {
	f.fields = f.build().WithTheme(formTheme(m.t)).WithKeyMap(formKeys()).WithShowHelp(false)
	return f.fields.Init()
}

func (f *form) view(m *Model, width, height int) []string {
	if f.sent {
		return []string{"", " " + m.spinner() + " asking the daemon…"}
	}
	var lines []string
	if f.failed != "" {
		lines = paintAll(m.t.Bad, draw.Wrap(f.failed, width))
		lines = lines[:min(len(lines), max(height/2, 1))]
	}
	room := height - len(lines)
	if len(f.fields.Errors()) > 0 {
		room-- // huh leaves a line free above them, and does not count it
	}
	text := f.fields.WithWidth(width).WithHeight(max(room, 1)).View()
	if field := f.fields.GetFocusedField(); field != nil && field.GetKey() == secretKey {
		text = strings.ReplaceAll(text, "*", "•")
	}
	return append(lines, strings.Split(text, "\n")...)
}

func (f *form) take(m *Model, msg tea.Msg) tea.Cmd {
	if f.sent {
		return nil
	}
	if k, ok := msg.(tea.KeyMsg); ok && k.String() == "esc" && !f.filtering() {
		m.close(f)
		return nil
	}
	_, cmd := f.fields.Update(msg)
	switch f.fields.State {
	case huh.StateAborted:
		m.close(f)
	case huh.StateCompleted:
		f.sent = true
		return tea.Batch(cmd, m.keepSpinning(), f.send(m, f))
	}
	return cmd
}

// filtering reports whether a list is being searched, which esc ends.
func (f *form) filtering() bool {
	field, ok := f.fields.GetFocusedField().(interface{ GetFiltering() bool })
	return ok && field.GetFiltering()
}

// sending has the daemon take what was filled in, and goes on with what came of it. A form that it does not take stays open.
func sending[T any](do func(context.Context) (T, error), then func(*Model, T) tea.Cmd) func(*Model, *form) tea.Cmd {
	return func(m *Model, f *form) tea.Cmd {
		return ask(m, do, func(m *Model, got T, err error) tea.Cmd {
			f.sent = false
			if err != nil {
				f.failed = sentence(err)
				return f.begin(m)
			}
			m.close(f)
			return then(m, got)
		})
	}
}

// secretKey marks the field that has a secret: it shows dots.
const secretKey = "secret"

const titleWidth = 18

// text is a field for a line of text.
func text(title string, value *string, valid func(string) error) *huh.Input {
	in := huh.NewInput().Title(draw.Fit(title, titleWidth)).Inline(true).Prompt("").CharLimit(0).Value(value)
	if valid != nil {
		in.Validate(valid)
	}
	return in
}

// secretText is one that shows dots.
func secretText(title string, value *string, valid func(string) error) *huh.Input {
	return text(title, value, valid).EchoMode(huh.EchoModePassword).Key(secretKey)
}

// options are what can be chosen among: of each of a list what is shown, and the word for it.
func options[T any](all []T, of func(*T) (shown, word string)) []huh.Option[string] {
	found := make([]huh.Option[string], len(all))
	for i := range all {
		found[i] = huh.NewOption(of(&all[i]))
	}
	return found
}

// choice is a field for one of several words.
func choice(title string, value *string, options ...huh.Option[string]) *huh.Select[string] {
	return huh.NewSelect[string]().Title(title).Options(options...).Value(value)
}

// oneChoice is a form that asks for one of several words.
func oneChoice(name, title string, value *string, options []huh.Option[string], send func(*Model, *form) tea.Cmd) *form {
	return &form{name: name, high: len(options) + 2, send: send, build: func() *huh.Form {
		return huh.NewForm(huh.NewGroup(choice(title, value, options...).Height(len(options) + 1)))
	}}
}

// switched is a field for yes or no.
func switched(title string, value *bool) *huh.Confirm {
	return huh.NewConfirm().Title(title).Inline(true).Affirmative("yes").Negative("no").Value(value)
}

// formKeys lets the arrows go from field to field too.
func formKeys() *huh.KeyMap {
	k := huh.NewDefaultKeyMap()
	k.Input.Next.SetKeys("enter", "tab", "down")
	k.Input.Prev.SetKeys("shift+tab", "up")
	k.Confirm.Next.SetKeys("enter", "tab", "down")
	k.Confirm.Prev.SetKeys("shift+tab", "up")
	return k
}

// formTheme has forms look as the rest does.
func formTheme(t *draw.Theme) *huh.Theme {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.ANSI256)
	r.SetHasDarkBackground(true) // or it would ask the terminal
	plain := r.NewStyle()
	strong, faint, accent, bad := plain.Bold(true), plain.Faint(true), plain.Bold(true), plain.Bold(true)
	if t.Colours != draw.NoColours {
		accent, bad = plain.Foreground(lipgloss.Color("6")), plain.Foreground(lipgloss.Color("1"))
	}
	if t.Colours == draw.Many {
		accent = plain.Foreground(lipgloss.Color("38"))
	}
	h := new(huh.Theme)
	h.Form.Base, h.Group.Base = plain, plain
	h.Group.Title, h.Group.Description = strong, faint
	h.FieldSeparator = plain.SetString("\n")
	h.Focused = huh.FieldStyles{
		Base:  plain.PaddingLeft(1).BorderStyle(lipgloss.ThickBorder()).BorderLeft(true).BorderForeground(accent.GetForeground()),
		Title: accent, Description: faint, ErrorIndicator: bad.SetString(" *"), ErrorMessage: bad,
		SelectSelector: accent.SetString("▸ "), Option: plain, NextIndicator: accent.SetString(" →"), PrevIndicator: accent.SetString("← "),
		MultiSelectSelector: accent.SetString("▸ "), SelectedOption: plain, SelectedPrefix: accent.SetString("[x] "),
		UnselectedOption: plain, UnselectedPrefix: plain.SetString("[ ] "),
		TextInput:     huh.TextInputStyles{Cursor: accent, CursorText: plain, Placeholder: faint, Prompt: plain, Text: plain},
		FocusedButton: plain.Reverse(true).Padding(0, 1), BlurredButton: faint.Padding(0, 1),
		Card: plain, NoteTitle: strong, Next: plain.Reverse(true).Padding(0, 1),
	}
	h.Blurred = h.Focused
	h.Blurred.Base = plain.PaddingLeft(1).BorderStyle(lipgloss.HiddenBorder()).BorderLeft(true)
	h.Blurred.Title = plain
	h.Blurred.SelectSelector, h.Blurred.MultiSelectSelector = faint.SetString("▸ "), plain.SetString("  ")
	h.Blurred.NextIndicator, h.Blurred.PrevIndicator = plain, plain
	h.Blurred.FocusedButton = strong.Padding(0, 1)
	return h
}
