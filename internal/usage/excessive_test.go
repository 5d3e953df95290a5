package usage

import (
	"math"
	"testing"

	"crs/internal/bound"
)

func TestARecordThatNobodyBelievesCountsNoMoreThanARequestCan(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{math.MaxInt64, 3e18, bound.Cost + 1} {
		r := Record{Key: "k", Cost: n, Charged: n}
		for _, of := range r.Tokens.all() {
			*of = n
		}
		sums, when := map[sumKey]*Sum{}, slot{day: "2026-11-23"}
		for range 2 {
			add(sums, &r, when, new(models))
		}
		if len(sums) != 1 {
			t.Fatalf("%d sums", len(sums))
		}
		for _, s := range sums {
			if s.Requests != 2 || s.Cost != 2*bound.Cost || s.Charged != 2*bound.Cost {
				t.Errorf("%d: %+v", n, s)
			}
			for i, of := range s.Tokens.all() {
				if *of != 2*bound.Tokens {
					t.Errorf("%d: count %d is %d", n, i, *of)
				}
			}
		}
	}
}

func TestSumsThatMeetStayTheLargest(t *testing.T) {
	t.Parallel()
	full := func() map[sumKey]*Sum {
		s := new(Sum)
		for _, n := range s.Counts() {
			*n = math.MaxInt64
		}
		return map[sumKey]*Sum{{}: s}
	}
	to := full()
	merge(to, full())
	for i, n := range to[sumKey{}].Counts() {
		if *n != math.MaxInt64 {
			t.Errorf("count %d is %d", i, *n)
		}
	}
}
