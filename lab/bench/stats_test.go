package main

import (
	"testing"
	"time"
)

func TestTheMedianIsInTheMiddle(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		values []float64
		want   spread
	}{
		"one":         {[]float64{7}, spread{7, 7, 7}},
		"odd":         {[]float64{9, 1, 4}, spread{4, 1, 9}},
		"even":        {[]float64{4, 1, 9, 2}, spread{3, 1, 9}},
		"all alike":   {[]float64{2, 2, 2, 2, 2}, spread{2, 2, 2}},
		"an outlier":  {[]float64{1000, 2, 3, 1, 4}, spread{3, 1, 1000}},
		"with losses": {[]float64{-1, 0, 1}, spread{0, -1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := spreadOf(c.values); got != c.want {
				t.Errorf("%v gives %+v, not %+v", c.values, got, c.want)
			}
		})
	}
}

func TestAPercentileIsATimeThatWasMeasured(t *testing.T) {
	t.Parallel()
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	for name, c := range map[string]struct {
		times []time.Duration
		p     int
		want  time.Duration
	}{
		"the median of many":     {hundred, 50, 50},
		"the 99th of a hundred":  {hundred, 99, 99},
		"the 100th of a hundred": {hundred, 100, 100},
		"the 99th of fewer":      {hundred[:10], 99, 10},
		"the median of three":    {hundred[:3], 50, 2},
		"of one":                 {hundred[:1], 50, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := percentile(c.times, c.p); got != c.want {
				t.Errorf("got %d, not %d", got, c.want)
			}
		})
	}
}
