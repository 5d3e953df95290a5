package config

import (
	"reflect"
	"slices"

	"crs/internal/convert"
)

// Option describes one key, for the documentation.
type Option struct {
	Key     string // as written in the file, with its table: limits.body_max
	Env     string // the variable that sets it
	Default string // empty for the keys of a provider, whose defaults are built into that provider
	Accepts string // what its value may be
	Doc     string
}

// Options lists every key in the order of Config. Those under providers are written with NAME and KEY where the
// operator chooses.
func Options() []Option {
	all := slices.Concat(optionsOf(reflect.TypeFor[Config](), "", nil), providerOptions(providersTable+".NAME."))
	return convert.All(all, func(o option) Option {
		return Option{Key: o.key, Env: envName(o.key), Default: o.fallback, Accepts: o.want(), Doc: o.doc}
	})
}
