package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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

// keepLedgerPrivate does the same for what the ledger has written, and what may be left of it.
func (d *Daemon) keepLedgerPrivate(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || runtime.GOOS == "windows" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the ledger: %w", err)
	}
	opened := 0
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o077 == 0 {
			continue
		}
		if err := os.Chmod(filepath.Join(dir, e.Name()), 0o600); err != nil {
			return fmt.Errorf("the ledger's file %s is open to others, and that cannot be changed: %w", e.Name(), err)
		}
		opened++
	}
	if opened > 0 {
		d.log.Warn("files of the ledger were open to others; they are not any more", "ledger", dir, "files", opened)
	}
	return nil
}
