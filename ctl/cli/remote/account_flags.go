package remote

import (
	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/ctl/field"
)

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
	values, err := f.values(a, cmd)
	if err != nil {
		return err
	}
	x.Groups = command.Words(f.groups)
	if err := field.Fill(x, values); err != nil || !f.options.given(cmd.Flags()) {
		return err
	}
	x.Options, err = f.options.over(nil, cmd.Flags(), x.Platform)
	return err
}

// edit says it of an old one: what was given, and nothing else.
func (f *accountFlags) edit(a *app, cmd *cobra.Command, old *ctl.Account) (edit ctl.AccountEdit, err error) {
	values, err := f.values(a, cmd)
	if err != nil {
		return edit, err
	}
	if err := field.Fill(&edit, values); err != nil || !f.options.given(cmd.Flags()) {
		return edit, err
	}
	options, err := f.options.over(old.Options, cmd.Flags(), old.Platform) // the contract knows them only as a whole
	edit.Options = &options
	return edit, err
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
