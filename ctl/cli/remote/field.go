package remote

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/ctl/field"
)

// fieldFlags are flags for fields of the catalogue.
type fieldFlags struct {
	all  []ctl.Field
	read map[string]func(now time.Time) (any, error) // gives what was said, by flag
}

// addTo adds a flag for each field. Of what is new, late ones cannot be said.
func (f *fieldFlags) addTo(a *app, cmd *cobra.Command, all []ctl.Field, late bool) {
	f.read = map[string]func(time.Time) (any, error){}
	for _, x := range all {
		if x.Late && !late {
			continue
		}
		f.all = append(f.all, x)
		f.read[x.Flag] = addField(cmd.Flags(), &x, x.Help+a.choices(x.Kind))
		if x.Kind == ctl.LimitsField {
			command.CompleteBeginnings(cmd, x.Flag, a.limits)
		} else if words := a.wordsOf(x.Kind); words != nil {
			command.Complete(cmd, x.Flag, words)
		}
	}
}

// addField adds a flag, and gives what reads it.
func addField(flags *pflag.FlagSet, x *ctl.Field, help string) func(time.Time) (any, error) {
	switch {
	case x.Kind.List():
		list := flags.StringSlice(x.Flag, nil, help)
		return func(time.Time) (any, error) { return command.Words(*list), nil }
	case x.Kind == ctl.PairsField:
		list := flags.StringSlice(x.Flag, nil, help)
		return func(time.Time) (any, error) { return field.Pairs(command.Words(*list)) }
	case x.Kind == ctl.LimitsField:
		list := flags.StringSlice(x.Flag, nil, help)
		return func(time.Time) (any, error) { return parseLimits(command.Words(*list)) }
	case x.Kind == ctl.MoneyField:
		m := new(command.Dollars)
		flags.Var(m, x.Flag, help)
		return func(time.Time) (any, error) { return ctl.USD(*m), nil }
	case x.Kind == ctl.DurationField:
		s := new(command.Span)
		flags.Var(s, x.Flag, help)
		return func(time.Time) (any, error) { return s.Seconds(), nil }
	}
	said := addText(flags, x, help)
	return func(now time.Time) (any, error) { return field.Parse(x.Kind, said.String(), now) }
}

// parseLimits wants one at least: those that are not said stay, so that none would change nothing.
func parseLimits(said []string) (any, error) {
	if len(said) == 0 {
		return nil, ctl.Errorf(ctl.BadRequest, "no limit is said").WithHint("each is taken away by itself: UNIT/WINDOW=0")
	}
	return field.Limits(said)
}

// addText adds a flag whose text is read as that of a form is.
func addText(flags *pflag.FlagSet, x *ctl.Field, help string) pflag.Value {
	number, _ := strconv.ParseFloat(x.Default, 64)
	switch x.Kind {
	case ctl.CountField:
		flags.Int64(x.Flag, int64(number), help)
	case ctl.FactorField:
		flags.Float64(x.Flag, number, help)
	case ctl.SwitchField:
		flags.Bool(x.Flag, false, help)
	default:
		flags.String(x.Flag, "", help)
	}
	return flags.Lookup(x.Flag).Value
}

// choices are the words that a field may have, where the catalogue has them.
func (a *app) choices(kind ctl.FieldKind) string {
	var all []string
	switch kind {
	case ctl.PermissionsField:
		all = a.Programs.Catalogue.Permissions()
	case ctl.ClientsField:
		all = a.Programs.Catalogue.ClientNames()
	}
	if all == nil {
		return ""
	}
	return ": " + strings.Join(all, ", ")
}

// wordsOf completes what a field may have; nil where nothing can.
func (a *app) wordsOf(kind ctl.FieldKind) command.Completer {
	return map[ctl.FieldKind]command.Completer{
		ctl.ModelsField: a.ModelNames, ctl.AccountField: a.AccountNames, ctl.GroupField: a.GroupNames,
		ctl.PermissionsField: func(ctx context.Context) []string { c := a.catalogue(ctx); return c.Permissions() },
		ctl.ClientsField:     func(ctx context.Context) []string { c := a.catalogue(ctx); return c.ClientNames() },
	}[kind]
}

// limits completes what can be limited, in each time that has a name.
func (a *app) limits(ctx context.Context) []string {
	var all []string
	c := a.catalogue(ctx)
	for _, unit := range c.LimitUnits {
		for _, window := range c.LimitWindows {
			all = append(all, unit+"/"+window+"=")
		}
	}
	return all
}

// values are what was given, by the fields' names in JSON.
func (f *fieldFlags) values(cmd *cobra.Command, now time.Time) (map[string]any, error) {
	all := map[string]any{}
	for i := range f.all {
		x := &f.all[i]
		if !cmd.Flags().Changed(x.Flag) {
			continue
		}
		value, err := f.read[x.Flag](now)
		if err != nil {
			e := command.Describe(err)
			return nil, ctl.Errorf(ctl.BadRequest, "--%s: %s", x.Flag, e.Message).WithHint("%s", e.Hint)
		}
		all[x.Name] = value
	}
	return all, nil
}
