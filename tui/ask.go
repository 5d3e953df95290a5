package tui

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// mostTime is how long the daemon may take over anything.
const mostTime = 90 * time.Second

// ask asks the daemon for something, without showing that anything is under way, and goes on with what it said.
func ask[T any](m *Model, do func(context.Context) (T, error), then func(m *Model, got T, err error) tea.Cmd) tea.Cmd {
	return func() tea.Msg {
		ctx, stop := context.WithTimeout(m.ctx, mostTime)
		defer stop()
		got, err := do(ctx)
		return answer[T]{got, err, then}
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

// answer is what the daemon said, and what is done with it.
type answer[T any] struct {
	got  T
	err  error
	then func(m *Model, got T, err error) tea.Cmd
}

func (a answer[T]) take(m *Model) tea.Cmd { return a.then(m, a.got, a.err) }
