package remote

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

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
	next := "crs account login --finish " + l.ID + command.Only(l.Device == nil, " --code CODE")
	d := cmp.Or(l.Device, new(ctl.DeviceLogin))
	a.Facts(command.Fact{"login", l.ID}, command.Fact{"open", l.URL}, command.Fact{"type there", d.Code}, command.Fact{"or open", d.Direct},
		command.Fact{"before", a.Until(&l.ExpiresAt)}, command.Fact{"then", next})
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

// pasteCode has somebody go through the login and paste what came of it, as often as the daemon lets them.
func (a *app) pasteCode(ctx context.Context, l *ctl.Login) error {
	a.talk("Open this address in a browser and log in as the account's owner:\n\n  %s\n", l.URL)
	in := bufio.NewReader(a.IO.In)
	for {
		a.ask("The code that the page shows, or the address where the browser ended: ")
		line, err := command.Await(ctx, func() ([]byte, error) { return in.ReadBytes('\n') })
		code := strings.TrimSpace(string(line))
		switch {
		case ctx.Err() != nil:
			a.giveUp(ctx, l)
			return ctx.Err()
		case code == "" && err != nil:
			a.giveUp(ctx, l)
			return ctl.Errorf(ctl.Failed, "no code was pasted; the login is given up")
		case code == "":
			continue
		}
		done, err := a.Client().FinishLogin(ctx, l.ID, code)
		if ctl.CodeOf(err) != ctl.BadRequest {
			return a.loggedIn(&done, err)
		}
		a.talk("That did not work: %s", command.Describe(err).Message)
	}
}

// awaitDevice waits until the account's owner has agreed on another device, or ctx ends.
func (a *app) awaitDevice(ctx context.Context, l *ctl.Login) error {
	d := l.Device
	a.talk("Open this address on any device, log in as the account's owner, and type the code %s:\n\n  %s\n", d.Code, d.URL)
	if d.Direct != "" {
		a.talk("or, with the code in it:\n\n  %s\n", d.Direct)
	}
	a.ask("Waiting, until %s ", a.Moment(l.ExpiresAt))
	for wait, trouble := d.IntervalSeconds, ""; ; {
		sleep(ctx, wait)
		p, err := a.Client().PollLogin(ctx, l.ID)
		switch {
		case ctx.Err() != nil:
			a.talk("")
			a.giveUp(ctx, l)
			return ctx.Err()
		case err != nil || p.Account != nil:
			a.talk("")
			return a.loggedIn(p.Account, err)
		}
		a.ask(".")
		if p.Trouble != "" && p.Trouble != trouble {
			a.talk("\nThere is trouble, which may pass: %s", p.Trouble)
		}
		wait, trouble = p.IntervalSeconds, p.Trouble
	}
}

// sleep waits for a while that the daemon has chosen, or until ctx ends.
func sleep(ctx context.Context, seconds float64) {
	select {
	case <-time.After(max(time.Duration(seconds*float64(time.Second)), time.Millisecond)):
	case <-ctx.Done():
	}
}

// giveUp tells the daemon that nobody will finish a login. If it does not hear that, the login expires.
func (a *app) giveUp(ctx context.Context, l *ctl.Login) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer stop()
	_ = a.Client().CancelLogin(ctx, l.ID)
}

// loggedIn tells of the account, or passes the error on.
func (a *app) loggedIn(x *ctl.LoggedIn, err error) error {
	if err != nil {
		return err
	}
	did := "is added"
	if x.Renewed {
		did = "is logged into again"
	} else {
		a.noteTerms(&x.Account)
	}
	return a.Show(x, func() { a.sayAdded(&x.Account, did) })
}

// talk says a line to whoever goes through a login. It is no result, so it goes where errors go.
func (a *app) talk(format string, args ...any) { a.ask(format+"\n", args...) }

// ask says something that the line goes on after.
func (a *app) ask(format string, args ...any) {
	if a.Quiet {
		return
	}
	_, _ = fmt.Fprint(a.IO.Err, command.Lines(fmt.Sprintf(format, args...)))
}
