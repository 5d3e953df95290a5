package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"crs/internal/convert"
)

// layers puts one layer of values over the other. Each value is checked as it comes in, also when a later one covers it.
type layers struct {
	options   []option
	providers []string          // the names allowed; empty allows every name
	values    map[string]any    // that lie on top, by key
	origins   map[string]origin // of the values
	problems  []error
	warnings  []string
}

// origin is where a value was set.
type origin struct {
	kind  string // default, file, env or flag
	place string // empty for a default
}

func (o origin) String() string { return strings.TrimSpace(o.kind + " " + o.place) }

// phrase is o inside a sentence.
func (o origin) phrase() string {
	if o.place == "" {
		return "by default"
	}
	return "in " + o.place
}

func newLayers(providers []string) *layers {
	return &layers{
		options:   optionsOf(reflect.TypeFor[Config](), "", nil),
		providers: providers,
		values:    map[string]any{},
		origins:   map[string]origin{},
	}
}

// addDefaults takes the places from paths. A place that is not known stays unset, for a later layer to fill.
func (l *layers) addDefaults(paths Paths) {
	places := map[string]string{"data": paths.Data, "socket": paths.Socket}
	for _, o := range l.options {
		text := o.fallback
		if place, ok := places[o.key]; ok {
			text = place
			if place == "" {
				continue
			}
		}
		l.accept(o, text, text, origin{kind: "default"})
	}
}

func (l *layers) addFlags(flags map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(flags)) {
		from := origin{"flag", "--" + strings.TrimSuffix(key, ".url")} // --redis sets redis.url
		if o, ok := l.find(key); ok {
			l.acceptText(o, flags[key], from)
		} else {
			l.problem(l.unknownKey(key, from))
		}
	}
}

// acceptText accepts a value from the command line or the environment.
func (l *layers) acceptText(o option, text string, from origin) {
	value := text
	if o.check == "path" || o.check == "socket" || o.check == "path-or-none" {
		value = absolute(text)
	}
	l.accept(o, value, text, from)
}

// accept puts the value that text says on top. When it is not valid, the problem shows raw, as the operator wrote it.
func (l *layers) accept(o option, text string, raw any, from origin) {
	value, ok := o.parse(text)
	if !ok {
		l.problem(o.problem(raw, from))
		return
	}
	l.values[o.key], l.origins[o.key] = value, from
}

func (l *layers) problem(err error) {
	if err != nil {
		l.problems = append(l.problems, err)
	}
}

// find gives the rules for a key.
func (l *layers) find(key string) (option, bool) {
	if i := slices.IndexFunc(l.options, func(o option) bool { return o.key == key }); i >= 0 {
		return l.options[i], true
	}
	name, setting, ok := splitProviderKey(key)
	if !ok || len(l.providers) > 0 && !slices.Contains(l.providers, name) {
		return option{}, false
	}
	return providerOption(name, setting), true
}

// config gives the values that lie on top, or every problem.
func (l *layers) config() (Config, error) {
	var cfg Config
	if len(l.problems) > 0 {
		return cfg, errors.Join(l.problems...)
	}
	fields := reflect.ValueOf(&cfg).Elem()
	for _, o := range l.options {
		if value, ok := l.values[o.key]; ok {
			fields.FieldByIndex(o.field).Set(reflect.ValueOf(value))
		}
	}
	cfg.Providers = l.providerSettings()
	return cfg, l.checkTogether(cfg)
}

func (l *layers) providerSettings() map[string]Provider {
	var all map[string]Provider
	for key, value := range l.values {
		if name, setting, ok := splitProviderKey(key); ok {
			all = put(all, name, all[name].with(setting, value.(string)))
		}
	}
	return all
}

// checkTogether holds values against each other.
func (l *layers) checkTogether(cfg Config) error {
	if cfg.Limits.BodyMax > cfg.Limits.BodyBudget {
		return fmt.Errorf("limits.body_max = %s (%s) is more than limits.body_budget = %s (%s): the largest body would never fit",
			cfg.Limits.BodyMax, l.origins["limits.body_max"], cfg.Limits.BodyBudget, l.origins["limits.body_budget"])
	}
	return cfg.TLS.check()
}

// entries describes what lies on top.
func (l *layers) entries() []Entry {
	all := slices.Clone(l.options)
	for _, key := range slices.Sorted(maps.Keys(l.values)) {
		if name, setting, ok := splitProviderKey(key); ok {
			all = append(all, providerOption(name, setting))
		}
	}
	return convert.All(all, func(o option) Entry {
		value := l.values[o.key]
		return Entry{Key: o.key, Value: o.show(value), Origin: l.origins[o.key].String(), Doc: o.doc, Hidden: o.hidden(value)}
	})
}
