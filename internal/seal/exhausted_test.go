//go:build linux || darwin

package seal_test

import (
	"testing"

	"crs/internal/descriptor/descriptortest"
)

// TestNothingIsConcludedWithoutDescriptors: the key file is there, and only cannot be read just now.
func TestNothingIsConcludedWithoutDescriptors(t *testing.T) {
	s := open(t, t.TempDir())
	descriptortest.Exhaust(t)
	if err := s.Intact(); err != nil {
		t.Error(err)
	}
}
