package daemon

import (
	"fmt"
	"io/fs"
	"os"
	"runtime"
)

// keepPrivate closes a data directory that others may write to, with a warning: they could put another key file or another store
// in the place of the daemon's. Where that cannot be done, it is refused. Who may only look finds nothing: each file is 0600.
func (d *Daemon) keepPrivate(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("look at the data directory: %w", err)
	}
	mode := info.Mode()
	if mode.Perm()&0o022 == 0 || runtime.GOOS == "windows" { // which has no such bits
		return nil
	}
	if mode&fs.ModeSticky != 0 {
		return fmt.Errorf("the data directory %s is one that everybody may write to; give crs a directory of its own: --data DIR", dir)
	}
	closed := mode.Perm() &^ 0o027
	if err := os.Chmod(dir, closed); err != nil {
		return fmt.Errorf("the data directory %s is open to others (mode %#o), and that cannot be changed: %w", dir, mode.Perm(), err)
	}
	d.log.Warn("the data directory was open to others; it is not any more", "data", dir, "was", fmt.Sprintf("%#o", mode.Perm()), "is", fmt.Sprintf("%#o", closed))
	return nil
}
