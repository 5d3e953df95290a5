package share_test

import (
	"slices"
	"testing"

	"crs/internal/share"
)

func TestThePartsComeToTheWhole(t *testing.T) {
	t.Parallel()
	const most = 1<<63 - 1
	for name, c := range map[string]struct {
		whole   int64
		weights []int64
		want    []int64
	}{
		"nobody":                        {100, nil, []int64{}},
		"one":                           {101, []int64{7}, []int64{101}},
		"evenly":                        {100, []int64{5, 5}, []int64{50, 50}},
		"of equals the first gets more": {100, []int64{1, 1, 1}, []int64{34, 33, 33}},
		"the largest remainder":/* 33.3, 22.2, 44.4 */ {100, []int64{3, 2, 4}, []int64{33, 22, 45}},
		"one that used nothing":           {100, []int64{0, 9}, []int64{0, 100}},
		"where nobody used anything":      {5, []int64{0, 0}, []int64{3, 2}},
		"of nothing":                      {0, []int64{1, 2}, []int64{0, 0}},
		"more than an int64 can multiply": {most, []int64{most, most}, []int64{most/2 + 1, most / 2}},
	} {
		if got := share.Of(c.whole, c.weights); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestCents(t *testing.T) {
	t.Parallel()
	const one = 1_000_000_000
	for _, c := range [][3]int64{{one, one, 100}, {0, one, 0}, {4_999_999, one, 0}, {5_000_000, one, 1}, {10 * one, 920_000_000, 920}, {one, 1_234_567_890, 123}, {one, 1_235_000_000, 124}} {
		if got := share.Cents(c[0], c[1]); got != c[2] {
			t.Errorf("%d at %d are %d", c[0], c[1], got)
		}
	}
}

func FuzzTheParts(f *testing.F) {
	f.Add(int64(100), int64(1), int64(2), int64(3))
	f.Fuzz(func(t *testing.T, whole, a, b, c int64) {
		weights := []int64{max(a, -a-1, 0), max(b, -b-1, 0), max(c, -c-1, 0)}
		whole = max(whole, -whole-1)
		left := whole
		for _, p := range share.Of(whole, weights) {
			if left -= p; p < 0 {
				t.Fatal(whole, weights)
			}
		}
		if left != 0 {
			t.Fatal(whole, weights, left)
		}
	})
}
