package usage

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"crs/internal/durable"
)

// present makes sure that what is written is in the directory: somebody may have removed the file, or put another one in its
// place. What the file held can still be read then, and is put back. It is called with work held.
func (l *Ledger) present() error {
	path := segmentPath(l.opt.Dir, l.at.Segment)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && !os.SameFile(info, l.info):
		return l.remake(path, err == nil)
	case err != nil:
		return fmt.Errorf("look at the ledger: %w", err)
	case info.Size() < l.at.Offset:
		return l.leaveCut()
	}
	return nil
}

// remake writes the newest segment anew. What is in its place is kept beside it.
func (l *Ledger) remake(path string, replaced bool) error {
	if err := os.MkdirAll(l.opt.Dir, 0o700); err != nil {
		return fmt.Errorf("make the ledger's directory, which was removed: %w", err)
	}
	f, err := os.OpenFile(path+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write %s anew, which was removed: %w", path, err)
	}
	_, err = io.Copy(f, io.NewSectionReader(l.file, 0, l.at.Offset))
	if err == nil {
		err = syncData(f)
	}
	if err == nil && replaced {
		err = os.Rename(path, fmt.Sprintf("%s.other-%d", path, l.opt.Now().UnixNano()))
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err == nil {
		err = durable.Dir(l.opt.Dir)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s anew, which was removed: %w", path, err), f.Close(), os.Remove(path+".new"))
	}
	l.harmed(func(h *Harm) { h.Remade = append(slices.Clone(h.Remade), l.at.Segment) })
	return l.continueIn(f, l.at, room{end: l.at.Offset})
}

// leaveCut begins a new segment, for somebody has cut the newest one.
func (l *Ledger) leaveCut() error {
	n := l.at.Segment
	l.room = room{} // whoever cut it has given that back
	if err := l.begin(n + 1); err != nil {
		return err
	}
	l.harmed(func(h *Harm) { h.Cut = append(slices.Clone(h.Cut), n) })
	return nil
}

// lookAround finds older segments that are gone without having been pruned.
func (l *Ledger) lookAround() {
	l.work.Lock()
	defer l.work.Unlock()
	if l.away || l.back != nil {
		return
	}
	there, err := segments(l.opt.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return // present says so
	}
	for n := range l.have {
		if n != l.at.Segment && !slices.Contains(there, n) {
			delete(l.have, n)
			l.harmed(func(h *Harm) { h.Gone = append(slices.Clone(h.Gone), n) })
		}
	}
}

// harmed notes harm, and tells of it.
func (l *Ledger) harmed(change func(*Harm)) {
	l.mu.Lock()
	change(&l.harm)
	harm := l.harm
	l.mu.Unlock()
	if l.opt.Harmed != nil {
		l.opt.Harmed(harm)
	}
}
