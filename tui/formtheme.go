package tui

import (
	"io"

	"github.com/charmbracelet/huh"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"crs/tui/draw"
)

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
