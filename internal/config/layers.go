package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
)

// layers puts one layer of values over the other. Each value is checked as it comes in, also when a later one covers it.
type layers struct {
	options   []option
	providers []string // the names allowed; empty allows every name
	merged    *koanf.Koanf
	origins   map[string]origin // of the values in merged
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
		options:   optionsOf(reflect.TypeFor[Config](), ""),
		providers: providers,
		merged:    koanf.New("."),
		origins:   map[string]origin{},
	}
}

// addDefaults takes the places from paths. A place that is not known stays unset, for a later layer to fill.
func (l *layers) addDefaults(paths Paths) {
	places := map[string]string{"data": paths.Data, "socket": paths.Socket}
	values := map[string]any{}
	for _, o := range l.options {
		text := o.fallback
		if place, ok := places[o.key]; ok {
			text = place
			if place == "" {
				continue
			}
		}
		if value, ok := l.accept(o, text, text, origin{kind: "default"}); ok {
			values[o.key] = value
		}
	}
	l.merge(values)
}

func (l *layers) addFlags(flags map[string]string) {
	values := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(flags)) {
		from := origin{"flag", "--" + strings.TrimSuffix(key, ".url")} // --redis sets redis.url
		o, ok := l.find(key)
		if !ok {
			l.problem(l.unknownKey(key, from))
			continue
		}
		if value, ok := l.acceptText(o, flags[key], from); ok {
			values[key] = value
		}
	}
	l.merge(values)
}

// acceptText accepts a value from the command line or the environment.
func (l *layers) acceptText(o option, text string, from origin) (any, bool) {
	value := text
	if o.check == "path" || o.check == "socket" || o.check == "path-or-none" {
		value = absolute(text)
	}
	return l.accept(o, value, text, from)
}

// accept gives the value that text says, and remembers where it came from. When it is not valid, the problem shows raw,
// as the operator wrote it.
func (l *layers) accept(o option, text string, raw any, from origin) (any, bool) {
	value, ok := o.parse(text)
	if !ok {
		l.problem(o.problem(raw, from))
		return nil, false
	}
	l.origins[o.key] = from
	return value, true
}

func (l *layers) merge(values map[string]any) {
	l.problem(l.merged.Load(confmap.Provider(values, "."), nil))
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
	if len(l.problems) == 0 {
		l.problem(l.merged.Unmarshal("", &cfg))
		cfg.Providers = l.providerSettings()
		l.problem(l.checkTogether(cfg))
	}
	return cfg, errors.Join(l.problems...)
}

func (l *layers) providerSettings() map[string]Provider {
	var all map[string]Provider
	for _, key := range l.merged.Keys() {
		if name, setting, ok := splitProviderKey(key); ok {
			all = put(all, name, all[name].with(setting, l.merged.String(key)))
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
	for _, key := range l.merged.Keys() {
		if name, setting, ok := splitProviderKey(key); ok {
			all = append(all, providerOption(name, setting))
		}
	}
	list := make([]Entry, 0, len(all))
	for _, o := range all {
		list = append(list, Entry{Key: o.key, Value: o.show(l.merged.Get(o.key)), Origin: l.origins[o.key].String(), Doc: o.doc, Hidden: o.hidden(l.merged.Get(o.key))})
	}
	return list
}
