// Package field reads and writes the fields of a catalogue as people say them: one parser for each kind, whoever asks.
package field

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"crs/ctl"
	"crs/internal/config"
)

// Parse reads what somebody said of a field; nothing is what takes an old value away. An error is a *ctl.Error.
func Parse(kind ctl.FieldKind, said string, now time.Time) (any, error) {
	said = strings.TrimSpace(said)
	switch kind {
	case ctl.AddressField:
		return said, checkAddress(said)
	case ctl.CountField:
		return parseCount(said)
	case ctl.SwitchField:
		return said == "yes" || said == "true", nil
	case ctl.MoneyField:
		return parseMoney(said)
	case ctl.DurationField:
		return parseSeconds(said)
	case ctl.FactorField:
		return parseFactor(said)
	case ctl.PairsField:
		return Pairs(Words(said))
	case ctl.LimitsField:
		return Limits(Words(said))
	case ctl.EndField:
		return ParseEnd(cmp.Or(said, never), now)
	}
	if kind.List() {
		return Words(said), nil
	}
	return said, nil
}

func checkAddress(text string) error {
	if text != "" && !strings.HasPrefix(text, "https://") && !strings.HasPrefix(text, "http://") {
		return ctl.Errorf(ctl.BadRequest, "an address begins with https:// or http://")
	}
	return nil
}

func parseCount(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if text != "" && (err != nil || n < 0) {
		return 0, ctl.Errorf(ctl.BadRequest, "this must be a whole number from 0 on, or nothing")
	}
	return n, nil
}

func parseMoney(text string) (ctl.USD, error) {
	m, err := ctl.ParseUSD(cmp.Or(text, "0"))
	if err != nil {
		return 0, ctl.Errorf(ctl.BadRequest, "%s", err)
	}
	return m, nil
}

// parseSeconds gives what JSON has: a number of seconds.
func parseSeconds(text string) (float64, error) {
	d, err := config.ParseDuration(cmp.Or(text, "0s"))
	if err != nil || d < 0 {
		return 0, ctl.Errorf(ctl.BadRequest, "%q is not a duration such as 30s, 12h or 30d", text)
	}
	return d.Seconds(), nil
}

func parseFactor(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v <= 0 {
		return 0, ctl.Errorf(ctl.BadRequest, "this must be a number above 0, such as 1 or 1.5")
	}
	return v, nil
}

// Words are the entries of a list between commas or spaces. They are never nil, so that an empty list can be told from none.
func Words(text string) []string {
	return append([]string{}, strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })...)
}

// Pairs reads FROM=TO, several times.
func Pairs(list []string) (map[string]string, error) {
	all := map[string]string{}
	for _, pair := range list {
		from, to, found := strings.Cut(pair, "=")
		from, to = strings.TrimSpace(from), strings.TrimSpace(to)
		if !found || from == "" || to == "" {
			return nil, ctl.Errorf(ctl.BadRequest, "%q is not FROM=TO", pair)
		}
		all[from] = to
	}
	return all, nil
}

// never is said of what does not end.
const never = "never"

// ParseEnd reads when something ends: 30d from now, a day (all of which still counts), a moment, or never, which is the zero time.
func ParseEnd(text string, now time.Time) (time.Time, error) {
	if text == never {
		return time.Time{}, nil
	}
	at, err := parseMoment(text, now)
	if err != nil {
		return at, ctl.Errorf(ctl.BadRequest, "%q is no time", text).
			WithHint("say in how long (12h, 30d), a day (2026-12-31), a moment (2026-12-31T10:00:00Z), or never")
	}
	if !at.After(now) {
		return at, ctl.Errorf(ctl.BadRequest, "%s has passed already", text)
	}
	return at.UTC(), nil
}

func parseMoment(text string, now time.Time) (time.Time, error) {
	if day, err := time.ParseInLocation(time.DateOnly, text, now.Location()); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	d, err := config.ParseDuration(text)
	return now.Add(d), err
}

// Values are the values of an object by their names in JSON.
func Values(object any) map[string]json.RawMessage {
	var all map[string]json.RawMessage
	text, err := json.Marshal(object)
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		panic(fmt.Sprintf("field: %T is no object of JSON: %v", object, err))
	}
	return all
}

// Fill sets fields of an object, by their names in JSON.
func Fill(object any, values map[string]any) error {
	text, err := json.Marshal(values)
	if err != nil {
		return err
	}
	err = json.Unmarshal(text, object)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return ctl.Errorf(ctl.BadRequest, "%s cannot be %s", wrong.Field, strings.TrimPrefix(wrong.Value, "number "))
	}
	return err
}

// Text writes a value as Parse reads it; "" for none.
func Text(f *ctl.Field, value json.RawMessage, zone *time.Location) string {
	switch f.Kind {
	case ctl.EndField:
		return text(value, func(at time.Time) string { return at.In(zone).Format(time.RFC3339) })
	case ctl.MoneyField:
		return text(value, func(m ctl.USD) string { return strings.TrimPrefix(m.String(), "$") })
	case ctl.DurationField:
		return text(value, func(seconds float64) string {
			return config.FormatDuration(time.Duration(seconds * float64(time.Second)))
		})
	case ctl.PairsField:
		return text(value, func(all map[string]string) string { return Joined(all, " ") })
	case ctl.LimitsField:
		return text(value, func(all map[string]json.Number) string { return Joined(all, " ") })
	case ctl.SwitchField:
		return text(value, func(bool) string { return "yes" })
	case ctl.FactorField:
		return text(value, func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) })
	case ctl.CountField:
		if f.Default != "" {
			return string(value) // 0 is a value like others
		}
		return text(value, func(n int64) string { return strconv.FormatInt(n, 10) })
	}
	if f.Kind.List() {
		return text(value, func(all []string) string { return strings.Join(all, " ") })
	}
	return text(value, func(said string) string { return said })
}

// text is "" for a zero, and for what is no such value.
func text[T any](value json.RawMessage, write func(T) string) string {
	var v T
	if json.Unmarshal(value, &v) != nil || reflect.ValueOf(v).IsZero() {
		return ""
	}
	return write(v)
}

// Joined writes FROM=TO of a map, in order, with something between them.
func Joined[T ~string](all map[string]T, between string) string {
	var out []string
	for _, from := range slices.Sorted(maps.Keys(all)) {
		out = append(out, from+"="+string(all[from]))
	}
	return strings.Join(out, between)
}
