package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"crs/internal/durable"
	"crs/internal/errs"
)

const (
	stageDir   = ".restore"       // where a backup is unpacked
	commitFile = "restoring.json" // from when on it is to be put in its place
	beforeDir  = "before-restore-"
)

// decision is that a backup which was unpacked whole is to be put in its place.
type decision struct {
	Before string `json:"before"` // the directory for what is there
	Ledger bool   `json:"ledger"` // whether the ledger is replaced too
}

// commit decides. From here on, there is no way back but forward.
func commit(dir string, about *About) (before string, err error) {
	d := decision{Before: beforeDir + time.Now().UTC().Format("20060102-150405.000"), Ledger: about.Ledger}
	if err := own(filepath.Join(dir, stageDir), dir); err != nil {
		return "", err
	}
	text, err := json.Marshal(d)
	if err == nil {
		err = durable.Write(filepath.Join(dir, commitFile), text, 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("restore: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, storeFile)); err == nil {
		before = filepath.Join(dir, d.Before)
	}
	return before, durable.Dir(dir)
}

// writeNew writes a file durably that is in nobody's way: what is there goes first, a link included.
func writeNew(file string, text []byte, mode fs.FileMode) error {
	if err := errs.Ignore(os.Remove(file), fs.ErrNotExist); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// Finish puts the rest of a backup in its place whose restoring was interrupted. It does nothing when there is none. A
// daemon calls it before it opens its store.
func Finish(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, commitFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("finish restoring: %w", err)
	}
	var d decision
	if err := json.Unmarshal(text, &d); err != nil {
		return fmt.Errorf("finish restoring: %s is not readable: %w", filepath.Join(dir, commitFile), err)
	}
	return errs.Wrap(d.carryOut(dir), "finish restoring")
}

// carryOut can be done again from whatever point it came to.
func (d *decision) carryOut(dir string) error {
	before, stage := filepath.Join(dir, d.Before), filepath.Join(dir, stageDir)
	if err := os.MkdirAll(before, 0o700); err != nil {
		return err
	}
	names := append(beside(), storeFile) // the store last: while it is staged, its log is the old one's
	if d.Ledger {
		names = append([]string{ledgerDir}, names...)
	}
	for _, name := range names {
		if err := d.swap(dir, stage, before, name); err != nil {
			return err
		}
	}
	if err := errors.Join(own(before, dir), os.RemoveAll(stage), durable.Dir(dir)); err != nil {
		return err
	}
	_ = os.Remove(before) // when nothing is in it
	if err := os.Remove(filepath.Join(dir, commitFile)); err != nil {
		return err
	}
	return durable.Dir(dir)
}

// swap puts what is staged in the place of what is there.
func (d *decision) swap(dir, stage, before, name string) error {
	staged, place := filepath.Join(stage, name), filepath.Join(dir, name)
	if _, err := os.Lstat(staged); err != nil {
		return errs.Ignore(err, fs.ErrNotExist) // done already
	}
	olds := []string{name}
	if name == storeFile {
		olds = []string{name + "-count", name + "-wal", name + "-shm", name} // the count is of the old one
	}
	for _, old := range olds {
		if err := errs.Ignore(os.Rename(filepath.Join(dir, old), filepath.Join(before, old)), fs.ErrNotExist); err != nil {
			return err
		}
	}
	return os.Rename(staged, place)
}
