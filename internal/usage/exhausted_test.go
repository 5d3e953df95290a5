//go:build linux || darwin

package usage_test

import (
	"testing"

	"crs/internal/descriptor/descriptortest"
)

// TestNothingIsConcludedWithoutDescriptors: the ledger's files are there, and are written to.
func TestNothingIsConcludedWithoutDescriptors(t *testing.T) {
	l, _ := newPlace(t).open(t)
	serve(t, l, record(0))
	if err := l.Commit(); err != nil {
		t.Fatal(err)
	}
	descriptortest.Exhaust(t)
	serve(t, l, record(1))
	if err := l.Commit(); err != nil {
		t.Error(err)
	}
	if h := l.Harm(); h.Cut != nil || h.Gone != nil || h.Remade != nil {
		t.Errorf("%+v", h)
	}
}
