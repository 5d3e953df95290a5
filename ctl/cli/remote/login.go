package remote

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"time"

	"crs/ctl"
	"crs/ctl/cli/command"
)

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
	timer := time.NewTimer(max(time.Duration(seconds*float64(time.Second)), time.Millisecond))
	defer timer.Stop()
	select {
	case <-timer.C:
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
