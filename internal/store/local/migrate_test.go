package local

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
)

// TestSomethingCanBeDoneBeforeAMigration: it sees the store as it was; when it fails, the store stays so.
func TestSomethingCanBeDoneBeforeAMigration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := OpenWith(t.Context(), dir, func(context.Context, int, int) error {
		t.Error("a new store was taken for an old one")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	steps := append(migrations(), "CREATE TABLE later (x INTEGER)")
	path := filepath.Join(dir, file)
	failing := errors.New("no room")
	if err := s.migrate(t.Context(), path, steps, func(context.Context, int, int) error { return failing }); !errors.Is(err, failing) {
		t.Errorf("%v", err)
	}
	copied := filepath.Join(t.TempDir(), "copy")
	err = s.migrate(t.Context(), path, steps, func(ctx context.Context, from, to int) error {
		if from != Schema() || to != Schema()+1 {
			t.Errorf("from %d to %d", from, to)
		}
		schema, err := Copy(ctx, dir, copied)
		if err == nil && schema != from {
			t.Errorf("the copy has schema %d", schema)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if schema, err := Copy(t.Context(), dir, copied+"2"); err != nil || schema != Schema()+1 {
		t.Errorf("afterwards: %d, %v", schema, err)
	}
}
