package config

import (
	"fmt"
	"strconv"
	"strings"

	"crs/internal/secret"
)

// show writes a valid value for an operator to see.
func (o option) show(value any) string {
	text := format(value)
	if o.hides(text) {
		return secret.New(text).String()
	}
	return text
}

// hidden is what show does not show; empty where it shows all.
func (o option) hidden(value any) secret.String {
	if text := format(value); o.hides(text) {
		return secret.New(text)
	}
	return secret.String{}
}

// hides reports whether text must not be shown: a secret, a URL that carries a user or a query, or one that stands where the file is to be
// named that holds it.
func (o option) hides(text string) bool {
	isURL := o.check == "url" || strings.Contains(text, "://")
	return o.secret || isURL && (strings.ContainsAny(text, "@?#") || o.check == "path-or-none")
}

// problem says that raw, as it was written, is not a value for o.
func (o option) problem(raw any, from origin) error {
	return fmt.Errorf("%s = %s %s: want %s", o.key, o.quote(raw), from.phrase(), o.want())
}

// quote writes a value that is not valid, shortened where it is long.
func (o option) quote(raw any) string {
	switch raw := raw.(type) {
	case []any:
		return "(a list)"
	case map[string]any:
		return "(a table)"
	case string:
		if !o.hides(raw) {
			return strconv.Quote(shorten(raw))
		}
	default:
		if !o.secret {
			return fmt.Sprint(raw)
		}
	}
	return secret.New(fmt.Sprint(raw)).String()
}

func shorten(text string) string {
	const most = 200
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
