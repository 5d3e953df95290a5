// Package errs has what is done with errors again and again.
package errs

import (
	"errors"
	"fmt"
)

// Wrap is err behind what was being done, to what; nil when err is.
func Wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), err)
}

// Ignore is err, but nil where that is, or wraps, what is expected.
func Ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// First takes steps in their order until one fails, and gives its error.
func First(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
