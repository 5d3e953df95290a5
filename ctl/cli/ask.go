package cli

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

// addYes adds the flag that confirm looks at.
func addYes(cmd *cobra.Command, yes *bool) {
	cmd.Flags().BoolVarP(yes, "yes", "y", false, "do not ask")
}

// confirm asks whether to do what cannot be taken back easily. Where there is nobody to ask, it must have been said.
func (a *app) confirm(ctx context.Context, yes bool, format string, args ...any) error {
	switch {
	case yes:
		return nil
	case !a.io.Somebody:
		return ctl.Errorf(ctl.BadRequest, "there is nobody to ask whether this is meant").WithHint("say it with --yes")
	}
	_, _ = fmt.Fprintf(a.io.Err, "%s [y/N] ", clean(fmt.Sprintf(format, args...)))
	answer, err := await(ctx, func() ([]byte, error) { return bufio.NewReader(a.io.In).ReadBytes('\n') })
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

// readFile reads the file at path, or what comes on standard input for -. what says what it holds.
func (a *app) readFile(what, path string) ([]byte, error) { return a.readUpTo(what, path, largest) }

func (a *app) readUpTo(what, path string, most int) ([]byte, error) {
	in := a.io.In
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, wrongPath(ctl.Failed, fmt.Errorf("read %s: %w", what, err))
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, int64(most)+1))
	switch {
	case err != nil:
		return nil, wrongPath(ctl.Failed, fmt.Errorf("read %s: %w", what, err))
	case len(text) > most:
		return nil, ctl.Errorf(ctl.BadRequest, "%s cannot be larger than %d MiB", what, most>>20)
	}
	return text, nil
}

// readSecret reads a secret: a line in a file, or on standard input for -.
func (a *app) readSecret(what, path string) (secret.String, error) {
	text, err := a.readFile(what, path)
	if err != nil {
		return secret.String{}, err
	}
	return secretIn(what, text)
}

// askSecret has somebody type a secret, which the terminal does not show.
func (a *app) askSecret(ctx context.Context, what string) (secret.String, error) {
	_, _ = fmt.Fprintf(a.io.Err, "%s (it is not shown): ", what)
	text, err := a.io.Hidden(ctx)
	_, _ = fmt.Fprintln(a.io.Err)
	if err != nil {
		return secret.String{}, fmt.Errorf("read %s: %w", what, err)
	}
	return secretIn(what, text)
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
