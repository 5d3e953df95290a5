package provider

import (
	"bytes"
	"testing"

	"crs/internal/piecewise"
)

func TestADigestTellsPartsApart(t *testing.T) {
	t.Parallel()
	long := bytes.Repeat([]byte("a"), 3*piecewise.Size+1)
	seen := map[string]int{}
	for i, parts := range [][][]byte{{}, {[]byte("a")}, {[]byte("a"), []byte("b")}, {[]byte("ab")}, {nil, []byte("ab")}, {long}, {long[1:]}} {
		name := Digest(parts...)
		if other, is := seen[name]; is || len(name) != 32 {
			t.Errorf("%d and %d are both %q", i, other, name)
		}
		seen[name] = i
	}
	if Digest(long) != Digest(bytes.Clone(long)) {
		t.Error("the same has two names")
	}
}
