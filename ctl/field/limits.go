package field

import (
	"cmp"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"crs/ctl"
)

// Limits reads UNIT/WINDOW=N, several times. What units and windows there are, a daemon knows.
func Limits(list []string) (map[string]json.Number, error) {
	all := map[string]json.Number{}
	for _, said := range list {
		limit, most, found := strings.Cut(said, "=")
		unit, window, both := strings.Cut(limit, "/")
		if !found || !both || unit == "" || window == "" || !utf8.ValidString(limit) {
			return nil, unread("%q is not UNIT/WINDOW=N", said)
		}
		n, ok := parseQuantity(most)
		if !ok {
			return nil, unread("%q is no number to limit %s to", most, limit)
		}
		if _, twice := all[limit]; twice {
			return nil, ctl.Errorf(ctl.BadRequest, "the limit %s is said twice", limit)
		}
		all[limit] = n
	}
	return all, nil
}

func unread(format string, args ...any) error {
	return ctl.Errorf(ctl.BadRequest, format, args...).
		WithHint("say what is limited, in which time, and to how much: UNIT/WINDOW=N, where N is a number such as 50, 2.50, 300k or 2M; 0 takes a limit away")
}

// Digits that a number may have before and after the point.
const (
	mostWhole    = 18
	mostFraction = 9
)

// parseQuantity reads how much of something there may be: 300, 1.5k, 2M, $2.50.
func parseQuantity(text string) (json.Number, bool) {
	text = strings.TrimPrefix(text, "$")
	zeros := 0
	switch {
	case strings.HasSuffix(text, "k"):
		text, zeros = text[:len(text)-1], 3
	case strings.HasSuffix(text, "M"):
		text, zeros = text[:len(text)-1], 6
	}
	whole, fraction, _ := strings.Cut(text, ".")
	if whole+fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" || len(fraction) > mostFraction {
		return "", false
	}
	for range zeros { // the point moves to the right
		digit := "0"
		if fraction != "" {
			digit, fraction = fraction[:1], fraction[1:]
		}
		whole += digit
	}
	whole = strings.TrimLeft(whole, "0")
	if len(whole) > mostWhole {
		return "", false
	}
	whole = cmp.Or(whole, "0")
	if fraction != "" {
		whole += "." + fraction
	}
	return json.Number(whole), true
}

// LimitChanges are what makes one text of limits another: those that are said anew, and 0 for those that are said no more.
func LimitChanges(before, after string) (map[string]json.Number, error) {
	had, err := Limits(Words(before))
	if err != nil {
		return nil, err
	}
	changes, err := Limits(Words(after))
	if err != nil {
		return nil, err
	}
	for limit, n := range had {
		switch now, stays := changes[limit]; {
		case !stays:
			changes[limit] = "0"
		case now == n:
			delete(changes, limit)
		}
	}
	return changes, nil
}
