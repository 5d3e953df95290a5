package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"crs/internal/store"
)

// A clean stop removes the log and the index that SQLite keeps beside a store, and a start makes them anew. So that there is room for
// them on a disk that has become full, a file keeps it free.
const (
	roomSuffix = "-room"
	roomSize   = 256 << 10
)

// KeepRoom takes the room on the disk that the next start needs. Where there is not enough, it takes none: there are those who need
// it now.
func (s *Store) KeepRoom() error {
	s.keepsRoom.Store(true)
	path := s.path() + roomSuffix
	had, err := roomAt(path)
	if err != nil || had >= roomSize {
		return err
	}
	if err := takeRoom(path, had); err != nil {
		return fmt.Errorf("keep room on the disk for the next start in %s: %w", path, errors.Join(err, os.Truncate(path, had)))
	}
	return nil
}

// keepWhatThereIs is KeepRoom for a store that has been closed: nobody else needs what SQLite has just made free.
func (s *Store) keepWhatThereIs() {
	path := s.path() + roomSuffix
	if had, err := roomAt(path); err == nil {
		_ = takeRoom(path, had)
	}
}

func roomAt(path string) (size int64, err error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil
	case err != nil:
		return 0, err
	case !info.Mode().IsRegular():
		return 0, fmt.Errorf("%s is not a regular file", path)
	}
	return info.Size(), nil
}

func takeRoom(path string, had int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	block := make([]byte, 4<<10)
	for ; err == nil && had < roomSize; had += int64(len(block)) {
		_, err = f.Write(block)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// giveRoom makes the room free for a start that a full disk has refused, and reports whether it did.
func giveRoom(path string, err error) bool {
	return errors.Is(err, store.ErrFull) && os.Remove(path+roomSuffix) == nil
}
