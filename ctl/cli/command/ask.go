package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/internal/secret"
)

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
	if err != nil {
		return secret.String{}, err
	}
	return secretIn(what, text)
}

// AskSecret has somebody type a secret, which the terminal does not show.
func (a *App) AskSecret(ctx context.Context, what string) (secret.String, error) {
	text, err := a.AskHidden(ctx, what, what+" (it is not shown): ")
	if err != nil {
		return secret.String{}, err
	}
	return secretIn(what, text)
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

func secretIn(what string, text []byte) (secret.String, error) {
	line := strings.TrimSpace(string(text))
	switch {
	case line == "":
		return secret.String{}, ctl.Errorf(ctl.BadRequest, "%s is empty", what)
	case strings.ContainsAny(line, "\r\n"):
		return secret.String{}, ctl.Errorf(ctl.BadRequest, "%s has more than one line", what)
	}
	return secret.New(line), nil
}
