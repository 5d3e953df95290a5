package daemon

import (
	"maps"
	"slices"
	"time"

	"strings"

	"crs/ctl"
	"crs/internal/account"
	"crs/internal/convert"
	"crs/internal/field"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/reconcile"
	"crs/internal/unit"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/factory"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/claude"
)

// Catalogue is what this program has to choose from, whatever is configured.
func Catalogue() ctl.Catalogue {
	list, err := providers(nil, time.Now)
	if err != nil {
		return ctl.Catalogue{} // a test makes sure that there is none
	}
	return catalogue(list)
}

// catalogue puts together what providers and protocols know, in the order of the providers.
func catalogue(list []provider.Provider) ctl.Catalogue {
	c := ctl.Catalogue{Platforms: []ctl.Platform{}, Usual: claude.Console}
	for _, p := range list {
		all := p.Platforms()
		for _, name := range slices.Sorted(maps.Keys(all)) {
			is := all[name]
			c.Platforms = append(c.Platforms, showPlatform(name, &is))
		}
	}
	c.AccountFields, c.KeyFields = showFields(account.Fields()), showFields(key.Fields())
	showLimits(&c)
	for _, f := range reconcile.Formats() {
		c.CostFormats = append(c.CostFormats, ctl.CostFormat{
			Provider: f.Provider, Day: f.Day, Model: f.Model, Cost: f.Cost, Currency: f.Currency, Service: f.Service, Sells: f.Sells,
		})
	}
	c.Clients = convert.All(slices.Concat(anthropic.Programs(), openai.Programs(), gemini.Programs(), factory.Programs()), showProgram)
	return c
}

func showLimits(c *ctl.Catalogue) {
	c.NamedLimits = convert.All(key.NamedLimits(), func(n key.NamedLimit) ctl.NamedLimit {
		return ctl.NamedLimit{Limit: n.Rule.String(), Field: n.Name, Title: n.Title}
	})
	c.LimitUnits = convert.All(unit.All(), unit.Unit.String)
	c.LimitWindows = convert.All(limit.Windows(), limit.Window.String)
}

func showPlatform(name string, is *account.Platform) ctl.Platform {
	out := ctl.Platform{
		Name: name, Title: is.Title, Permission: is.Permission, OwnClient: is.OwnClient, File: is.File, KeyLines: is.KeyLines, KeyHelp: is.KeyHelp,
		Ways: []ctl.Way{}, Examples: map[ctl.Way]string{},
		Options: convert.All(is.Options, func(o account.Option) ctl.PlatformOption { return ctl.PlatformOption(o) }),
	}
	for _, w := range is.Ways {
		out.Ways = append(out.Ways, ctl.Way(w))
		if example := is.Examples[w]; example != "" {
			out.Examples[ctl.Way(w)] = example
		}
	}
	return out
}

func showFields(rows []field.Field) []ctl.Field {
	return convert.All(rows, func(f field.Field) ctl.Field {
		return ctl.Field{
			Name: f.Name, Flag: f.Flag, Label: f.Label, Kind: ctl.FieldKind(f.Kind), Help: f.Help, Page: f.Page, Default: f.Default, None: f.None,
			Subscription: f.Subscription, Late: f.Late,
		}
	})
}

func showProgram(p provider.Program) ctl.Program {
	out := ctl.Program{
		Name: p.Name, Aliases: p.Aliases, Title: p.Title, Client: p.Client(), Unset: append([]string{}, p.Unset...),
		Elsewhere: p.Elsewhere, Note: p.Note, Variables: convert.All(p.Variables, func(v provider.Variable) ctl.Variable { return ctl.Variable(v) }),
	}
	if p.File != "" {
		out.File = &ctl.SettingsFile{Path: p.File, Merge: p.Merge, Content: p.Content}
	}
	return out
}

// models are what clients are told there is: the models that accounts name, and for an account that takes any, all that the price table
// knows of its vendor, as far as they are served with one of the services, to a key with these permissions.
func (d *Daemon) models(services, permissions []string) []string {
	found := map[string]bool{}
	for _, a := range d.roster.List() {
		p := d.facts[a.Platform]
		if a.Disabled || len(permissions) > 0 && !slices.Contains(permissions, p.Permission) {
			continue
		}
		for _, name := range d.named(a, &p) {
			if slices.ContainsFunc(services, func(s string) bool { return p.Serves(a, s, name) }) {
				found[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// named are the models that an account or its vendor names.
func (d *Daemon) named(a *account.Account, p *account.Platform) []string {
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
	return append(names, d.prices.Table().SoldBy(vendors)...)
}
