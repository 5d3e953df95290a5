package pricing

import (
	"fmt"
	"strings"
)

// ParseUSD reads an amount as an operator writes it: 5, 0.5, $12.50. It is exact or an error, and never negative.
func ParseUSD(text string) (Cost, error) {
	amount := strings.TrimPrefix(strings.TrimSpace(text), "$")
	if strings.HasPrefix(amount, "-") {
		return 0, fmt.Errorf("amount %q: must not be negative", text)
	}
	if amount == "" || strings.Trim(amount, "0123456789.") != "" {
		return 0, fmt.Errorf("amount %q: not an amount in US dollars, such as 5, 0.5 or $12.50", text)
	}
	nano, exact, err := parseDecimal(amount, 9)
	if err != nil {
		return 0, fmt.Errorf("amount %q: %w", text, err)
	}
	if !exact {
		return 0, fmt.Errorf("amount %q: has more than nine decimals", text)
	}
	return Cost(nano), nil
}
