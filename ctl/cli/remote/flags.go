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
type fieldFlags []fieldFlag

type fieldFlag struct {
	ctl.Field
	read func(now time.Time) (any, error) // gives what was said
}

// addTo adds a flag for each field. Of what is new, late ones cannot be said.
func (f *fieldFlags) addTo(a *app, cmd *cobra.Command, all []ctl.Field, late bool) {
	for _, x := range all {
		if x.Late && !late {
			continue
		}
		*f = append(*f, fieldFlag{x, addField(cmd.Flags(), &x, x.Help+a.choices(x.Kind))})
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
	switch kind {
	case ctl.PermissionsField:
		return ": " + strings.Join(a.Programs.Catalogue.Permissions(), ", ")
	case ctl.ClientsField:
		return ": " + strings.Join(a.Programs.Catalogue.ClientNames(), ", ")
	}
	return ""
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
func (f fieldFlags) values(cmd *cobra.Command, now time.Time) (map[string]any, error) {
	all := map[string]any{}
	for _, x := range f {
		if !cmd.Flags().Changed(x.Flag) {
			continue
		}
		value, err := x.read(now)
		if err != nil {
			e := command.Describe(err)
			return nil, ctl.Errorf(ctl.BadRequest, "--%s: %s", x.Flag, e.Message).WithHint("%s", e.Hint)
		}
		all[x.Name] = value
	}
	return all, nil
}

// accountFlags are what can be said of an account, however it got its credential.
type accountFlags struct {
	fields    fieldFlags
	proxyFile string
	groups    []string
	options   optionFlags
}

// addTo adds the flags to a command about new accounts, or about those that there are.
func (f *accountFlags) addTo(a *app, cmd *cobra.Command, late bool) {
	f.fields.addTo(a, cmd, a.Programs.Catalogue.AccountFields, late)
	cmd.Flags().StringVar(&f.proxyFile, "proxy-file", "", "`FILE` that has the proxy's URL, for one with a password; - for standard input")
	f.options.addTo(a, cmd)
}

// addGroups adds what can only be said of a new account.
func (f *accountFlags) addGroups(a *app, cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&f.groups, "group", nil, "put it into the group `NAME`; repeatable")
	command.Complete(cmd, "group", a.GroupNames)
}

// fill says it of a new account.
func (f *accountFlags) fill(a *app, cmd *cobra.Command, x *ctl.NewAccount) error {
	x.Groups = command.Words(f.groups)
	return f.into(a, cmd, x, x.Platform, nil)
}

// into says it of a new account, or in an edit of one that has options: what was given, and nothing else.
func (f *accountFlags) into(a *app, cmd *cobra.Command, x any, platform string, had map[string]string) error {
	values, err := f.values(a, cmd)
	if err == nil && f.options.given(cmd.Flags()) {
		values["options"], err = f.options.over(had, cmd.Flags(), platform) // the contract knows them only as a whole
	}
	if err != nil {
		return err
	}
	return field.Fill(x, values)
}

// values are what was given, by the names in JSON.
func (f *accountFlags) values(a *app, cmd *cobra.Command) (map[string]any, error) {
	values, err := f.fields.values(cmd, a.IO.Now())
	if err != nil || !cmd.Flags().Changed("proxy-file") {
		return values, err
	}
	if cmd.Flags().Changed("proxy") {
		return nil, ctl.Errorf(ctl.BadRequest, "the proxy is given twice: --proxy and --proxy-file")
	}
	proxy, err := a.ReadSecret("the proxy's URL", f.proxyFile)
	values["proxy"] = proxy.Reveal()
	return values, err
}

// keyEdit is what was given of a key, and nothing else.
func (f fieldFlags) keyEdit(cmd *cobra.Command, now time.Time) (e ctl.KeyEdit, err error) {
	values, err := f.values(cmd, now)
	if err != nil {
		return e, err
	}
	if err := field.Fill(&e, values); err != nil {
		return e, err
	}
	switch {
	case isSet(e.Account) && isSet(e.Group):
		return e, ctl.Errorf(ctl.BadRequest, "a key is bound to an account or to a group, not to both")
	case isSet(e.ExpiresAt) && isSet(e.ActivateFor):
		return e, ctl.Errorf(ctl.BadRequest, "--expires and --activate-for both say when the key ends; give one of them")
	}
	return e, nil
}

// isSet reports whether something was given that takes no old value away.
func isSet[T comparable](value *T) bool {
	return value != nil && *value != *new(T)
}
