package config

import (
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"crs/internal/bound"
	"crs/internal/secret"
)

// option is one key with the rules for its value, as the tags of its field give them.
type option struct {
	key      string
	doc      string
	kind     reflect.Type
	field    []int // of Config, as reflect's FieldByIndex has it
	fallback string
	min, max string   // bounds of a number, duration or size
	oneOf    []string // the words allowed, when it is a word
	check    string   // name of a check that its text must pass
	secret   bool
}

// optionsOf lists the keys of a struct, those of the structs in it included.
func optionsOf(table reflect.Type, prefix string, at []int) []option {
	var list []option
	for field := range table.Fields() {
		name, index := field.Tag.Get("key"), slices.Concat(at, field.Index)
		if name == "-" {
			continue
		}
		if field.Type.Kind() == reflect.Struct {
			list = append(list, optionsOf(field.Type, prefix+name+".", index)...)
			continue
		}
		list = append(list, option{
			key:      prefix + name,
			doc:      field.Tag.Get("doc"),
			kind:     field.Type,
			field:    index,
			fallback: field.Tag.Get("default"),
			min:      field.Tag.Get("min"),
			max:      field.Tag.Get("max"),
			oneOf:    strings.Fields(field.Tag.Get("oneof")),
			check:    field.Tag.Get("check"),
		})
	}
	return list
}

// providerOptions lists the keys of one provider. The last stands for every further key.
func providerOptions(prefix string) []option {
	list := optionsOf(reflect.TypeFor[Provider](), prefix, nil)
	list[len(list)-1].kind = reflect.TypeFor[string]() // of one setting, where the field is all of them
	return list
}

// providerOption gives the rules for one key of one provider.
func providerOption(name, setting string) option {
	prefix := providersTable + "." + name + "."
	list := providerOptions(prefix)
	if i := slices.IndexFunc(list, func(o option) bool { return o.key == prefix+setting }); i >= 0 {
		return list[i]
	}
	o := list[len(list)-1]
	o.key = prefix + setting
	o.secret = isSecret(setting)
	return o
}

// text gives what a TOML value says, if a value of that type is allowed here. A number without a unit is passed on where
// a duration is wanted, because 0 needs none.
func (o option) text(raw any) (string, bool) {
	isInt, isBool := o.kind == reflect.TypeFor[int](), o.kind == reflect.TypeFor[bool]()
	switch raw := raw.(type) {
	case string:
		return raw, !isInt && !isBool
	case bool:
		return strconv.FormatBool(raw), isBool
	case int64:
		return strconv.FormatInt(raw, 10), isInt || o.kind.Kind() == reflect.Int64
	}
	return "", false
}

// parse reads text as the option's own type and holds it against the option's rules. What is wrong with a value that is
// not ok, want says.
func (o option) parse(text string) (value any, ok bool) {
	value, err := o.convert(text)
	if err != nil || !o.inRange(value) {
		return nil, false
	}
	if len(o.oneOf) > 0 && !slices.Contains(o.oneOf, text) {
		return nil, false
	}
	if o.check != "" && !checks[o.check].pass(text) {
		return nil, false
	}
	return value, true
}

func (o option) convert(text string) (any, error) {
	switch o.kind {
	case reflect.TypeFor[time.Duration]():
		return ParseDuration(text)
	case reflect.TypeFor[Size]():
		return ParseSize(text)
	case reflect.TypeFor[slog.Level]():
		var level slog.Level
		err := level.UnmarshalText([]byte(text))
		return level, err
	case reflect.TypeFor[int]():
		return strconv.Atoi(text)
	case reflect.TypeFor[bool]():
		return strconv.ParseBool(text)
	}
	return text, nil
}

func (o option) inRange(value any) bool {
	if o.min == "" {
		return true
	}
	low, errLow := o.convert(o.min)
	high, errHigh := o.convert(o.max)
	if errLow != nil || errHigh != nil {
		return false
	}
	n := reflect.ValueOf(value).Int()
	return reflect.ValueOf(low).Int() <= n && n <= reflect.ValueOf(high).Int()
}

// want says what the option's value may be.
func (o option) want() string {
	switch {
	case len(o.oneOf) > 0:
		return "one of " + strings.Join(o.oneOf, ", ")
	case o.check != "":
		return checks[o.check].want
	}
	switch o.kind {
	case reflect.TypeFor[time.Duration]():
		return fmt.Sprintf("a duration from %s to %s, in ms, s, m, h, d or w", o.min, o.max)
	case reflect.TypeFor[Size]():
		return fmt.Sprintf("a size from %s to %s, in bytes or with KiB, MiB, GiB, kB, MB or GB", o.min, o.max)
	case reflect.TypeFor[int]():
		return fmt.Sprintf("a whole number from %s to %s", o.min, o.max)
	case reflect.TypeFor[bool]():
		return "true or false"
	}
	return "text"
}

// format writes a value of an option's type as parse reads it.
func format(value any) string {
	switch value := value.(type) {
	case time.Duration:
		return FormatDuration(value)
	case slog.Level:
		return strings.ToLower(value.String())
	}
	return fmt.Sprint(value)
}

// show writes a valid value for an operator to see.
func (o option) show(value any) string {
	if hidden := o.hidden(value); !hidden.Empty() {
		return hidden.String()
	}
	return format(value)
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
			return strconv.Quote(bound.Short(raw, 200))
		}
	default:
		if !o.secret {
			return fmt.Sprint(raw)
		}
	}
	return secret.New(fmt.Sprint(raw)).String()
}
