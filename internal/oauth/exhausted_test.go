//go:build linux || darwin

package oauth_test

import (
	"testing"

	"crs/internal/descriptor/descriptortest"
)

// TestThePairIsKeptWithoutDescriptors: the reserve is open, and nothing is wrong with it.
func TestThePairIsKeptWithoutDescriptors(t *testing.T) {
	r := reserve(t, t.TempDir(), sealing(t))
	descriptortest.Exhaust(t)
	if found, err := r.Mend(); found != nil || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
	keep(t, r, pair("a", 2))
}
