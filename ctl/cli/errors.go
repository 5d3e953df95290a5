package cli

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

// exitCode is what the process ends with; "" is no error.
func exitCode(code ctl.Code) int {
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

// told is an error that was printed as the answer, so that only the exit code is left to say it with.
type told struct{ code ctl.Code }

// Error implements error.
func (t told) Error() string { return string(t.code) }

// fail prints what went wrong with cmd and gives the exit code.
func (a *app) fail(cmd *cobra.Command, err error) int {
	var already told
	if errors.As(err, &already) {
		return exitCode(already.code)
	}
	e := describe(err)
	if e.Code == ctl.BadRequest && e.Hint == "" {
		e.Hint = "see: " + cmd.CommandPath() + " --help"
	}
	if a.json {
		_ = encode(a.io.Err, map[string]*ctl.Error{"error": e})
		return exitCode(e.Code)
	}
	_, _ = fmt.Fprintf(a.io.Err, "error: %s\n", lines(e.Message))
	if e.Hint != "" {
		_, _ = fmt.Fprintf(a.io.Err, "hint: %s\n", lines(e.Hint))
	}
	return exitCode(e.Code)
}

// describe gives err as it is shown. The caller owns it.
func describe(err error) *ctl.Error {
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

// lines cleans every line of a text that may have several.
func lines(text string) string {
	all := strings.Split(text, "\n")
	for i, line := range all {
		all[i] = clean(line)
	}
	return strings.Join(all, "\n")
}

// misuse marks what cobra says of the arguments.
func misuse(err error) error {
	if ctl.CodeOf(err) != ctl.Failed {
		return err
	}
	return ctl.Errorf(ctl.BadRequest, "%s", err)
}

// flagError says what is wrong with a flag's value, without the words of strconv.
func flagError(err error) error {
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

// wantsJSON looks for the flag in arguments that could not be read as a whole.
func wantsJSON(args []string) bool {
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
