package remote

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"crs/ctl"
	"crs/ctl/cli/command"
)

// catalogue is the daemon's, and that of this program where none runs.
func (a *app) catalogue(ctx context.Context) ctl.Catalogue {
	if c, err := a.Client().Catalogue(ctx); err == nil {
		return c
	}
	return a.Programs.Catalogue
}

// platformsThat are the words for the first argument of a command that adds accounts in some ways.
func (a *app) platformsThat(can ...ctl.Way) command.Completer {
	return func(ctx context.Context) []string {
		all := slices.DeleteFunc(a.catalogue(ctx).Platforms, func(p ctl.Platform) bool { return !p.Can(can...) })
		return command.Each(all, func(p *ctl.Platform) string { return p.Name + "\t" + p.Title })
	}
}

// ofPlatforms is what is to be said of each platform.
func (a *app) ofPlatforms(say func(*ctl.Platform) string) string {
	return strings.Join(command.Each(a.Programs.Catalogue.Platforms, say), "")
}

// examples are those of adding accounts in some ways, a line each.
func (a *app) examples(command string, of ...ctl.Way) string {
	var lines []string
	for _, p := range a.Programs.Catalogue.Platforms {
		for _, w := range of {
			if said := p.Examples[w]; said != "" {
				lines = append(lines, "crs account "+command+" "+p.Name+" "+said)
			}
		}
	}
	return strings.Join(lines, "\n  ")
}

// whereThat are the names of the platforms whose accounts can get their credential in a way.
func (a *app) whereThat(can ctl.Way) string {
	all := slices.DeleteFunc(slices.Clone(a.Programs.Catalogue.Platforms), func(p ctl.Platform) bool { return !p.Can(can) })
	return strings.Join(command.Each(all, func(p *ctl.Platform) string { return p.Name }), ", ")
}

// platformFlag is a flag for an option that only some platforms know.
type platformFlag struct {
	name, help string
	meanings   []meaning
	value      *string
}

// meaning is what an option is to some platforms.
type meaning struct {
	platforms []string
	values    []string // the only ones; nil for any
}

// platformFlags are those of every option that a platform has. Where several have one of a name, it is one flag.
func platformFlags(c *ctl.Catalogue) []*platformFlag {
	var all []*platformFlag
	for _, p := range c.Platforms {
		for _, o := range p.Options {
			at := slices.IndexFunc(all, func(f *platformFlag) bool { return f.name == o.Name })
			if at < 0 {
				at, all = len(all), append(all, &platformFlag{name: o.Name, help: o.Help})
			}
			all[at].add(p.Name, o.Values)
		}
	}
	return all
}

func (f *platformFlag) add(platform string, values []string) {
	at := slices.IndexFunc(f.meanings, func(m meaning) bool { return slices.Equal(m.values, values) })
	if at < 0 {
		at, f.meanings = len(f.meanings), append(f.meanings, meaning{values: values})
	}
	f.meanings[at].platforms = append(f.meanings[at].platforms, platform)
}

func (f *platformFlag) usage() string {
	all := command.Each(f.meanings, func(m *meaning) string {
		return strings.TrimSpace(either(m.values) + " (" + strings.Join(m.platforms, ", ") + ")")
	})
	return f.help + command.Only(f.values() != nil, ":") + " " + strings.Join(all, "; ")
}

func (f *platformFlag) platforms() []string {
	var all []string
	for _, m := range f.meanings {
		all = append(all, m.platforms...)
	}
	return all
}

// values are those of any platform; nil where there are others.
func (f *platformFlag) values() []string {
	var all []string
	for _, m := range f.meanings {
		for _, v := range m.values {
			if !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
	}
	return all
}

// either joins words of which one is chosen.
func either(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// optionFlags are the flags for platforms' options.
type optionFlags []*platformFlag

func (f *optionFlags) addTo(a *app, cmd *cobra.Command) {
	*f = platformFlags(&a.Programs.Catalogue)
	for _, p := range *f {
		p.value = cmd.Flags().String(p.name, "", p.usage())
		if values := p.values(); values != nil {
			command.Complete(cmd, p.name, command.Fixed(values...))
		}
	}
}

// given reports whether any was.
func (f optionFlags) given(flags *pflag.FlagSet) bool {
	return slices.ContainsFunc(f, func(p *platformFlag) bool { return flags.Changed(p.name) })
}

// over lays those that were given over the options that an account of a platform has; an empty one takes the old one away.
func (f optionFlags) over(old map[string]string, flags *pflag.FlagSet, platform string) (map[string]string, error) {
	options := map[string]string{}
	maps.Copy(options, old)
	for _, p := range f {
		switch value := *p.value; {
		case !flags.Changed(p.name):
		case !slices.Contains(p.platforms(), platform):
			return nil, ctl.Errorf(ctl.BadRequest, "--%s says nothing about an account on platform %s", p.name, platform).
				WithHint("it is for: %s", strings.Join(p.platforms(), ", "))
		case value == "":
			delete(options, p.name)
		default:
			options[p.name] = value
		}
	}
	return options, nil
}
