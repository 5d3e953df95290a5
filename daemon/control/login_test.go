package control_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/account"
	"crs/internal/secret"
	"crs/proxyengine/provider"
)

// refused wants an error with a code that says something, and nothing of what is secret.
func refused(t *testing.T, err error, code ctl.Code, says string) {
	t.Helper()
	var e *ctl.Error
	if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Message, says) || strings.Contains(e.Message+e.Hint, "hush") {
		t.Errorf("%v (%s), want %s saying %q", err, ctl.CodeOf(err), code, says)
	}
}

func TestALoginMakesAnAccount(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	if _, err := d.CreateGroup(t.Context(), ctl.NewGroup{Name: "team"}); err != nil {
		t.Fatal(err)
	}
	l := d.begin(t, "max", func(l *ctl.NewLogin) {
		l.Proxy, l.Priority, l.Groups, l.AnyClient, l.Options = "http://u:hush@127.0.0.1:1", ptr(3), []string{"team"}, true, map[string]string{"mine": "x"}
	})
	if l.Platform != "subscription" || l.Name != "max" || l.Renews || l.Device != nil || !strings.HasPrefix(l.URL, "https://login.example/") ||
		!near(l.ExpiresAt, d.clock.Now().Add(10*time.Minute)) {
		t.Errorf("%+v", l)
	}
	if again, err := d.Client.Login(t.Context(), l.ID); err != nil || again != l {
		t.Errorf("%+v, %v", again, err)
	}
	done, err := d.FinishLogin(t.Context(), l.ID, "  "+goodCode+"#"+state+"\n")
	if err != nil || done.Renewed || done.Name != "max" || done.Credential != "oauth" || done.Priority != 3 || !done.AnyClient || done.Groups[0] != "team" ||
		done.State != "ready" || done.Proxy != "http://127.0.0.1:1" || done.Options["mine"] != "x" || done.Options["owner"] != "somebody" || done.Options["project"] != "p-1" {
		t.Fatalf("%+v, %v", done, err)
	}
	for _, proxy := range seen(d.fake, func(f *fake) []string { return f.called }) {
		if proxy != "http://u:hush@127.0.0.1:1" {
			t.Errorf("a call went through %q", proxy)
		}
	}
	kept, err := d.roster.Get("max")
	if err != nil || kept.Credential.Refresh.Reveal() != "hush-refresh" || kept.Credential.Generation != 1 {
		t.Errorf("%+v, %v", kept, err)
	}
	if log := d.log.String(); strings.Contains(log, "hush") || strings.Contains(log, goodCode) {
		t.Errorf("the log shows a secret:\n%s", log)
	}
}

func near(a, b time.Time) bool { return a.Sub(b).Abs() < time.Minute/2 }

func TestALoginIsUsedOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	l := d.begin(t, "max")
	if _, err := d.FinishLogin(t.Context(), l.ID, goodCode); err != nil {
		t.Fatal(err)
	}
	_, finished := d.FinishLogin(t.Context(), l.ID, goodCode)
	_, polled := d.PollLogin(t.Context(), l.ID)
	_, looked := d.Client.Login(t.Context(), l.ID)
	for _, err := range []error{finished, polled, looked, d.CancelLogin(t.Context(), l.ID)} {
		refused(t, err, ctl.Conflict, "was used already")
	}
}

func TestAnAccountThatWasMadeIsToldWith201(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", d.socket)
	}}}
	defer client.CloseIdleConnections()
	for _, want := range []int{http.StatusCreated, http.StatusOK} { // made, then renewed
		resp, err := client.Post("http://crs/v1/logins/"+d.begin(t, "max").ID+"/finish", "application/json", strings.NewReader(`{"code":"`+goodCode+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%d, want %d", resp.StatusCode, want)
		}
	}
}

func TestWhatWasPastedIsUnderstoodOrRefused(t *testing.T) {
	t.Parallel()
	for pasted, says := range map[string]string{
		goodCode:               "",
		goodCode + "#" + state: "",
		"https://login.example/callback?code=" + goodCode + "&state=" + state: "",
		"localhost:1455/auth/callback?code=" + goodCode + "&state=" + state:   "",
		"https://login.example/callback?code=" + goodCode + "&state=another":  "belongs to another login",
		goodCode + "#another":                              "belongs to another login",
		"https://login.example/?state=" + state:            "holds no code",
		"https://login.example/callback?error=no&state=xy": "did not agree",
		"what?":                      "holds no code",
		"   ":                        "the code is empty",
		strings.Repeat("x", 20_000):  "far too long",
		"a-code-of-quite-other-days": "wrong, used or expired",
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, nil)
			l := d.begin(t, "max")
			_, err := d.FinishLogin(t.Context(), l.ID, pasted)
			if says != "" {
				refused(t, err, ctl.BadRequest, says)
				_, err = d.FinishLogin(t.Context(), l.ID, goodCode) // the login is still there
			}
			if err != nil {
				t.Errorf("%q: %v", pasted, err)
			}
		})
	}
}

