package config

import (
	"fmt"
	"slices"
	"strings"

	"crs/internal/convert"

	"github.com/agnivade/levenshtein"
)

// unknownKey says that a key means nothing, with the one that was probably meant.
func (l *layers) unknownKey(key string, from origin) error {
	candidates := append(l.settable(key), providersTable)
	for _, o := range l.options {
		if table, _, ok := strings.Cut(o.key, "."); ok && !slices.Contains(candidates, table) {
			candidates = append(candidates, table)
		}
	}
	return fmt.Errorf("unknown key %q %s%s", key, from.phrase(), suggestion("", key, candidates, "."))
}

// unknownVariable says that a variable means nothing. Its value is not shown: it may be a secret of somebody else's.
func (l *layers) unknownVariable(name string) string {
	if name == clientsKey {
		return "unknown variable " + name + " in the environment: clients are told their key with it, and it sets nothing here"
	}
	candidates := convert.All(l.settable(""), func(key string) string { return strings.TrimPrefix(envName(key), envPrefix) })
	name = strings.TrimPrefix(name, envPrefix)
	return fmt.Sprintf("unknown variable %s in the environment%s", envPrefix+name, suggestion(envPrefix, name, candidates, "_"))
}

// settable lists the keys that may have been meant by key. A provider's own setting may stand under another provider.
func (l *layers) settable(key string) []string {
	list := convert.All(l.options, func(o option) string { return o.key })
	settings := slices.Clone(commonSettings)
	if parts := strings.Split(key, "."); len(parts) == 3 && parts[0] == providersTable {
		settings = append(settings, parts[2])
	}
	for _, name := range l.knownProviders() {
		for _, setting := range settings {
			list = append(list, providersTable+"."+name+"."+setting)
		}
	}
	return list
}

// suggestion ends a message with the candidate nearest to name, if one is near. A name without its table is near, too.
func suggestion(prefix, name string, candidates []string, separator string) string {
	nearest, distance := "", max(2, len(name)/3)+1
	for _, candidate := range candidates {
		d := levenshtein.ComputeDistance(name, candidate)
		if strings.HasSuffix(candidate, separator+name) {
			d = 0
		}
		if d < distance {
			nearest, distance = candidate, d
		}
	}
	if nearest == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", prefix+nearest)
}
