package local_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crs/internal/store"
	"crs/internal/store/local"
)

func put(t *testing.T, s *local.Store, name string) error {
	t.Helper()
	_, err := s.Put(t.Context(), store.Doc{Kind: store.Key, ID: name, Name: name, Body: []byte("{}")})
	return err
}

// TestAFileThatVanishesTakesNoMoreWrites: SQLite would go on writing to what nobody will ever read.
func TestAFileThatVanishesTakesNoMoreWrites(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"crs.db", "crs.db-wal", "crs.db-shm"} {
		for how, harm := range map[string]func(path string) error{
			"removed": func(path string) error { return os.Rename(path, path+".away") },
			"replaced": func(path string) error {
				return errors.Join(os.Rename(path, path+".away"), os.WriteFile(path, []byte("another"), 0o600))
			},
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				s := open(t, dir)
				defer func() { _ = s.Close() }()
				if err := put(t, s, "before"); err != nil || s.Intact() != nil {
					t.Fatal(err, s.Intact())
				}
				path := filepath.Join(dir, name)
				if err := harm(path); err != nil {
					t.Fatal(err)
				}
				for what, err := range map[string]error{
					"put": put(t, s, "after"), "intact": s.Intact(), "state": s.SaveState(t.Context(), "pool", nil), "fact": claim(t, s, "a", "b"),
					"delete": s.Delete(t.Context(), store.Key, "before"),
				} {
					if !errors.Is(err, store.ErrNotWritable) || !strings.Contains(err.Error(), path) {
						t.Errorf("%s: %v", what, err)
					}
				}
				if docs, err := s.All(t.Context(), store.Key); err != nil || len(docs) != 1 {
					t.Errorf("it cannot be read any more: %d documents, %v", len(docs), err)
				}
				if err := os.Rename(path+".away", path); err != nil {
					t.Fatal(err)
				}
				if err := put(t, s, "after"); err != nil {
					t.Errorf("when the file is back: %v", err)
				}
			})
		}
	}
}

func TestWhatARemovedStoreHeldCanBeRescued(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	for i := range 5 {
		if err := put(t, s, fmt.Sprint("key ", i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"crs.db", "crs.db-wal", "crs.db-shm"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	path, err := s.Rescue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	if err := os.Rename(path, filepath.Join(dir, "crs.db")); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir)
	defer func() { _ = again.Close() }()
	if docs, err := again.All(t.Context(), store.Key); err != nil || len(docs) != 5 {
		t.Errorf("%d documents, %v", len(docs), err)
	}
}

// TestAWriteAheadLogThatWasCutStopsTheStart: what was acknowledged is missing, and a start would forget it in silence.
func TestAWriteAheadLogThatWasCutStopsTheStart(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(wal string) error{
		"removed":     os.Remove,
		"emptied":     func(wal string) error { return os.Truncate(wal, 0) },
		"cut":         func(wal string) error { return half(wal) },
		"overwritten": func(wal string) error { return overwrite(wal, 32, make([]byte, 4096)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := killed(t)
			if err := harm(filepath.Join(dir, "crs.db-wal")); err != nil {
				t.Fatal(err)
			}
			s, err := local.Open(t.Context(), dir)
			if err == nil {
				_ = s.Close()
				t.Fatal("it was opened")
			}
			count := filepath.Join(dir, "crs.db-count")
			if !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), "acknowledged") || !strings.Contains(err.Error(), "remove "+count) {
				t.Errorf("%v", err)
			}
			if err := os.Remove(count); err != nil {
				t.Fatal(err)
			}
			s = open(t, dir) // the named way to go on
			if err := put(t, s, "after"); err != nil {
				t.Error(err)
			}
			_ = s.Close()
			_ = open(t, dir).Close()
		})
	}
	t.Run("not touched", func(t *testing.T) {
		t.Parallel()
		s := open(t, killed(t))
		defer func() { _ = s.Close() }()
		if docs, err := s.All(t.Context(), store.Key); err != nil || len(docs) != 20 {
			t.Errorf("%d documents, %v", len(docs), err)
		}
	})
}

// killed is the directory of a store as a process leaves it that was killed: with a write-ahead log.
func killed(t *testing.T) string {
	t.Helper()
	dir, left := t.TempDir(), t.TempDir()
	_ = open(t, dir).Close()
	s := open(t, dir)
	defer func() { _ = s.Close() }()
	for i := range 20 {
		if err := put(t, s, fmt.Sprint("key ", i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"crs.db", "crs.db-wal", "crs.db-count", "store.json"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(left, name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return left
}

func half(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return os.Truncate(path, info.Size()/2)
}

func claim(t *testing.T, s *local.Store, name, value string) error {
	t.Helper()
	_, err := s.Claim(t.Context(), name, value)
	return err
}