func TestTheFifthWrongCodeEndsALogin(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	l := d.begin(t, "max")
	for range 4 {
		_, err := d.FinishLogin(t.Context(), l.ID, "wrong-code")
		refused(t, err, ctl.BadRequest, "wrong, used or expired")
	}
	_, err := d.FinishLogin(t.Context(), l.ID, "wrong-code")
	refused(t, err, ctl.Conflict, "that was the last of 5 tries")
	_, err = d.FinishLogin(t.Context(), l.ID, goodCode)
	refused(t, err, ctl.Conflict, "failed 5 times")
}

func TestALoginExpires(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	l := d.begin(t, "max")
	d.clock.Advance(10 * time.Minute)
	_, err := d.FinishLogin(t.Context(), l.ID, goodCode)
	refused(t, err, ctl.Conflict, "has expired: it could be finished for 10m0s")
	_, err = d.FinishLogin(t.Context(), "login_other", goodCode)
	refused(t, err, ctl.NotFound, `there is no login "login_other"`)
	if n := seen(d.fake, func(f *fake) int { return f.redeemed }); n != 0 {
		t.Errorf("%d codes were redeemed", n)
	}
}

func TestALoginCanBeGivenUp(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	l := d.begin(t, "max")
	if err := d.CancelLogin(t.Context(), l.ID); err != nil {
		t.Fatal(err)
	}
	_, err := d.FinishLogin(t.Context(), l.ID, goodCode)
	refused(t, err, ctl.Conflict, "was given up")
}

func TestASetupTokenIsAskedFor(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	if done := d.login(t, "ci", func(l *ctl.NewLogin) { l.SetupToken = true }); done.Credential != "setup-token" {
		t.Errorf("%+v", done)
	}
}

