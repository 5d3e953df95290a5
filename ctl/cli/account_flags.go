package cli

import (
	"github.com/spf13/cobra"

	"crs/ctl"
)

// accountFlags are what can be said of an account, however it got its credential.
type accountFlags struct {
	baseURL, proxy, proxyFile string
	priority, maxConcurrency  int
	groups, models, renames   []string
	anyClient                 bool
	options                   optionFlags
}

func (f *accountFlags) addTo(a *app, cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.baseURL, "base-url", "", "`URL` of the API, if it is not the platform's own")
	flags.IntVar(&f.priority, "priority", 50, "`N`: accounts with a lower one are used first")
	flags.IntVar(&f.maxConcurrency, "max-concurrency", 0, "most requests (`N`) that it serves at once; 0 for any number")
	flags.StringVar(&f.proxy, "proxy", "", "`URL` of the proxy it is reached through: http, https or socks5")
	flags.StringVar(&f.proxyFile, "proxy-file", "", "`FILE` that has the proxy's URL, for one with a password; - for standard input")
	flags.BoolVar(&f.anyClient, "any-client", false, "let a subscription serve clients other than its provider's own")
	flags.StringSliceVar(&f.models, "models", nil, "`LIST` of the models it serves, with * for any text; all without it")
	flags.StringSliceVar(&f.renames, "map", nil, "`FROM=TO`: ask for model TO where clients ask for FROM; repeatable")
	f.options.addTo(a, cmd)
	complete(cmd, "models", a.modelNames)
}

// addGroups adds what can only be said of a new account.
func (f *accountFlags) addGroups(a *app, cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&f.groups, "group", nil, "put it into the group `NAME`; repeatable")
	complete(cmd, "group", a.groupNames)
}

// fill says it of a new account.
func (f *accountFlags) fill(a *app, cmd *cobra.Command, x *ctl.NewAccount) error {
	renames, err := parsePairs("map", f.renames)
	if err != nil {
		return err
	}
	proxy, err := f.readProxy(a, cmd)
	if err != nil {
		return err
	}
	if proxy != nil {
		x.Proxy = *proxy
	}
	x.BaseURL, x.MaxConcurrency, x.AnyClient = f.baseURL, f.maxConcurrency, f.anyClient
	x.Priority, x.Groups, x.Models, x.Map = given(cmd.Flags(), "priority", f.priority), words(f.groups), words(f.models), renames
	if f.options.given(cmd.Flags()) {
		x.Options, err = f.options.over(nil, cmd.Flags(), x.Platform)
	}
	return err
}

// edit says it of an old one: what was given, and nothing else.
func (f *accountFlags) edit(a *app, cmd *cobra.Command, old *ctl.Account) (ctl.AccountEdit, error) {
	flags := cmd.Flags()
	renames, err := parsePairs("map", f.renames)
	if err != nil {
		return ctl.AccountEdit{}, err
	}
	edit := ctl.AccountEdit{
		BaseURL: given(flags, "base-url", f.baseURL), Priority: given(flags, "priority", f.priority),
		MaxConcurrency: given(flags, "max-concurrency", f.maxConcurrency), AnyClient: given(flags, "any-client", f.anyClient),
		Models: given(flags, "models", words(f.models)), Map: given(flags, "map", renames),
	}
	if edit.Proxy, err = f.readProxy(a, cmd); err != nil || !f.options.given(flags) {
		return edit, err
	}
	options, err := f.options.over(old.Options, flags, old.Platform) // the contract knows them only as a whole
	edit.Options = &options
	return edit, err
}

// readProxy is nil when none was given, and empty to take an old one away.
func (f *accountFlags) readProxy(a *app, cmd *cobra.Command) (*string, error) {
	if !cmd.Flags().Changed("proxy-file") {
		return given(cmd.Flags(), "proxy", f.proxy), nil
	}
	if cmd.Flags().Changed("proxy") {
		return nil, ctl.Errorf(ctl.BadRequest, "the proxy is given twice: --proxy and --proxy-file")
	}
	proxy, err := a.readSecret("the proxy's URL", f.proxyFile)
	text := proxy.Reveal()
	return &text, err
}
