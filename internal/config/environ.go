package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

const envPrefix = "CRS_"

// foreign lists the variables that begin with CRS_ and set no key, by name or, with _ at the end, by how they begin.
var foreign = []string{
	"CRS_CONFIG", // names the file
	"CRS_TEST_",  // steers the tests
	// Kubernetes and Docker set these in every container beside a service that is called crs.
	"CRS_SERVICE_", "CRS_PORT", "CRS_PORT_",
}

// clientsKey is the variable in which Codex and Droid are told their key, as crs env and the documents have it.
const clientsKey = envPrefix + "KEY"

// envName is the variable that sets key.
func envName(key string) string {
	return envPrefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
}

func (l *layers) addEnvironment(environ []string) {
	providers := l.knownProviders()
	for _, variable := range environ {
		name, text, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, envPrefix) || isForeign(name) {
			continue
		}
		o, ok := l.findVariable(name, providers)
		switch {
		case !ok: // not a mistake: a client's variables may begin so, too, and be set in the same shell
			l.warnings = append(l.warnings, l.unknownVariable(name))
		case text != "":
			l.acceptText(o, text, origin{"env", name})
		}
	}
}

func isForeign(name string) bool {
	return slices.ContainsFunc(foreign, func(known string) bool {
		return name == known || strings.HasSuffix(known, "_") && strings.HasPrefix(name, known)
	})
}

// findVariable gives the rules for the key that a variable sets.
func (l *layers) findVariable(name string, providers []string) (option, bool) {
	if i := slices.IndexFunc(l.options, func(o option) bool { return envName(o.key) == name }); i >= 0 {
		return l.options[i], true
	}
	rest, ok := strings.CutPrefix(name, envName(providersTable)+"_")
	if !ok {
		return option{}, false
	}
	provider, setting, ok := splitVariable(rest, providers)
	if !ok {
		return option{}, false
	}
	return l.find(fmt.Sprintf("%s.%s.%s", providersTable, provider, setting))
}

// splitVariable parts NAME_SETTING, where both may hold _. The longest provider that is known by name decides; without
// one, the setting must be one of those that every provider has.
func splitVariable(rest string, providers []string) (provider, setting string, ok bool) {
	for _, name := range providers {
		after, ok := strings.CutPrefix(rest, upper(name)+"_")
		if ok && len(name) > len(provider) {
			provider, setting = name, strings.ToLower(after)
		}
	}
	if provider != "" {
		return provider, setting, true
	}
	for _, setting := range commonSettings {
		if before, ok := strings.CutSuffix(rest, "_"+upper(setting)); ok {
			return strings.ToLower(strings.ReplaceAll(before, "_", "-")), setting, true
		}
	}
	return "", "", false
}

// knownProviders gives the names allowed, or those that the layers below use when every name is.
func (l *layers) knownProviders() []string {
	if len(l.providers) > 0 {
		return l.providers
	}
	names := map[string]bool{}
	for key := range l.values {
		if name, _, ok := splitProviderKey(key); ok {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// upper writes a name as it stands in a variable.
func upper(name string) string {
	return strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}
