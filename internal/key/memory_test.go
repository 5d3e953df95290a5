package key_test

import (
	"context"

	"crs/internal/store"
)

// memory takes every write and remembers nothing: a benchmark's store.
type memory struct{}

func (*memory) Put(_ context.Context, d store.Doc) (int64, error)    { return d.Version + 1, nil }
func (*memory) Delete(context.Context, store.Kind, string) error     { return nil }
func (*memory) All(context.Context, store.Kind) ([]store.Doc, error) { return nil, nil }
