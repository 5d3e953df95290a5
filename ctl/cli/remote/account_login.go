package remote

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"crs/ctl"
	"crs/ctl/cli/command"
)

// loginFlags are what can be said of a login.
type loginFlags struct {
	account                      accountFlags
	setupToken, device, printURL bool
	finish, code                 string
}

func (a *app) accountLoginCommand() *cobra.Command {
	var f loginFlags
	cmd := &cobra.Command{
		Use: "login PLATFORM NAME", Short: "Log into a subscription: a new account, or one that needs a login", Args: loginArgs,
		Long: "Logs into a subscription. Prints an address; its owner opens it in any browser, agrees, and pastes the code that the page shows,\n" +
			"or the address where the browser ended (that page may not load; its address is enough). With --device nothing is pasted.\n" +
			"A login is good for ten minutes and for one account. With the name of an account that there is, it replaces that account's\n" +
			"credential and nothing else. In two steps, for scripts: --print-url, then --finish ID.",
		Example:           a.examples("login", ctl.ByBrowser, ctl.BySetupToken, ctl.ByDevice) + "\n  crs account login --finish login_abc --code -",
		ValidArgsFunction: command.Completions(a.platformsThat(ctl.ByBrowser, ctl.ByDevice), a.AccountNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("finish") {
				return a.finishLogin(cmd, &f)
			}
			return a.login(cmd, &f, args[0], args[1])
		},
	}
	f.account.addTo(a, cmd, false)
	f.account.addGroups(a, cmd)
	flags := cmd.Flags()
	flags.BoolVar(&f.setupToken, "setup-token", false, "ask for a token that lasts a year and cannot be renewed ("+a.whereThat(ctl.BySetupToken)+")")
	flags.BoolVar(&f.device, "device", false, "log in on another device: a code is typed there, nothing is pasted here ("+a.whereThat(ctl.ByDevice)+")")
	flags.BoolVar(&f.printURL, "print-url", false, "begin the login, print its id and address, and leave it open")
	flags.StringVar(&f.finish, "finish", "", "finish the login with this `ID`")
	flags.StringVar(&f.code, "code", "", "with --finish: the `CODE`, or the address where the browser ended; - for standard input")
	return cmd
}

// loginArgs wants what is to be logged into, except to finish a login that knows it.
func loginArgs(cmd *cobra.Command, args []string) error {
	if cmd.Flags().Changed("finish") {
		return command.Takes()(cmd, args)
	}
	return command.Takes("PLATFORM", "NAME")(cmd, args)
}

func (a *app) login(cmd *cobra.Command, f *loginFlags, platform, name string) error {
	switch {
	case cmd.Flags().Changed("code"):
		return ctl.Errorf(ctl.BadRequest, "a code belongs to a login that has begun").WithHint("name it: --finish ID --code CODE")
	case !f.printURL && !f.device && !a.IO.Somebody:
		return ctl.Errorf(ctl.BadRequest, "there is nobody to paste a code").
			WithHint("do it in two steps: --print-url, then --finish ID --code CODE; or log in on another device: --device")
	}
	x := ctl.NewLogin{NewAccount: ctl.NewAccount{Platform: platform, Name: name}, SetupToken: f.setupToken, Device: f.device}
	if err := f.account.fill(a, cmd, &x.NewAccount); err != nil {
		return err
	}
	l, err := a.Client().BeginLogin(cmd.Context(), x)
	switch {
	case err != nil:
		return err
	case f.printURL:
		return a.Show(l, func() { a.loginFacts(&l) })
	case l.Device != nil:
		return a.awaitDevice(cmd.Context(), &l)
	}
	return a.pasteCode(cmd.Context(), &l)
}

func (a *app) loginFacts(l *ctl.Login) {
	next := "crs account login --finish " + l.ID
	if l.Device == nil {
		next += " --code CODE"
	}
	facts := []command.Fact{{"login", l.ID}, {"open", l.URL}}
	if l.Device != nil {
		facts = append(facts, command.Fact{"type there", l.Device.Code}, command.Fact{"or open", l.Device.Direct})
	}
	a.Facts(append(facts, command.Fact{"before", a.Until(&l.ExpiresAt)}, command.Fact{"then", next})...)
}

// finishLogin ends a login that has begun in another run.
func (a *app) finishLogin(cmd *cobra.Command, f *loginFlags) error {
	if err := onlyFinish(cmd); err != nil {
		return err
	}
	code, ctx := f.code, cmd.Context()
	if code == "-" {
		text, err := a.ReadSecret("the code", "-")
		if err != nil {
			return err
		}
		code = text.Reveal()
	}
	if code != "" {
		done, err := a.Client().FinishLogin(ctx, f.finish, code)
		return a.loggedIn(&done, err)
	}
	l, err := a.Client().Login(ctx, f.finish)
	switch {
	case err != nil:
		return err
	case l.Device != nil:
		a.Quiet = a.JSON // what is to be done was said when the login began
		return a.awaitDevice(ctx, &l)
	case !a.IO.Somebody:
		return ctl.Errorf(ctl.BadRequest, "the code is missing").WithHint("give it with: --code CODE, or --code - for standard input")
	}
	return a.pasteCode(ctx, &l)
}

// onlyFinish checks that a login is named, and that nothing is said of its account: that was done when it began.
func onlyFinish(cmd *cobra.Command) error {
	odd, own := "", cmd.LocalNonPersistentFlags()
	cmd.Flags().Visit(func(g *pflag.Flag) {
		if own.Lookup(g.Name) != nil && g.Name != "finish" && g.Name != "code" {
			odd = g.Name
		}
	})
	switch {
	case odd != "":
		return ctl.Errorf(ctl.BadRequest, "--%s is said when a login begins, not when it is finished", odd)
	case cmd.Flag("finish").Value.String() == "":
		return ctl.Errorf(ctl.BadRequest, "--finish: the login's id is empty")
	}
	return nil
}
