//go:build !unix

package descriptor

import "math"

// Limit is a number that is never reached: this system has no such limit.
func Limit() int { return math.MaxInt32 }

// LimitNow is Limit.
func LimitNow() int { return Limit() }
