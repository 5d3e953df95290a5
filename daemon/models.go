package daemon

import (
	"maps"
	"slices"
	"strings"

	"crs/internal/account"
	"crs/internal/pricing"
)

// catalog finds what clients are told there is: the models that accounts name, and for an account that takes any, all that
// the price table knows of its vendor.
type catalog struct {
	roster    *account.Roster
	platforms map[string]account.Platform
	table     func() *pricing.Table
}

// models gives those that accounts serve one of the services with, to a key with these permissions.
func (c *catalog) models(services, permissions []string) []string {
	found := map[string]bool{}
	for _, a := range c.roster.List() {
		p := c.platforms[a.Platform]
		if a.Disabled || len(permissions) > 0 && !slices.Contains(permissions, p.Permission) {
			continue
		}
		for _, name := range c.named(a, &p) {
			if slices.ContainsFunc(services, func(s string) bool { return p.Serves(a, s, name) }) {
				found[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// named are the models that an account or its vendor names.
func (c *catalog) named(a *account.Account, p *account.Platform) []string {
	names := slices.Collect(maps.Keys(a.Map))
	for _, name := range a.Models {
		if !strings.Contains(name, "*") {
			names = append(names, name)
		}
	}
	vendors := strings.Fields(p.Catalog)
	if vendors == nil {
		return names
	}
	t := c.table()
	for _, name := range t.Models() {
		if m, ok := t.Lookup(name); ok && slices.Contains(vendors, m.Price.Provider) {
			names = append(names, name)
		}
	}
	return names
}
