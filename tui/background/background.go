// Package background keeps the terminal from being asked for its background's colour when a program that has the dashboard
// in it starts: bubbletea asks as soon as it is linked in, and waits for the answer, even if the program goes on to do
// something else. A terminal that does not know the question would hold every command up, and what was typed ahead would be
// lost. The dashboard has no use for the answer: its colours suit both.
//
// Packages without an order of their own are initialized in that of their import paths, so that this one comes first.
package background

import "github.com/charmbracelet/lipgloss"

var _ = settled()

func settled() bool {
	lipgloss.SetHasDarkBackground(true)
	return true
}
