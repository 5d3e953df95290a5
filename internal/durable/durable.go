// Package durable makes changes of a directory outlive a crash of the machine.
package durable

import (
	"errors"
	"fmt"
	"os"
	"runtime"
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
	if err != nil {
		return fmt.Errorf("make the change of %s durable: %w", dir, err)
	}
	return nil
}
