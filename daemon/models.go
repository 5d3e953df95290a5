package daemon

import (
	"slices"
	"strings"

	"crs/internal/account"
	"crs/internal/pricing"
	"crs/proxyengine/protocol/anthropic"
)

// models gives what clients are told there is: the models that accounts name, and, when an account takes any, all that the
// price table knows of its provider.
func models(roster *account.Roster, table func() *pricing.Table) func(permission string) []string {
	return func(permission string) []string {
		found := map[string]bool{}
		all := false
		for _, a := range roster.List() {
			if a.Disabled {
				continue
			}
			all = all || len(a.Models) == 0
			for _, name := range a.Models {
				if !strings.Contains(name, "*") {
					found[name] = true
				}
			}
			for name := range a.Map {
				found[name] = true
			}
		}
		if all && permission == (anthropic.Protocol{}).Permission() {
			t := table()
			for _, name := range t.Models() {
				if m, ok := t.Lookup(name); ok && m.Price.Provider == "anthropic" {
					found[name] = true
				}
			}
		}
		names := make([]string, 0, len(found))
		for name := range found {
			names = append(names, name)
		}
		slices.Sort(names)
		return names
	}
}
