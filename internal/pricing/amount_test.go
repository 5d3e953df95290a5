package pricing

import (
	"math"
	"testing"
)

func TestAmountsAtTheEdgeOfTheirRange(t *testing.T) {
	t.Parallel()
	const unit = 1_000_000_000_000_000 // of an amount, in a nano-USD
	tests := map[string]struct {
		amount amount
		want   Cost
	}{
		"nothing":              {amount{}, 0},
		"just under half":      {amount{lo: unit/2 - 1}, 0},
		"half":                 {amount{lo: unit / 2}, 1},
		"the quotient is full": {amount{hi: unit - 1, lo: math.MaxUint64}, math.MaxInt64},
		"beyond the quotient":  {amount{hi: unit}, math.MaxInt64},
		"after saturation":     {amount{hi: 1 << 60}.times(times1), math.MaxInt64},
		"the low half carries": {amount{hi: 18446744073709, lo: math.MaxUint64}.times(times1).times(1), math.MaxInt64},
		"twice saturated":      {most.plus(amount{hi: 1 << 60}.times(times1)), math.MaxInt64},
		"a carry":              {amount{lo: math.MaxUint64}.plus(amount{lo: 1}), 18447},
		"of negative counts":   {price(-5, 7, times1, times1), 0},
		"the largest of all":   {price(math.MaxInt64, maxUnit, maxMultiplier, maxMultiplier), math.MaxInt64},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.amount.cost(); got != tt.want {
				t.Errorf("%d, want %d", got, tt.want)
			}
		})
	}
}

func TestAProportionIsExactUpToTheLargestPrice(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ value, num, den, want PerUnit }{
		"down":                 {10, 1, 3, 3},
		"up":                   {10, 2, 3, 7},
		"half up":              {1, 1, 2, 1},
		"nothing to compare":   {7, 5, 0, 7},
		"64 bits are exceeded": {1<<32 - 1, 1<<32 + 1, 10_000_000_000, 1844674407},
		"no quotient":          {maxPrice, 2_000_000_000, 1, maxPrice},
		"above the largest":    {maxPrice, 3, 2, maxPrice},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := proportion(tt.value, tt.num, tt.den); got != tt.want {
				t.Errorf("%d, want %d", got, tt.want)
			}
		})
	}
}
