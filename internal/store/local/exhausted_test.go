//go:build linux || darwin

package local_test

import (
	"testing"

	"crs/internal/descriptor/descriptortest"
)

// TestNothingIsConcludedWithoutDescriptors: the files are whole, and are written to; that they cannot be opened anew is no sign of harm.
func TestNothingIsConcludedWithoutDescriptors(t *testing.T) {
	s := stocked(t, t.TempDir())
	defer func() { _ = s.Close() }()
	descriptortest.Exhaust(t)
	if err := s.Intact(); err != nil {
		t.Error(err)
	}
	if err := put(t, s, "one more"); err != nil {
		t.Errorf("a write: %v", err)
	}
	s.Forgetful()
	if err := s.Intact(); err != nil {
		t.Errorf("with files to open: %v", err)
	}
}
