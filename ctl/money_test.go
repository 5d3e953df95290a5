package ctl_test

import (
	"encoding/json"
	"math"
	"testing"

	"crs/ctl"
)

func FuzzWhateverAmountIsWrittenCanBeRead(f *testing.F) {
	for _, n := range []int64{0, 1, -1, 999_999_999, -1_500_000_000, 1e18, 9_999_999_999_999_999, math.MaxInt64, math.MinInt64, -2} {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, n int64) {
		text, err := json.Marshal(ctl.USD(n))
		if err != nil {
			t.Fatal(err)
		}
		var back ctl.USD
		if err := json.Unmarshal(text, &back); err != nil || back != ctl.USD(n) {
			t.Errorf("%d was written as %s and read as %d, %v", n, text, back, err)
		}
	})
}

func TestWhatIsNoAmountIsAnError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`"5"`, "1e3", "1.0000000001", "99999999999", "{}", "true"} {
		var m ctl.USD
		if err := json.Unmarshal([]byte(text), &m); err == nil {
			t.Errorf("%s is %s", text, m)
		}
	}
}

func TestRowsAddUpToNoMoreThanCanBeCounted(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]int64{{1, 2, 3}, {math.MaxInt64, 1, math.MaxInt64}, {math.MinInt64, -1, math.MinInt64}, {math.MaxInt64, -1, math.MaxInt64 - 1}} {
		r := ctl.UsageRow{Requests: 1, ReasoningTokens: c[0], Cost: ctl.USD(c[0]), Charged: ctl.USD(c[0])}
		r.Add(&ctl.UsageRow{Requests: 1, ReasoningTokens: c[1], Cost: ctl.USD(c[1]), Charged: ctl.USD(c[1])})
		if want := (ctl.UsageRow{Requests: 2, ReasoningTokens: c[2], Cost: ctl.USD(c[2]), Charged: ctl.USD(c[2])}); r != want {
			t.Errorf("%v: %+v", c, r)
		}
	}
}
