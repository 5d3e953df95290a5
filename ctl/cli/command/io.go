package command

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"golang.org/x/term"
)

// IO is what surrounds a run of the command line.
type IO struct {
	In       io.Reader
	Out, Err io.Writer
	// Environ is the environment, as os.Environ gives it.
	Environ []string
	// UID is the user's number, as os.Getuid gives it.
	UID int
	// Now is the clock. Times are shown in its zone.
	Now func() time.Time
	// Somebody reports that In is a terminal, so that there is somebody to ask.
	Somebody bool
	// Hidden reads a line from In that the terminal does not show, until ctx ends. It is only called when there is somebody.
	Hidden func(ctx context.Context) ([]byte, error)
	// Terminal reports that Out is one, which can show colours.
	Terminal bool
	// Height is how many lines that terminal has now; 0 when that is not known.
	Height func() int
}

// Process is what surrounds this process.
func Process() IO {
	return IO{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Environ: os.Environ(), UID: os.Getuid(), Now: time.Now,
		Somebody: isatty.IsTerminal(os.Stdin.Fd()), Terminal: isatty.IsTerminal(os.Stdout.Fd()), Hidden: hidden,
		Height: func() int {
			_, height, _ := term.GetSize(int(os.Stdout.Fd())) // 0 when it has none
			return height
		},
	}
}

// hidden reads from standard input. The terminal shows what is typed again afterwards, also after an interrupt.
func hidden(ctx context.Context) ([]byte, error) {
	in := int(os.Stdin.Fd())
	before, err := term.GetState(in)
	if err != nil {
		return nil, err
	}
	line, err := Await(ctx, func() ([]byte, error) { return term.ReadPassword(in) })
	if ctx.Err() != nil {
		err = errors.Join(err, term.Restore(in, before))
	}
	return line, err
}

// Await reads what somebody types, or gives up when ctx ends. A read from a terminal cannot be called off, so that it is left
// behind then; the process ends soon after.
func Await(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	type typed struct {
		line []byte
		err  error
	}
	done := make(chan typed, 1)
	go func() {
		line, err := read()
		done <- typed{line, err}
	}()
	select {
	case t := <-done:
		return t.line, t.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Getenv gives a variable of the environment; "" when it is not set.
func (o *IO) Getenv(name string) string {
	for _, variable := range o.Environ {
		if value, ok := strings.CutPrefix(variable, name+"="); ok {
			return value
		}
	}
	return ""
}
