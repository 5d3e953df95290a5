package pricing_test

import (
	"math"
	"strings"
	"testing"

	"crs/internal/pricing"
)

func TestACostIsWrittenInDollars(t *testing.T) {
	t.Parallel()
	for cost, want := range map[pricing.Cost]string{
		0: "$0.00", 1: "$0.000000001", 10_000_000: "$0.01", 11_364_000: "$0.011364", 100_000_000: "$0.10", 1_000_000_000: "$1.00",
		12_500_000_000: "$12.50", 12_000_000_010: "$12.00000001", -500_000_000: "-$0.50", -1: "-$0.000000001",
		math.MaxInt64: "$9223372036.854775807", math.MinInt64: "-$9223372036.854775808",
	} {
		if got := cost.String(); got != want {
			t.Errorf("%d: %s, want %s", int64(cost), got, want)
		}
	}
}

func TestDollarsAreTheNearestFloat(t *testing.T) {
	t.Parallel()
	for cost, want := range map[pricing.Cost]float64{0: 0, 11_364_000: 0.011364, 647_500_000: 0.6475, -1_000_000_000: -1} {
		if got := cost.Dollars(); got != want {
			t.Errorf("%s: %v, want %v", cost, got, want)
		}
	}
}

func TestAmountsAreReadExactly(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]pricing.Cost{
		"5": 5_000_000_000, "0.5": 500_000_000, ".5": 500_000_000, "$12.50": 12_500_000_000, " $0 ": 0, "0.000000001": 1,
		"0.1": 100_000_000, "1.0000000000": 1_000_000_000, "007": 7_000_000_000, "9223372036.854775807": math.MaxInt64,
		"00000000000000000000000000.25": 250_000_000,
	} {
		if got, err := pricing.ParseUSD(text); got != want || err != nil {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestAnAmountThatIsNoneSaysWhy(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                     "not an amount",
		"$":                    "not an amount",
		"five":                 "not an amount",
		"1,000":                "not an amount",
		"5 USD":                "not an amount",
		"1e3":                  "not an amount",
		"+5":                   "not an amount",
		"0x10":                 "not an amount",
		"1.2.3":                "not a number",
		".":                    "not a number",
		"-5":                   "must not be negative",
		"$-5":                  "must not be negative",
		"0.0000000001":         "more than nine decimals",
		"9223372036.854775808": "too large",
		"99999999999999999999": "too large",
	} {
		_, err := pricing.ParseUSD(text)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v, want %q in it", text, err, want)
		}
	}
}

// What String writes, ParseUSD reads; and nothing makes it panic.
func FuzzParseUSD(f *testing.F) {
	for _, seed := range []string{"5", "$12.50", "0.011364", "9223372036.854775807", "1e999999999", "..", "$.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		cost, err := pricing.ParseUSD(text)
		if err != nil {
			return
		}
		if again, err := pricing.ParseUSD(cost.String()); again != cost || err != nil {
			t.Errorf("%q is %s, which reads back as %v, %v", text, cost, again, err)
		}
	})
}
