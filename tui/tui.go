// Package tui is the dashboard: it shows live what a daemon does and lets an operator mend it, over the control socket alone.
package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"crs/ctl"
	_ "crs/tui/background" // before bubbletea
	"crs/tui/draw"
)

// Options are what the dashboard is started with.
type Options struct {
	Daemon Daemon
	// Catalogue is what there is to choose from where the daemon does not tell.
	Catalogue ctl.Catalogue
	// Colours is how many the terminal has. Run finds that out itself.
	Colours draw.Colours
	// NoColours has it use none.
	NoColours bool
	// Now is the clock; its zone is the one that times are shown in. nil is the real one.
	Now func() time.Time
	// Clip puts a text into the clipboard. Run finds its own way.
	Clip func(text string)
	// Fail has F12 bring the dashboard down, where it says: "update" or "command". It is for tests of what is left then.
	Fail string
}

// ErrBroken means that the dashboard has a fault. The terminal is as it was before, below what Go says of the fault.
var ErrBroken = errors.New("the dashboard has a fault; what is above says where. The daemon goes on")

// Run shows the dashboard on the process's terminal until its user leaves it, or ctx ends. The terminal is then as it was
// before.
func Run(ctx context.Context, opt Options) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	out := &output{File: os.Stdout}
	opt.Colours, opt.Clip = coloursOf(opt.NoColours), out.clip
	if opt.Now == nil {
		opt.Now = time.Now
	}
	program := tea.NewProgram(newModel(ctx, opt), tea.WithContext(ctx), tea.WithAltScreen(), tea.WithOutput(out), tea.WithFPS(rendersPerSecond),
		tea.WithoutSignalHandler()) // ctx ends on signals
	_, err := program.Run()
	switch {
	case errors.Is(err, tea.ErrProgramPanic):
		return ErrBroken
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return fmt.Errorf("show the dashboard: %w", err)
	}
	return nil
}

// rendersPerSecond is how often the library looks whether there is something new to show. How often there is, is pace's
// business; this only delays it.
const rendersPerSecond = 40

func coloursOf(none bool) draw.Colours {
	switch profile := termenv.NewOutput(os.Stdout).EnvColorProfile(); {
	case none, profile == termenv.Ascii:
		return draw.NoColours
	case profile == termenv.ANSI:
		return draw.Sixteen
	}
	return draw.Many
}

// output is the terminal. What is written at once stays together.
type output struct {
	*os.File
	mu sync.Mutex
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.File.Write(p)
}

// clip asks the terminal to put a text into the clipboard. Within tmux and screen it is asked through them too.
func (o *output) clip(text string) {
	_, _ = io.WriteString(o, clipping(text, os.Getenv("TMUX") != "", os.Getenv("STY") != ""))
}

func clipping(text string, tmux, screen bool) string {
	sequence := ansi.SetSystemClipboard(text)
	switch {
	case tmux:
		return sequence + ansi.TmuxPassthrough(sequence)
	case screen:
		return ansi.ScreenPassthrough(sequence, 0)
	}
	return sequence
}

// copy puts a text into the clipboard.
func (m *Model) copy(text string) tea.Cmd {
	return func() tea.Msg {
		m.opt.Clip(text)
		return nil
	}
}

// has reports whether a dialog is open still.
func (m *Model) has(d dialog) bool { return slices.Contains(m.dialogs, d) }

// failForTest is a fault on demand.
func (m *Model) failForTest() tea.Cmd {
	switch m.opt.Fail {
	case "update":
		panic("a fault on demand")
	case "command":
		return func() tea.Msg { panic("a fault on demand, in a command") }
	}
	return nil
}
