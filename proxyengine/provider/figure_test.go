package provider_test

import (
	"testing"

	"crs/proxyengine/provider"
)

func TestFigure(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"0": 0, "7": 7, "-7": 0, "1000000000": 1_000_000_000, "1099511627776": 1 << 40, "1099511627777": 1 << 40,
		"3000000000000000000": 1 << 40, "9223372036854775807": 1 << 40, "9223372036854775808": 1 << 40, "-9223372036854775808": 0,
		"99999999999999999999999999": 1 << 40, "-99999999999999999999999999": 0,
	} {
		if n, ok := provider.Figure([]byte(text)); !ok || n != want {
			t.Errorf("%s is %d, %v", text, n, ok)
		}
	}
	for _, text := range []string{"", "-", "null", `"7"`, "1.5", "1e9", "01", "00000000000000000000000001", "1234567890123456789012x", "{}"} {
		if n, ok := provider.Figure([]byte(text)); ok {
			t.Errorf("%s is %d", text, n)
		}
	}
}
