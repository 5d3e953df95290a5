package local_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crs/internal/store"
	"crs/internal/store/local"
)

// stocked is a store with some documents in its own file, and some in its write-ahead log alone.
func stocked(t *testing.T, dir string) *local.Store {
	t.Helper()
	s := open(t, dir)
	for i := range 40 {
		if err := put(t, s, fmt.Sprint("key ", i)); err != nil {
			t.Fatal(err)
		}
		if i == 19 {
			outside(t, dir, "PRAGMA wal_checkpoint(PASSIVE)")
		}
	}
	return s
}

// outside has another connection do something, as another program would.
func outside(t *testing.T, dir, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "crs.db")+"?mode=rw&_pragma=busy_timeout(20000)")
	if err == nil {
		_, err = db.Exec(statement)
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestAFileThatIsCutTakesNoMoreWrites: SQLite would go on writing behind the hole. What it has in memory is saved, and opens.
func TestAFileThatIsCutTakesNoMoreWrites(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file string
		size func(now int64) int64
	}{
		"the log emptied":         {"crs.db-wal", func(int64) int64 { return 0 }},
		"the log to its head":     {"crs.db-wal", func(int64) int64 { return 32 }},
		"the log to a frame":      {"crs.db-wal", func(int64) int64 { return 32 + 24 + 4096 }},
		"a quarter of the log":    {"crs.db-wal", func(now int64) int64 { return now / 4 }},
		"the store emptied":       {"crs.db", func(int64) int64 { return 0 }},
		"the store's last page":   {"crs.db", func(now int64) int64 { return now - 4096 }},
		"the store's last byte":   {"crs.db", func(now int64) int64 { return now - 1 }},
		"the store to its schema": {"crs.db", func(int64) int64 { return 4096 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := stocked(t, dir)
			path := filepath.Join(dir, c.file)
			info, err := os.Stat(path)
			if err != nil || s.Intact() != nil {
				t.Fatal(err, s.Intact())
			}
			if err := os.Truncate(path, c.size(info.Size())); err != nil {
				t.Fatal(err)
			}
			for what, err := range map[string]error{
				"put": put(t, s, "after"), "intact": s.Intact(), "state": s.SaveState(t.Context(), "pool", nil), "fact": claim(t, s, "a", "b"),
			} {
				if !errors.Is(err, store.ErrNotWritable) || !strings.Contains(err.Error(), path+" was cut") {
					t.Errorf("%s: %v", what, err)
				}
			}
			saved, err := s.Rescue(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Errorf("it does not close: %v", err)
			}
			lacksNothingInSilence(t, dir, saved)
			putBack(t, dir, saved)
			again := open(t, dir)
			defer func() { _ = again.Close() }()
			if docs, err := again.All(t.Context(), store.Key); err != nil || len(docs) != 40 {
				t.Errorf("%d documents, %v", len(docs), err)
			}
		})
	}
}

// lacksNothingInSilence starts on files that were cut. What was cut off a store may be in its log still.
func lacksNothingInSilence(t *testing.T, dir, saved string) {
	t.Helper()
	s, err := local.Open(t.Context(), dir)
	if err != nil {
		if !strings.Contains(err.Error(), "mv "+saved) {
			t.Errorf("a start says %v", err)
		}
		return
	}
	defer func() { _ = s.Close() }()
	if docs, err := s.All(t.Context(), store.Key); err != nil || len(docs) != 40 {
		t.Errorf("a start has %d documents in silence, %v", len(docs), err)
	}
}

// putBack does what the start tells.
func putBack(t *testing.T, dir, saved string) {
	t.Helper()
	db := filepath.Join(dir, "crs.db")
	_, _ = os.Remove(db+"-wal"), os.Remove(db+"-shm")
	if err := os.Rename(saved, db); err != nil {
		t.Fatal(err)
	}
}

// TestALogThatIsCutDuringAWriteIsNoticed: afterwards the log is as long as it should be, with a hole in it.
func TestALogThatIsCutDuringAWriteIsNoticed(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int64{"emptied": 0, "a frame": 32 + 24 + 4096} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := stocked(t, dir)
			cut := func() error { return os.Truncate(filepath.Join(dir, "crs.db-wal"), size) }
			if err := s.Interrupted(t.Context(), cut); !errors.Is(err, store.ErrNotWritable) || !strings.Contains(err.Error(), "was cut") {
				t.Errorf("a write that went behind a hole: %v", err)
			}
			if err := put(t, s, "after"); err == nil || s.Intact() == nil {
				t.Errorf("and then: %v, %v", err, s.Intact())
			}
			saved, err := s.Rescue(t.Context())
			_ = s.Close()
			if err != nil {
				t.Fatal(err)
			}
			putBack(t, dir, saved)
			_ = open(t, dir).Close()
		})
	}
}

// TestWhatOthersMayDoToTheFilesIsNoHarm: they are shorter then, and whole.
func TestWhatOthersMayDoToTheFilesIsNoHarm(t *testing.T) {
	t.Parallel()
	for _, statement := range []string{
		"PRAGMA wal_checkpoint(PASSIVE)", "PRAGMA wal_checkpoint(FULL)", "PRAGMA wal_checkpoint(RESTART)", "PRAGMA wal_checkpoint(TRUNCATE)",
		"VACUUM", "DELETE FROM doc; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)",
	} {
		t.Run(statement, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := stocked(t, dir)
			defer func() { _ = s.Close() }()
			for i := range 3 {
				outside(t, dir, statement)
				if err := s.Intact(); err != nil {
					t.Fatal(err)
				}
				if err := put(t, s, fmt.Sprint("after ", i)); err != nil {
					t.Fatal(err)
				}
			}
			if saved, err := s.Rescue(t.Context()); err != nil {
				t.Error(err)
			} else if _, err := os.Stat(saved); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestACopyThatLacksWhatWasAcknowledgedIsNone.
func TestACopyThatLacksWhatWasAcknowledgedIsNone(t *testing.T) {
	t.Parallel()
	dir := killed(t)
	if _, err := local.Copy(t.Context(), dir, filepath.Join(t.TempDir(), "whole")); err != nil {
		t.Error(err)
	}
	dir = killed(t)
	if err := os.Truncate(filepath.Join(dir, "crs.db-wal"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := local.Copy(t.Context(), dir, filepath.Join(t.TempDir(), "lacks")); !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), "acknowledged") {
		t.Errorf("it says %v", err)
	}
}
