package bound_test

import (
	"math"
	"testing"

	"crs/internal/bound"
)

func TestSum(t *testing.T) {
	t.Parallel()
	const most, least = math.MaxInt64, math.MinInt64
	for _, c := range [][3]int64{
		{1, 2, 3}, {-1, 1, 0}, {most, 0, most}, {most, 1, most}, {1, most, most}, {most, most, most}, {most, -1, most - 1}, {most, least, -1},
		{least, -1, least}, {least, least, least}, {least, 1, least + 1}, {most - 1, 1, most}, {least + 1, -1, least},
	} {
		if got := bound.Sum(c[0], c[1]); got != c[2] {
			t.Errorf("%d and %d are %d", c[0], c[1], got)
		}
	}
}

func TestFigure(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]int64{{-1, 0}, {0, 0}, {7, 7}, {9, 9}, {10, 9}, {math.MaxInt64, 9}, {math.MinInt64, 0}} {
		if got := bound.Figure(c[0], 9); got != c[1] {
			t.Errorf("%d is %d", c[0], got)
		}
	}
}
