// Package durable makes files, and changes of a directory, outlive a crash of the machine.
package durable

import (
	"errors"
	"os"
	"runtime"

	"crs/internal/errs"
)

// Dir makes the names in a directory durable: of files that were made, renamed or removed.
func Dir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // has no such call, and needs none
	}
	d, err := os.Open(dir)
	if err == nil {
		err = errors.Join(d.Sync(), d.Close())
	}
	return errs.Wrap(err, "make the change of %s durable", dir)
}
