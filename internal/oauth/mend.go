package oauth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"crs/internal/durable"
)

// Intact is an error when a pair that is kept now would not be in the file of that name.
func (r *Reserve) Intact() error {
	if !r.mu.TryLock() {
		return nil // it is being written, for as long as the disk hangs: nobody who asks waits for that
	}
	defer r.mu.Unlock()
	return r.intact()
}

func (r *Reserve) intact() error {
	if r.file == nil {
		return fmt.Errorf("%s could not be made", r.path)
	}
	info, err := os.Lstat(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s was removed", r.path)
	}
	if err != nil {
		return fmt.Errorf("look at the reserve for tokens: %w", err)
	}
	own, err := r.file.Stat()
	switch {
	case err != nil:
		return fmt.Errorf("look at the reserve for tokens: %w", err)
	case !os.SameFile(info, own):
		return fmt.Errorf("something else was put in the place of %s", r.path)
	case own.Size() < slotCount*slotSize:
		return fmt.Errorf("%s was cut to %d bytes", r.path, own.Size())
	}
	return r.unchanged()
}

// unchanged looks at the slots that hold a pair.
func (r *Reserve) unchanged() error {
	for i, s := range r.slots {
		if s.text == "" {
			continue
		}
		if _, text, _ := r.read(i); text != s.text {
			return fmt.Errorf("slot %d of %s was overwritten", i, r.path)
		}
	}
	return nil
}

// Mend makes the file whole again, with what was in it, and tells what had become of it.
func (r *Reserve) Mend() (found, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found, err = r.mend()
	found, r.mended = errors.Join(r.mended, found), nil
	return found, err
}

// mend is called before anything is written: what is not in the file of that name would be gone with this process.
func (r *Reserve) mend() (found, err error) {
	was, old := r.slots, r.file
	if old != nil {
		if found = r.intact(); found == nil {
			return nil, nil
		}
	}
	if found, err = errors.Join(found, r.clear()), r.open(); err != nil {
		return found, err
	}
	if old != nil {
		_ = old.Close()
	}
	_, _ = r.readAll() // what is there is not written over; what of it cannot be read, Read tells
	return found, errors.Join(r.again(was), r.file.Sync(), durable.Dir(filepath.Dir(r.path)))
}

// clear moves out of the way what is no file: a link is not followed, a directory may hold something. It tells what that was.
func (r *Reserve) clear() error {
	info, err := os.Lstat(r.path)
	if err != nil || info.Mode().IsRegular() {
		return nil
	}
	aside := r.path + ".replaced-" + time.Now().UTC().Format("20060102-150405.000")
	if err := os.Rename(r.path, aside); err != nil {
		return nil // opening it says what is wrong
	}
	return fmt.Errorf("%s was not a file (%s), and was moved to %s", r.path, info.Mode().Type(), aside)
}

// again writes the pairs that were in the file before, as far as they are not there.
func (r *Reserve) again(was [slotCount]slot) error {
	for _, s := range was {
		if s.text == "" || slices.Contains(r.slots[:], s) {
			continue
		}
		i := r.free()
		if i < 0 {
			return fmt.Errorf("every slot of %s is taken", r.path)
		}
		if err := r.write(i, s.text); err != nil {
			return fmt.Errorf("write to the reserve for tokens: %w", err)
		}
		r.slots[i] = s
	}
	return nil
}
