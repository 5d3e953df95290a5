package bound

import "math"

// The most of what one request can have used. No answer comes near; an upstream that says more is not believed further, so
// that what it says cannot fill the sums that others are in.
const (
	Tokens = 1_000_000_000             // of one kind
	Cost   = 1_000_000 * 1_000_000_000 // in nano-USD: a million dollars
)

// Full is where a sum has no room left that matters.
const Full = 9_000_000_000_000_000_000

// Sum adds. It stays at the end of an int64 where the sum is beyond.
func Sum(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < math.MinInt64-b:
		return math.MinInt64
	}
	return a + b
}

// Figure is n where it is between nothing and most, and else the nearer of the two.
func Figure(n, most int64) int64 { return min(max(n, 0), most) }
