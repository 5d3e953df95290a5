package local_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crs/internal/store"
	"crs/internal/store/local"
	"crs/internal/unit"
	"crs/internal/usage"
	"crs/lab/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Opener {
		dir := t.TempDir()
		return func(t *testing.T) store.Store { return open(t, dir) }
	})
}

func open(t *testing.T, dir string) *local.Store {
	t.Helper()
	s, err := local.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// filled makes a store with enough in it to fill several pages, and closes it.
func filled(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	s := open(t, dir)
	for i := range 50 {
		if _, err := s.Put(t.Context(), store.Doc{Kind: store.Key, ID: fmt.Sprint(i), Body: bytes.Repeat([]byte("x"), 1000)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestANameIsLookedUpWithoutReadingEveryDocument(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	defer func() { _ = s.Close() }()
	plan, err := s.PlanOfHolder(t.Context())
	if err != nil || !strings.Contains(plan, "INDEX doc_name (kind=? AND name=?)") {
		t.Errorf("the database does it so: %s (%v)", plan, err)
	}
}

func TestAStoreThatIsDamagedOrGoneIsNeverStartedEmpty(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(db string) error{
		"removed":           os.Remove,
		"emptied":           func(db string) error { return os.Truncate(db, 0) },
		"overwritten":       func(db string) error { return os.WriteFile(db, []byte(strings.Repeat("not a database ", 999)), 0o600) },
		"cut short":         func(db string) error { return os.Truncate(db, 8192) },
		"page overwritten":  func(db string) error { return overwrite(db, 4096*3, bytes.Repeat([]byte{0xee}, 4096*8)) },
		"another one there": anotherStore,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filled(t)
			db := filepath.Join(dir, "crs.db")
			if err := harm(db); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadFile(db)
			s, err := local.Open(t.Context(), dir)
			if err == nil {
				_ = s.Close()
				t.Fatal("it was opened")
			}
			if !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), db) {
				t.Errorf("error: %v", err)
			}
			if after, _ := os.ReadFile(db); len(before) > 0 && !bytes.Equal(before, after) {
				t.Error("what was left of it was changed")
			}
		})
	}
}

func overwrite(path string, at int64, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, at)
	return errors.Join(err, f.Close())
}

func anotherStore(db string) error {
	dir, err := os.MkdirTemp("", "crs-store")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s, err := local.Open(context.Background(), dir)
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	b, err := os.ReadFile(filepath.Join(dir, "crs.db"))
	if err != nil {
		return err
	}
	return os.WriteFile(db, b, 0o600)
}

func TestAStoreOfANewerVersionIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := filled(t)
	db := filepath.Join(dir, "crs.db")
	if err := overwrite(db, 60, []byte{0, 0, 0, 99}); err != nil { // user_version, by SQLite's file format
		t.Fatal(err)
	}
	before, _ := os.ReadFile(db)
	_, err := local.Open(t.Context(), dir)
	if err == nil || !strings.Contains(err.Error(), "newer crs") {
		t.Errorf("error: %v", err)
	}
	if after, _ := os.ReadFile(db); !bytes.Equal(before, after) {
		t.Error("it was changed")
	}
}

func TestAStoreWhoseMarkerWasLostOpensAndGetsANewOne(t *testing.T) {
	t.Parallel()
	dir := filled(t)
	marker := filepath.Join(dir, "store.json")
	if err := os.Remove(marker); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	defer func() { _ = s.Close() }()
	if docs, err := s.All(t.Context(), store.Key); err != nil || len(docs) != 50 || s.Fresh() {
		t.Errorf("%d documents, fresh %v, %v", len(docs), s.Fresh(), err)
	}
	if _, err := os.Stat(marker); err != nil {
		t.Error(err)
	}
}

func TestTwoProcessesMayAddUpAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one, two := open(t, dir), open(t, dir)
	defer func() { _, _ = one.Close(), two.Close() }()
	errs := make(chan error, 2)
	for node, s := range map[string]*local.Store{"old": one, "new": two} {
		go func() {
			var err error
			for i := int64(1); i <= 20 && err == nil; i++ {
				err = s.AddUp(t.Context(), node, []usage.Sum{{Day: "2026-11-23", Key: "k", Requests: 1}}, usage.Cursor{Offset: i - 1}, usage.Cursor{Offset: i})
			}
			errs <- err
		}()
	}
	for range 2 {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	rows, err := one.Usage(t.Context(), usage.Query{})
	if err != nil || len(rows) != 1 || rows[0].Requests != 40 {
		t.Errorf("%v, %v", rows, err)
	}
}

func TestADirectoryThatCannotBeWrittenIsAnErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := local.Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("error: %v", err)
	}
}

func TestAFullDiskIsNoDamage(t *testing.T) {
	t.Parallel()
	s, err := local.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.Full(t.Context()); err != nil {
		t.Fatal(err)
	}
	doc := store.Doc{Kind: store.Key, ID: "k", Body: bytes.Repeat([]byte("x"), 1<<20)}
	if _, err := s.Put(t.Context(), doc); !errors.Is(err, store.ErrNotWritable) || errors.Is(err, store.ErrDamaged) {
		t.Errorf("a write: %v", err)
	}
	if all, err := s.All(t.Context(), store.Key); err != nil || len(all) != 0 {
		t.Errorf("afterwards: %v, %v", all, err)
	}
}

func TestSumsThatHaveOverflownAreTheLargestNumber(t *testing.T) {
	t.Parallel()
	dir, hour := t.TempDir(), time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	add := func(s *local.Store, from, to int64) error {
		sum := usage.Sum{Hour: hour, Day: "2026-11-23", Key: "k", Requests: 1, Charged: 1}
		return s.AddUp(t.Context(), "n", []usage.Sum{sum}, usage.Cursor{Offset: from}, usage.Cursor{Offset: to})
	}
	s := open(t, dir)
	if err := errors.Join(add(s, 0, 1), s.Overflow(t.Context()), s.Close()); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	defer func() { _ = s.Close() }()
	for at := range int64(2) { // as it was left, and added to
		c, err := s.Spent(t.Context(), []string{"2026-11-23", ""}, "2026-11-23")
		if err != nil || c["k"][0][unit.Cost] != math.MaxInt64 || c["k"][1][unit.Cost] != math.MaxInt64 || !c["k"][0].Full() {
			t.Errorf("charged %v, %v", c, err)
		}
		if u, err := s.Usage(t.Context(), usage.Query{}); err != nil || len(u) != 1 || u[0].Requests != at+1 || u[0].Tokens.Input != math.MaxInt64 {
			t.Errorf("used %+v, %v", u, err)
		}
		if err := s.Export(t.Context(), func(store.Item) error { return nil }); err != nil {
			t.Errorf("taken out: %v", err)
		}
		if err := add(s, at+1, at+2); err != nil {
			t.Error(err)
		}
	}
}
