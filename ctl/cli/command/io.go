package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"crs/ctl"
	"crs/internal/secret"
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

// AddYes adds the flag that confirm looks at.
func AddYes(cmd *cobra.Command, yes *bool) {
	cmd.Flags().BoolVarP(yes, "yes", "y", false, "do not ask")
}

// Confirm asks whether to do what cannot be taken back easily. Where there is nobody to ask, it must have been said.
func (a *App) Confirm(ctx context.Context, yes bool, format string, args ...any) error {
	switch {
	case yes:
		return nil
	case !a.IO.Somebody:
		return ctl.Errorf(ctl.BadRequest, "not interactive").WithHint("confirm with --yes")
	}
	_, _ = fmt.Fprintf(a.IO.Err, "%s [y/N] ", Clean(fmt.Sprintf(format, args...)))
	answer, err := Await(ctx, func() ([]byte, error) { return bufio.NewReader(a.IO.In).ReadBytes('\n') })
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(string(answer))) {
	case "y", "yes":
		return nil
	}
	return ctl.Errorf(ctl.Failed, "nothing was changed")
}

// largest is what a file may have that is read whole.
const largest = 1 << 20

// ReadFile reads the file at path, or what comes on standard input for -. what says what it holds.
func (a *App) ReadFile(what, path string) ([]byte, error) { return a.ReadUpTo(what, path, largest) }

// ReadUpTo reads a file, or standard input for -, that must not be longer than most.
func (a *App) ReadUpTo(what, path string, most int) ([]byte, error) {
	in := a.IO.In
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, WrongPath(ctl.Failed, fmt.Errorf("read %s: %w", what, err))
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, int64(most)+1))
	switch {
	case err != nil:
		return nil, WrongPath(ctl.Failed, fmt.Errorf("read %s: %w", what, err))
	case len(text) > most:
		return nil, ctl.Errorf(ctl.BadRequest, "%s cannot be larger than %d MiB", what, most>>20)
	}
	return text, nil
}

// ReadSecret reads a secret: a line in a file, or on standard input for -.
func (a *App) ReadSecret(what, path string) (secret.String, error) {
	text, err := a.ReadFile(what, path)
	return secretIn(what, text, err)
}

// AskSecret has somebody type a secret, which the terminal does not show.
func (a *App) AskSecret(ctx context.Context, what string) (secret.String, error) {
	text, err := a.AskHidden(ctx, what, what+" (it is not shown): ")
	return secretIn(what, text, err)
}

// AskHidden has somebody type something that the terminal does not show.
func (a *App) AskHidden(ctx context.Context, what, prompt string) ([]byte, error) {
	_, _ = fmt.Fprint(a.IO.Err, prompt)
	text, err := a.IO.Hidden(ctx)
	_, _ = fmt.Fprintln(a.IO.Err)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	return text, nil
}

func secretIn(what string, text []byte, err error) (secret.String, error) {
	line := strings.TrimSpace(string(text))
	switch {
	case err != nil:
		return secret.String{}, err
	case line == "":
		return secret.String{}, ctl.Errorf(ctl.BadRequest, "%s is empty", what)
	case strings.ContainsAny(line, "\r\n"):
		return secret.String{}, ctl.Errorf(ctl.BadRequest, "%s has more than one line", what)
	}
	return secret.New(line), nil
}
