package ctl

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// USD is an amount of money in nano-dollars. In JSON it is a plain decimal number of dollars, exact.
type USD int64

const dollar = 1_000_000_000

// String gives dollars with at least two decimals, and no more than it needs.
func (m USD) String() string {
	text := m.Decimal()
	whole, fraction, _ := strings.Cut(text, ".")
	for len(fraction) < 2 {
		fraction += "0"
	}
	return "$" + whole + "." + fraction
}

// Decimal is the shortest exact form.
func (m USD) Decimal() string {
	sign, n := "", uint64(m)
	if m < 0 {
		sign, n = "-", -n
	}
	text := sign + strconv.FormatUint(n/dollar, 10)
	if fraction := n % dollar; fraction > 0 {
		text += "." + strings.TrimRight(fmt.Sprintf("%09d", fraction), "0")
	}
	return text
}

// MarshalJSON writes a number.
func (m USD) MarshalJSON() ([]byte, error) { return []byte(m.Decimal()), nil }

// UnmarshalJSON reads whatever MarshalJSON writes.
func (m *USD) UnmarshalJSON(b []byte) error {
	text, sign := string(b), ""
	if plain, negative := strings.CutPrefix(text, "-"); negative {
		text, sign = plain, "-"
	}
	whole, fraction, _ := strings.Cut(text, ".")
	if strings.Trim(whole+fraction, "0123456789") != "" || whole == "" || len(fraction) > 9 {
		return fmt.Errorf("%q is not an amount in US dollars", b)
	}
	n, err := nanos(sign+whole, fraction)
	if err != nil {
		return fmt.Errorf("%q is not an amount in US dollars: %w", b, err)
	}
	*m = n
	return nil
}

// nanos puts an amount together from its digits before the point and up to nine behind it.
func nanos(whole, fraction string) (USD, error) {
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", 9-len(fraction)), 10, 64)
	return USD(n), err
}

// ParseUSD reads an amount as a person writes it: 5, 0.5, $12.50.
func ParseUSD(text string) (USD, error) {
	plain := strings.TrimPrefix(strings.TrimSpace(text), "$")
	whole, fraction, _ := strings.Cut(plain, ".")
	if whole == "" && fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" || len(fraction) > 9 || len(whole) > 9 {
		return 0, fmt.Errorf("%q is not an amount in US dollars, such as 5, 0.5 or $12.50", text)
	}
	return nanos("0"+whole, fraction)
}

// Dollars gives the amount that a number of dollars is; 0 for what is none.
func Dollars(n json.Number) USD {
	var m USD
	if m.UnmarshalJSON([]byte(n)) != nil {
		return 0
	}
	return m
}
