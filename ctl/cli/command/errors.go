package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"crs/ctl"
)

// ExitCode is what the process ends with; "" is no error.
func ExitCode(code ctl.Code) int {
	if exit, known := exitCodes[code]; known {
		return exit
	}
	return 1
}

// exitCodes are those of errors that have one of their own.
var exitCodes = map[ctl.Code]int{"": 0, ctl.BadRequest: 2, ctl.NotRunning: 3, ctl.NotFound: 4, ctl.NotPermitted: 5, ctl.Conflict: 6}

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
	return strings.Join(Each(strings.Split(text, "\n"), func(line *string) string { return Clean(*line) }), "\n")
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
	want := cmp.Or(map[string]string{"bool": "true or false", "float64": "a number"}[bad.GetFlag().Value.Type()], "a whole number")
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

// WrongPath says what to do about an error about a path that somebody has named: there is nothing there, something else, or it is
// not for them.
func WrongPath(none ctl.Code, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return ctl.Errorf(none, "%s", err).WithHint("name a file that is there")
	case errors.Is(err, syscall.EISDIR):
		return ctl.Errorf(ctl.BadRequest, "%s", err).WithHint("name a file, not a directory")
	case errors.Is(err, fs.ErrPermission):
		return ctl.Errorf(ctl.NotPermitted, "%s", err).WithHint("try sudo, or give your user the right to the file")
	}
	return err
}

// Readable is an error when there is no file at path.
func Readable(what, path string) error {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		err = &fs.PathError{Op: "read", Path: path, Err: syscall.EISDIR}
	}
	if err != nil {
		return WrongPath(ctl.NotFound, fmt.Errorf("read %s: %w", what, err))
	}
	return nil
}

// Makable is an error when no file can be made at path, since there is no directory for it.
func Makable(what, path string) error {
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil, errors.Is(err, syscall.ENOTDIR):
		return ctl.Errorf(ctl.BadRequest, "write %s: %s is not a directory", what, dir).WithHint("name a file in a directory")
	case errors.Is(err, fs.ErrNotExist):
		return ctl.Errorf(ctl.NotFound, "write %s: there is no directory %s", what, dir).WithHint("make it first, or name a file in one that is there")
	}
	return WrongPath(ctl.NotFound, fmt.Errorf("write %s: %w", what, err))
}