func TestALoginMendsAnAccountAndKeepsTheRest(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	made := d.login(t, "max", func(l *ctl.NewLogin) {
		l.Priority, l.Proxy, l.Options = ptr(7), "http://127.0.0.1:1", map[string]string{"stale": "x"}
	})
	d.pool.Park(made.ID, "invalid_grant")
	if a, _ := d.Client.Account(t.Context(), "max"); a.State != "needs-login" {
		t.Fatalf("%+v", a)
	}
	l := d.begin(t, "max")
	if !l.Renews {
		t.Errorf("%+v", l)
	}
	if _, err := d.roster.Edit(t.Context(), "max", func(a *account.Account) error {
		a.MaxConcurrency, a.Options = 9, map[string]string{"owner": "old", "meanwhile": "y"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	done, err := d.FinishLogin(t.Context(), l.ID, goodCode)
	if err != nil || !done.Renewed || done.ID != made.ID || done.State != "ready" || done.Priority != 7 || done.MaxConcurrency != 9 || done.Proxy != "http://127.0.0.1:1" {
		t.Errorf("%+v, %v", done, err)
	}
	if o := done.Options; o["meanwhile"] != "y" || o["stale"] != "" || o["owner"] == "" {
		t.Errorf("%v", o)
	}
	if a, _ := d.roster.Get("max"); a.Credential.Generation < 1<<32 {
		t.Errorf("generation %d", a.Credential.Generation)
	}
	if all := d.roster.List(); len(all) != 1 {
		t.Errorf("%d accounts", len(all))
	}
}

func TestALoginThatMakesNoSenseIsRefusedBeforeAnybodyGoesThroughIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	d.login(t, "taken")
	for name, c := range map[string]struct {
		change func(*ctl.NewLogin)
		code   ctl.Code
		says   string
	}{
		"no platform":                        {func(l *ctl.NewLogin) { l.Platform = "clod" }, ctl.BadRequest, `there is no platform "clod"`},
		"one of API keys":                    {func(l *ctl.NewLogin) { l.Platform = "keyed" }, ctl.BadRequest, "has no login"},
		"a device of such a one":             {func(l *ctl.NewLogin) { l.Platform, l.Device = "keyed", true }, ctl.BadRequest, "has no login"},
		"a setup token there":                {func(l *ctl.NewLogin) { l.Device, l.SetupToken = true, true }, ctl.BadRequest, "from a login in a browser"},
		"a setup token nowhere":              {func(l *ctl.NewLogin) { l.Platform, l.SetupToken = "gadget", true }, ctl.BadRequest, "no setup tokens"},
		"no name":                            {func(l *ctl.NewLogin) { l.Name = "" }, ctl.BadRequest, "the name is empty"},
		"a proxy that is none":               {func(l *ctl.NewLogin) { l.Proxy = "ftp://hush:hush@p" }, ctl.BadRequest, "proxy scheme"},
		"a base URL of nonsense":             {func(l *ctl.NewLogin) { l.BaseURL = "api" }, ctl.BadRequest, "base URL"},
		"a negative priority":                {func(l *ctl.NewLogin) { l.Priority = ptr(-1) }, ctl.BadRequest, "priority"},
		"no such group":                      {func(l *ctl.NewLogin) { l.Groups = []string{"g"} }, ctl.NotFound, `no group "g"`},
		"an API key":                         {func(l *ctl.NewLogin) { l.APIKey = "hush" }, ctl.BadRequest, "neither an API key nor a file"},
		"a file":                             {func(l *ctl.NewLogin) { l.File = []byte("hush") }, ctl.BadRequest, "neither an API key nor a file"},
		"one that there is, with a priority": {func(l *ctl.NewLogin) { l.Name, l.Priority = "taken", ptr(1) }, ctl.BadRequest, "and nothing else"},
		"one on another platform":            {func(l *ctl.NewLogin) { l.Name, l.Platform = "taken", "gadget" }, ctl.Conflict, "is on platform subscription, not gadget"},
	} {
		in := ctl.NewLogin{NewAccount: ctl.NewAccount{Platform: "subscription", Name: "new"}}
		c.change(&in)
		_, err := d.BeginLogin(t.Context(), in)
		t.Run(name, func(t *testing.T) { refused(t, err, c.code, c.says) })
	}
	d.fake.set(func(f *fake) { f.begins = errors.New("providers.x.client_id is not set") })
	_, err := d.BeginLogin(t.Context(), ctl.NewLogin{NewAccount: ctl.NewAccount{Platform: "subscription", Name: "new"}})
	refused(t, err, ctl.BadRequest, "client_id is not set")
}

func TestALoginOnAnotherDevice(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	d.fake.set(func(f *fake) { f.interval = time.Minute })
	l := d.begin(t, "plus", onDevice)
	want := ctl.DeviceLogin{URL: "https://login.example/device", Direct: "https://login.example/device?code=WORD-7", Code: "WORD-7", IntervalSeconds: 60}
	if l.Device == nil || *l.Device != want || l.URL != want.URL {
		t.Fatalf("%+v", l)
	}
	poll := func() ctl.LoginPoll {
		t.Helper()
		p, err := d.PollLogin(t.Context(), l.ID)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	polled := func() int { return seen(d.fake, func(f *fake) int { return f.polled }) }
	for range 3 {
		if p := poll(); p.Done || p.Account != nil || p.IntervalSeconds != 60 || p.Trouble != "" {
			t.Errorf("%+v", p)
		}
	}
	if polled() != 1 {
		t.Errorf("the provider was asked %d times in its interval", polled())
	}
	d.fake.set(func(f *fake) { f.poll = errors.New("connect: timed out") })
	d.clock.Advance(time.Minute)
	if p := poll(); p.Done || p.Trouble != "connect: timed out" {
		t.Errorf("%+v", p)
	}
	d.fake.set(func(f *fake) { f.poll, f.agreed = nil, true })
	d.clock.Advance(time.Minute)
	if p := poll(); !p.Done || p.Account == nil || p.Account.Name != "plus" || p.Account.Renewed || p.Account.Options["project"] != "p-1" || polled() != 3 {
		t.Errorf("%+v, asked %d times", p, polled())
	}
	_, err := d.PollLogin(t.Context(), l.ID)
	refused(t, err, ctl.Conflict, "was used already")
}

func TestADeviceIsUsedUnaskedWhereThereIsNoOtherWay(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	d.fake.set(func(f *fake) { f.ends, f.agreed = d.clock.Now().Add(5*time.Minute), true })
	l := d.begin(t, "robot", func(l *ctl.NewLogin) { l.Platform = "gadget" })
	if l.Device == nil || l.Device.IntervalSeconds != 5 || !near(l.ExpiresAt, d.clock.Now().Add(5*time.Minute)) {
		t.Fatalf("%+v", l)
	}
	if p, err := d.PollLogin(t.Context(), l.ID); err != nil || !p.Done || p.Account.Platform != "gadget" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestAnOwnerWhoRefusesEndsTheLogin(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	d.fake.set(func(f *fake) { f.poll = &provider.BadCode{Why: "the owner refused"} })
	l := d.begin(t, "plus", onDevice)
	_, err := d.PollLogin(t.Context(), l.ID)
	refused(t, err, ctl.Failed, "the owner refused")
	_, err = d.PollLogin(t.Context(), l.ID)
	refused(t, err, ctl.Conflict, "was not agreed to")
}

func TestTheTwoWaysToFinishAreNotMixedUp(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	pasted, device := d.begin(t, "a"), d.begin(t, "b", onDevice)
	_, err := d.PollLogin(t.Context(), pasted.ID)
	refused(t, err, ctl.BadRequest, "is finished with a code")
	_, err = d.FinishLogin(t.Context(), device.ID, goodCode)
	refused(t, err, ctl.BadRequest, "takes no code")
	if _, err := d.FinishLogin(t.Context(), pasted.ID, goodCode); err != nil {
		t.Error(err)
	}
}

func TestWhatFailsAfterTheCodeIsTriedAgainWithoutIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	d.fake.set(func(f *fake) { f.finish, f.agreed = errors.New("the project API answered 503"), true })
	pasted, device := d.begin(t, "a"), d.begin(t, "b", onDevice)
	_, err := d.FinishLogin(t.Context(), pasted.ID, goodCode)
	refused(t, err, ctl.Failed, "finish the login of account a: the project API answered 503")
	_, err = d.PollLogin(t.Context(), device.ID)
	refused(t, err, ctl.Failed, "finish the login of account b: the project API answered 503")
	if len(d.roster.List()) != 0 {
		t.Error("an account was added that cannot serve")
	}
	d.fake.set(func(f *fake) { f.finish = nil })
	if _, err := d.FinishLogin(t.Context(), pasted.ID, "the-code-does-not-matter"); err != nil {
		t.Error(err)
	}
	if p, err := d.PollLogin(t.Context(), device.ID); err != nil || !p.Done {
		t.Errorf("%+v, %v", p, err)
	}
	if n := seen(d.fake, func(f *fake) int { return f.issued }); n != 2 {
		t.Errorf("%d credentials were issued", n)
	}
}

func TestANameThatIsTakenMeanwhileDoesNotLoseTheLogin(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	l := d.begin(t, "max")
	other := d.login(t, "max")
	_, err := d.FinishLogin(t.Context(), l.ID, goodCode)
	refused(t, err, ctl.Conflict, `named "max" already`)
	if err := d.RemoveAccount(t.Context(), other.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := d.FinishLogin(t.Context(), l.ID, goodCode); err != nil {
		t.Error(err)
	}
}

func TestAnExchangeGoesOnWhenTheCallerLeaves(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	hold := make(chan struct{})
	l := d.begin(t, "max")
	d.fake.set(func(f *fake) { f.hold = hold })
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := d.FinishLogin(ctx, l.ID, goodCode)
		left <- err
	}()
	until(t, "the exchange has begun", func() bool { return seen(d.fake, func(f *fake) int { return len(f.called) }) > 0 })
	_, err := d.FinishLogin(t.Context(), l.ID, goodCode)
	refused(t, err, ctl.Conflict, "is being finished at this moment")
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	close(hold)
	until(t, "the account is there", func() bool { return len(d.roster.List()) == 1 })
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never saw that %s", what)
		}
	}
}

func TestAnImportIsFinishedAsALoginIs(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	add := func(name, file string) (ctl.Account, error) {
		return d.AddAccount(t.Context(), ctl.NewAccount{Platform: "subscription", Name: name, File: []byte(file), Proxy: "http://127.0.0.1:1"})
	}
	token := func(name string) secret.String {
		a, err := d.roster.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		return a.Credential.Secret
	}
	for file, want := range map[string]string{"fresh": "hush-saved", "stale": "hush-renewed"} {
		if a, err := add(file, file); err != nil || a.Options["project"] != "p-1" || token(file).Reveal() != want {
			t.Errorf("%s: %+v, %v", file, a, err)
		}
	}
	calls := func() int { return seen(d.fake, func(f *fake) int { return len(f.called) }) }
	before := calls()
	_, err := add("stale", "stale")
	refused(t, err, ctl.Conflict, "already")
	_, err = add("other", "a picture")
	refused(t, err, ctl.BadRequest, "another program's")
	if calls() != before {
		t.Error("a token was used up for an account that could not be added")
	}
	d.fake.set(func(f *fake) { f.refused = "invalid_grant" })
	_, err = add("other", "stale")
	refused(t, err, ctl.BadRequest, "the login is no longer good: the refresh token was refused: invalid_grant")
	d.fake.set(func(f *fake) { f.finish = errors.New("no project") })
	_, err = add("other", "fresh")
	refused(t, err, ctl.Failed, "no project")
	if len(d.roster.List()) != 2 {
		t.Error("what could not be imported was added")
	}
}

func TestTooManyLoginsAreRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	for range 100 {
		d.begin(t, "max")
	}
	_, err := d.BeginLogin(t.Context(), ctl.NewLogin{NewAccount: ctl.NewAccount{Platform: "subscription", Name: "max"}})
	refused(t, err, ctl.Failed, "too many logins have begun")
	d.clock.Advance(10 * time.Minute)
	d.begin(t, "max")
}
