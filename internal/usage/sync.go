package usage

import (
	"errors"
	"os"
	"runtime"
)

// syncDir makes the names in a directory durable, where a directory can be opened.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
