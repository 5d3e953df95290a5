package piecewise

import (
	"bytes"
	"testing"
)

func TestAppendDoesWhatTheBuiltinDoes(t *testing.T) {
	t.Parallel()
	sizes := []int{0, 1, Size - 1, Size, Size + 1, 3*Size + 7}
	for _, had := range sizes {
		for _, more := range sizes {
			to, from := bytes.Repeat([]byte("a"), had), bytes.Repeat([]byte("b"), more)
			want := append(bytes.Clone(to), from...)
			if got := Append(to, from); !bytes.Equal(got, want) {
				t.Errorf("%d bytes and %d more are %d", had, more, len(got))
			}
		}
	}
}

func TestAppendGrowsToNoMoreThanTwiceWhatIsNeeded(t *testing.T) {
	t.Parallel()
	var all []byte
	grown := 0
	for range 1000 {
		before := cap(all)
		if all = Append(all, make([]byte, 10<<10)); cap(all) != before {
			grown++
		}
		if len(all) > Size && cap(all) > 2*len(all) {
			t.Fatalf("%d bytes have room for %d", len(all), cap(all))
		}
	}
	if grown > 20 {
		t.Errorf("it was moved %d times", grown)
	}
}
