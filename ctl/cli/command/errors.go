package command

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"crs/ctl"
)

// ExitCode is what the process ends with; "" is no error.
func ExitCode(code ctl.Code) int {
	switch code {
	case "":
		return 0
	case ctl.BadRequest:
		return 2
	case ctl.NotRunning:
		return 3
	case ctl.NotFound:
		return 4
	case ctl.NotPermitted:
		return 5
	case ctl.Conflict:
		return 6
	}
	return 1
}

// Told is an error that was printed as the answer, so that only the exit code is left to say it with.
type Told struct{ Code ctl.Code }

// Error implements error.
func (t Told) Error() string { return string(t.Code) }

// Fail prints what went wrong with cmd and gives the exit code.
func (a *App) Fail(cmd *cobra.Command, err error) int {
	var already Told
	if errors.As(err, &already) {
		return ExitCode(already.Code)
	}
	e := Describe(err)
	if e.Code == ctl.BadRequest && e.Hint == "" {
		e.Hint = "see: " + cmd.CommandPath() + " --help"
	}
	if a.JSON {
		_ = encode(a.IO.Err, map[string]*ctl.Error{"error": e})
		return ExitCode(e.Code)
	}
	_, _ = fmt.Fprintf(a.IO.Err, "error: %s\n", Lines(e.Message))
	if e.Hint != "" {
		_, _ = fmt.Fprintf(a.IO.Err, "hint: %s\n", Lines(e.Hint))
	}
	return ExitCode(e.Code)
}

// Describe gives err as it is shown. The caller owns it.
func Describe(err error) *ctl.Error {
	var own *ctl.Error
	switch {
	case errors.As(err, &own):
		e := *own
		e.Message = err.Error() // own may be wrapped, or one of several
		return &e
	case errors.Is(err, context.Canceled):
		return ctl.Errorf(ctl.Failed, "interrupted")
	}
	return ctl.Errorf(ctl.Failed, "%s", err)
}

// Lines cleans every line of a text that may have several.
func Lines(text string) string {
	all := strings.Split(text, "\n")
	for i, line := range all {
		all[i] = Clean(line)
	}
	return strings.Join(all, "\n")
}

// Misuse marks what cobra says of the arguments.
func Misuse(err error) error {
	if ctl.CodeOf(err) != ctl.Failed {
		return err
	}
	return ctl.Errorf(ctl.BadRequest, "%s", err)
}

// FlagError says what is wrong with a flag's value, without the words of strconv.
func FlagError(err error) error {
	var bad *pflag.InvalidValueError
	if !errors.As(err, &bad) {
		return err
	}
	var number *strconv.NumError
	if !errors.As(err, &number) {
		return ctl.Errorf(ctl.BadRequest, "--%s: %s", bad.GetFlag().Name, bad.Unwrap())
	}
	want := map[string]string{"bool": "true or false", "float64": "a number"}[bad.GetFlag().Value.Type()]
	if want == "" {
		want = "a whole number"
	}
	return ctl.Errorf(ctl.BadRequest, "--%s: %q is not %s", bad.GetFlag().Name, bad.GetValue(), want)
}

// WantsJSON looks for the flag in arguments that could not be read as a whole.
func WantsJSON(args []string) bool {
	for i, arg := range args {
		switch arg {
		case "-ojson", "-o=json", "--output=json":
			return true
		case "-o", "--output":
			if i+1 < len(args) && args[i+1] == "json" {
				return true
			}
		case "--":
			return false
		}
	}
	return false
}
