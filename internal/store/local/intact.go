package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"crs/internal/errs"
	"crs/internal/rescue"
	"crs/internal/store"
)

// watched is a file that must stay where it is for as long as the store is open: SQLite goes on writing to one that was
// removed, and all of that would be gone with the process.
type watched struct {
	path string
	info os.FileInfo // nil until it is there
}

// files are the watched ones.
type files struct {
	mu  sync.Mutex // guards all
	all []watched
}

func watch(path string) *files {
	f := new(files)
	for _, suffix := range []string{"", walSuffix, "-shm"} { // what SQLite keeps beside a store while it is open
		f.all = append(f.all, watched{path: path + suffix})
	}
	return f
}

// intact is an error that says which file is not the one that was there before.
func (f *files) intact() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.all {
		w := &f.all[i]
		info, err := os.Stat(w.path)
		switch {
		case err == nil && w.info == nil:
			w.info = info
		case errors.Is(err, fs.ErrNotExist) && w.info != nil:
			return fmt.Errorf("%w: %s was removed while the daemon runs", store.ErrNotWritable, w.path)
		case err == nil && !os.SameFile(info, w.info):
			return fmt.Errorf("%w: another file was put in the place of %s while the daemon runs", store.ErrNotWritable, w.path)
		}
	}
	return nil
}

// Intact is an error when the files that the store was opened with are not in their place any more, or were cut. Nothing is written
// then: it would not last.
func (s *Store) Intact() error {
	if err := s.files.intact(); err != nil {
		return err
	}
	return s.notWhole()
}

// Rescue writes what the store holds to a file beside it, also when its own file was removed: it can be read as long as it is
// open. When a file was cut, what SQLite has of it in memory is read. What lacks a write that was acknowledged is no rescue.
func (s *Store) Rescue(ctx context.Context) (path string, err error) {
	path = rescue.Path(s.path(), time.Now())
	_, err = s.write.ExecContext(ctx, "VACUUM INTO ?", path)
	if err = plain(err); err == nil && s.count != nil {
		err = complete(ctx, path, s.path(), s.count.told.Load())
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("rescue the store to %s: %w", path, err), errs.Ignore(os.Remove(path), fs.ErrNotExist))
	}
	return path, os.Chmod(path, 0o600)
}

// wayBack is how a store that is gone or damaged comes back.
func wayBack(path string) string {
	if saved := rescue.Newest(path); saved != "" {
		return fmt.Sprintf("what the daemon that noticed held was saved: mv %s %s, and rm -f %s-wal %s-shm", saved, path, path, path)
	}
	return "restore it (crs restore FILE)"
}

// withWayBack adds to an error of a store that is damaged how it comes back.
func withWayBack(err error, path string) error {
	if !errors.Is(err, store.ErrDamaged) {
		return err
	}
	return fmt.Errorf("%w; %s", err, wayBack(path))
}
