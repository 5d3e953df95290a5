package control_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"crs/ctl"
	"crs/daemon/admin"
	"crs/daemon/control"
	"crs/internal/account"
	"crs/internal/audit"
	"crs/internal/key"
	"crs/internal/oauth"
	"crs/internal/seal"
	"crs/internal/secret"
	"crs/internal/store/local"
	"crs/lab/crstest"
	"crs/proxyengine/provider"
)

// desk is a control socket over a real store. Only the provider is a fake, and what it talks to.
type desk struct {
	*ctl.Client
	fake   *fake
	roster *account.Roster
	pool   *account.Pool
	clock  *crstest.Clock
	log    *crstest.Log
	audit  *audit.Log
	socket string
}

// mostCallers is how many connections a desk takes.
const mostCallers = 16

// newDesk starts one. caller, if not nil, takes the place of the fake's own.
func newDesk(t *testing.T, caller func(*account.Account) provider.Call) *desk {
	t.Helper()
	dir, err := os.MkdirTemp("", "crs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	d := &desk{clock: new(crstest.Clock), log: new(crstest.Log), socket: filepath.Join(dir, "s")}
	d.fake = &fake{now: d.clock.Now}
	store, err := local.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	sealing, err := seal.Open(dir, seal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d.pool = account.NewPool(account.Options{Now: d.clock.Now, Platforms: d.fake.Platforms()})
	if d.roster, err = account.LoadRoster(t.Context(), store, sealing, d.pool, d.clock.Now); err != nil {
		t.Fatal(err)
	}
	keys, err := key.Load(t.Context(), store, d.clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	if caller == nil {
		caller = d.fake.caller
	}
	log := slog.New(slog.NewTextHandler(d.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	d.audit = audit.Start(audit.Options{Rows: store, Now: d.clock.Now, Keep: time.Hour, Bytes: 1 << 20})
	server, err := control.Listen(d.socket, mostCallers, nil, log)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		ops := admin.New(admin.Options{
			Roster: d.roster, Pool: d.pool, Keys: keys, Caller: caller, Now: d.clock.Now, Audit: d.audit, Platforms: map[string]provider.Provider{
				"subscription": d.fake, "gadget": gadget{d.fake, d.fake}, "keyed": keyed{d.fake},
			},
		})
		ended <- server.Serve(control.NewHandler(control.Options{Operations: ops, Log: log}))
	}()
	d.Client = ctl.NewClient(d.socket)
	t.Cleanup(func() {
		d.Close()
		if err := errors.Join(server.Shutdown(context.Background()), <-ended, d.audit.Close(context.Background()), store.Close()); err != nil {
			t.Error(err)
		}
	})
	return d
}

// begin begins a login on the platform subscription.
func (d *desk) begin(t *testing.T, name string, change ...func(*ctl.NewLogin)) ctl.Login {
	t.Helper()
	in := ctl.NewLogin{NewAccount: ctl.NewAccount{Platform: "subscription", Name: name}}
	for _, c := range change {
		c(&in)
	}
	l, err := d.BeginLogin(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func onDevice(l *ctl.NewLogin) { l.Device = true }

// login adds an account.
func (d *desk) login(t *testing.T, name string, change ...func(*ctl.NewLogin)) ctl.LoggedIn {
	t.Helper()
	done, err := d.FinishLogin(t.Context(), d.begin(t, name, change...).ID, goodCode)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// keyed is a provider whose accounts have API keys only.
type keyed struct{ provider.Provider }

// gadget is a provider whose accounts can only be logged into from another device.
type gadget struct {
	provider.Provider
	provider.DeviceAuthorizer
}

const (
	goodCode = "good-code"
	state    = "the-state-of-this-login"
)

// fake is a provider's side of logins. What its fields do not say goes well.
type fake struct {
	provider.Provider // nobody asks it for the rest
	now               func() time.Time

	mu       sync.Mutex // guards the fields below
	down     error      // what a call comes to
	begins   error      // what beginning a login comes to
	poll     error      // what asking after a device comes to
	finish   error
	refused  string // why a refresh is refused
	agreed   bool
	interval time.Duration
	ends     time.Time
	hold     chan struct{} // a call waits until it is closed
	called   []string      // the proxies that calls went through
	redeemed int
	polled   int
	issued   int
}

// set changes what the fake does.
func (f *fake) set(change func(*fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// seen reads what the fake has noted.
func seen[T any](f *fake, of func(*fake) T) T {
	f.mu.Lock()
	defer f.mu.Unlock()
	return of(f)
}

func (f *fake) caller(acc *account.Account) provider.Call {
	return func(ctx context.Context, _ *provider.Outbound) (*provider.Reply, error) {
		f.mu.Lock()
		f.called = append(f.called, acc.Proxy.Reveal())
		down, hold := f.down, f.hold
		f.mu.Unlock()
		if hold != nil {
			select {
			case <-hold:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		return &provider.Reply{Status: 200, At: f.now()}, down
	}
}

func (*fake) Platforms() map[string]account.Platform {
	p := account.Platform{Services: []string{"s"}, Permission: "claude"}
	return map[string]account.Platform{"subscription": p, "gadget": p, "keyed": p}
}

func (f *fake) Authorize(_ string, setupToken bool) (*provider.Login, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &provider.Login{URL: "https://login.example/?state=" + state, State: state, Verifier: secret.New("hush-verifier"), SetupToken: setupToken}, f.begins
}

func (f *fake) Redeem(ctx context.Context, call provider.Call, l *provider.Login, pasted string, acc *account.Account) error {
	code, err := oauth.Pasted(pasted, l.State)
	if err != nil {
		return &provider.BadCode{Why: err.Error()}
	}
	if _, err := call(ctx, new(provider.Outbound)); err != nil {
		return err
	}
	if !acc.Credential.Secret.Empty() {
		return errors.New("a login was given the old credential")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.redeemed++; code != goodCode {
		return &provider.BadCode{Why: "the code is wrong, used or expired"}
	}
	f.grant(acc, l.SetupToken)
	return nil
}

// grant is called with mu held.
func (f *fake) grant(acc *account.Account, setupToken bool) {
	f.issued++
	acc.Credential = account.Credential{Kind: account.OAuth, Secret: secret.New("hush-access"), Refresh: secret.New("hush-refresh"), ExpiresAt: f.now().Add(time.Hour)}
	if setupToken {
		acc.Credential.Kind, acc.Credential.Refresh = account.SetupToken, secret.String{}
	}
	if acc.Options == nil {
		acc.Options = map[string]string{}
	}
	acc.Options["owner"] = "somebody"
	delete(acc.Options, "stale")
}

func (f *fake) BeginDevice(ctx context.Context, call provider.Call, _ string) (*provider.Device, error) {
	if _, err := call(ctx, new(provider.Outbound)); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return &provider.Device{
		URL: "https://login.example/device", Direct: "https://login.example/device?code=WORD-7", Code: "WORD-7", Interval: f.interval,
		Ends: f.ends, Handle: secret.New("hush-handle"),
	}, f.begins
}

func (f *fake) PollDevice(_ context.Context, _ provider.Call, _ *provider.Device, acc *account.Account) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.polled++
	if f.agreed && f.poll == nil {
		f.grant(acc, false)
	}
	return f.agreed, f.poll
}

func (f *fake) Finish(ctx context.Context, call provider.Call, acc *account.Account) error {
	if _, err := call(ctx, new(provider.Outbound)); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.finish == nil {
		if acc.Options == nil {
			acc.Options = map[string]string{}
		}
		acc.Options["project"] = "p-1"
	}
	return f.finish
}

func (f *fake) RenewRequest(*account.Account) (*provider.Outbound, error) {
	return new(provider.Outbound), nil
}

func (f *fake) Renewed(acc *account.Account, _ *provider.Reply) (account.Credential, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refused != "" {
		return account.Credential{}, &provider.NeedsLogin{Why: f.refused}
	}
	c := acc.Credential
	c.Secret, c.ExpiresAt = secret.New("hush-renewed"), f.now().Add(time.Hour)
	return c, nil
}

// Import takes "stale" and "fresh" for logins that a client saved.
func (f *fake) Import(_ string, file []byte, acc *account.Account) error {
	acc.Credential = account.Credential{Kind: account.OAuth, Secret: secret.New("hush-saved"), Refresh: secret.New("hush-refresh")}
	switch {
	case bytes.Equal(file, []byte("fresh")):
		acc.Credential.ExpiresAt = f.now().Add(time.Hour)
	case bytes.Equal(file, []byte("stale")):
		acc.Credential.ExpiresAt = f.now().Add(-time.Hour)
	default:
		return errors.New("the file is another program's")
	}
	return nil
}
