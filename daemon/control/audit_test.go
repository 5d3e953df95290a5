package control_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/user"
	"strconv"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/daemon/admin"
	"crs/daemon/control"
	"crs/internal/account"
	"crs/internal/audit"
	"crs/lab/crstest"
	"crs/lab/redistest"
	"crs/proxyengine"
)

// step does what one route is for.
type step struct {
	route string
	do    func() error
}

// TestNoChangeIsForgotten: every route that changes something leaves an entry with what it did. A new route needs a step here.
func TestNoChangeIsForgotten(t *testing.T) {
	t.Parallel()
	missing := map[string]bool{}
	for route, does := range control.Changes() {
		missing[route] = does != ""
	}
	try := func(entries func() []ctl.AuditEntry, steps []step) {
		for _, s := range steps {
			had, does := len(entries()), control.Changes()[s.route]
			if err := s.do(); err != nil {
				t.Errorf("%s: %v", s.route, err)
				continue
			}
			now := entries()
			if len(now) != had+1 {
				t.Errorf("%s leaves %d entries", s.route, len(now)-had)
				continue
			}
			if e := now[had]; does == "" || e.Action != string(does) || e.Outcome != ctl.OutcomeDone || e.Actor.Kind != "user" || e.ID+e.Name == "" {
				t.Errorf("%s, which does %q, leaves %+v", s.route, does, e)
			}
			missing[s.route] = false
		}
	}
	ofDomain(t, try)
	ofLogins(t, try)
	ofProcess(t, try)
	for route, is := range missing {
		if is {
			t.Errorf("%s changes something, and no step of this test does it", route)
		}
	}
}

// entriesOf reads all that a daemon has written.
func entriesOf(t *testing.T, c *ctl.Client) []ctl.AuditEntry {
	t.Helper()
	all, err := c.Audit(t.Context(), ctl.AuditQuery{Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	return all.Entries
}

func ofDomain(t *testing.T, try func(func() []ctl.AuditEntry, []step)) {
	b, ctx := crstest.Start(t), t.Context()
	b.Subscription("max", time.Hour)
	try(func() []ctl.AuditEntry { return entriesOf(t, b.Client) }, []step{
		{"POST /accounts", func() error {
			return err1(b.AddAccount(ctx, ctl.NewAccount{Platform: "claude-console", Name: "a", APIKey: "sk-ant-a"}))
		}},
		{"PATCH /accounts/{ref}", func() error { return err1(b.EditAccount(ctx, "a", ctl.AccountEdit{Priority: ptr(3)})) }},
		{"POST /accounts/{ref}/disable", func() error { return err1(b.DisableAccount(ctx, "a")) }},
		{"POST /accounts/{ref}/enable", func() error { return err1(b.EnableAccount(ctx, "a")) }},
		{"POST /accounts/{ref}/thaw", func() error { return err1(b.ThawAccount(ctx, "a")) }},
		{"POST /accounts/{ref}/refresh", func() error { return err1(b.RefreshAccount(ctx, "max")) }},
		{"POST /groups", func() error { return err1(b.CreateGroup(ctx, ctl.NewGroup{Name: "g"})) }},
		{"PUT /groups/{ref}/accounts/{account}", func() error { return err1(b.JoinGroup(ctx, "g", "a")) }},
		{"DELETE /groups/{ref}/accounts/{account}", func() error { return err1(b.LeaveGroup(ctx, "g", "a")) }},
		{"DELETE /groups/{ref}", func() error { return b.DeleteGroup(ctx, "g") }},
		{"DELETE /accounts/{ref}", func() error { return b.RemoveAccount(ctx, "a") }},
		{"POST /keys", func() error { return err1(b.CreateKey(ctx, ctl.NewKey{Name: "k"})) }},
		{"PATCH /keys/{ref}", func() error { return err1(b.EditKey(ctx, "k", ctl.KeyEdit{Tags: ptr([]string{"t"})})) }},
		{"POST /keys/{ref}/rotate", func() error { return err1(b.RotateKey(ctx, "k")) }},
		{"POST /keys/{ref}/disable", func() error { return err1(b.DisableKey(ctx, "k")) }},
		{"POST /keys/{ref}/enable", func() error { return err1(b.EnableKey(ctx, "k")) }},
		{"DELETE /keys/{ref}", func() error { return err1(b.DeleteKey(ctx, "k")) }},
		{"POST /keys/{ref}/restore", func() error { return err1(b.RestoreKey(ctx, "k")) }},
		{"DELETE /keys/{ref}", func() error { return err1(b.DeleteKey(ctx, "k")) }},
		{"POST /keys/{ref}/purge", func() error { return b.PurgeKey(ctx, "k") }},
		{"PUT /prices/{ref}", func() error { return err1(b.SetPrice(ctx, "m", ctl.PriceEdit{Input: 1_000_000_000, Output: 1})) }},
		{"POST /prices/update", func() error {
			return err1(b.UpdatePrices(ctx, ctl.PriceUpdate{From: "my table", Table: []byte(dear(1, 2, ""))}))
		}},
		{"POST /usage/reprice", func() error { return err1(b.Reprice(ctx, ctl.Reprice{})) }},
	})
}

func ofLogins(t *testing.T, try func(func() []ctl.AuditEntry, []step)) {
	d, ctx := newDesk(t, nil), t.Context()
	var l ctl.Login
	begin := func(name string, change ...func(*ctl.NewLogin)) func() error {
		return func() error { l = d.begin(t, name, change...); return nil }
	}
	d.fake.set(func(f *fake) { f.agreed = true })
	try(func() []ctl.AuditEntry { return entriesOf(t, d.Client) }, []step{
		{"POST /logins", begin("one")},
		{"POST /logins/{ref}/finish", func() error { return err1(d.FinishLogin(ctx, l.ID, goodCode)) }},
		{"POST /logins", begin("two", onDevice)},
		{"POST /logins/{ref}/poll", func() error { return err1(d.PollLogin(ctx, l.ID)) }},
		{"POST /logins", begin("three")},
		{"DELETE /logins/{ref}", func() error { return d.CancelLogin(ctx, l.ID) }},
	})
}

// flying is an engine with any request in flight.
type flying struct{}

func (flying) InFlight() int               { return 1 }
func (flying) Live() []proxyengine.Live    { return nil }
func (flying) Disconnect(string) bool      { return true }
func (flying) RetainedBytes() int64        { return 0 }
func (flying) Canary() (string, time.Time) { return "", time.Time{} }
func (flying) Test(context.Context, *account.Account, string) (proxyengine.Tested, error) {
	return proxyengine.Tested{}, nil
}

// pages are a book for entries.
type pages struct{ all []ctl.AuditEntry }

func (p *pages) Record(e audit.Entry) {
	p.all = append(p.all, ctl.AuditEntry{
		Actor: ctl.Actor{Kind: string(e.Actor.Kind)}, Action: e.Action, Outcome: string(e.Outcome), ID: e.Subject.ID, Name: e.Subject.Name,
	})
}

func (*pages) Find(context.Context, audit.Query) ([]audit.Row, error) { return nil, nil }

func ofProcess(t *testing.T, try func(func() []ctl.AuditEntry, []step)) {
	book := new(pages)
	h := control.NewHandler(control.Options{Log: slog.New(slog.DiscardHandler), Operations: admin.New(admin.Options{
		Audit: book, Engine: flying{}, Now: time.Now, About: ctl.Status{Node: "node_1"},
		Restart: func(context.Context, ctl.Restart) (ctl.Restarted, error) {
			return ctl.Restarted{OldPID: 1, OldVersion: "1.0", PID: 2, Version: "1.1"}, nil
		},
	})})
	call := func(method, path, body string) func() error {
		return func() error {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(method, "/v1"+path, strings.NewReader(body)).WithContext(t.Context()))
			if w.Code/100 != 2 {
				return fmt.Errorf("%d %s", w.Code, w.Body)
			}
			return nil
		}
	}
	read := func() []ctl.AuditEntry { return book.all }
	try(read, []step{
		{"POST /restart", call(http.MethodPost, "/restart", "{}")},
		{"DELETE /live/{ref}", call(http.MethodDelete, "/live/req_1", "")},
	})
	if err := call(http.MethodPost, "/restart", `{"check_only":true}`)(); err != nil || len(read()) != 2 {
		t.Errorf("a restart that was only checked: %v, %+v", err, read())
	}
}

// TestAnEntrySaysWhoDidWhatToWhat, and what that changed.
func TestAnEntrySaysWhoDidWhatToWhat(t *testing.T) {
	t.Parallel()
	b, ctx := crstest.Start(t), t.Context()
	b.Key("alice", func(k *ctl.NewKey) { k.RequestsPerMinute = ptr(int64(60)) })
	if _, err := b.EditKey(ctx, "alice", ctl.KeyEdit{RequestsPerMinute: ptr(int64(100)), Tags: ptr([]string{"a", "b"}), Concurrency: ptr(0)}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.DisableKey(ctx, "alice"); err != nil {
		t.Fatal(err)
	}
	_, _ = b.EditKey(ctx, "alice", ctl.KeyEdit{Multiplier: ptr(-1.0)}) // refused: it leaves nothing
	b.Account("work", func(a *ctl.NewAccount) { a.Map = map[string]string{"x": "y", "keep": "it"} })
	if _, err := b.EditAccount(ctx, "work", ctl.AccountEdit{APIKey: ptr("sk-ant-other"), Map: ptr(map[string]string{"x": "z", "keep": "it"})}); err != nil {
		t.Fatal(err)
	}
	who := ctl.Actor{Kind: "user", ID: strconv.Itoa(os.Geteuid())}
	if u, err := user.Current(); err == nil {
		who.Name = u.Username
	}
	k, err := b.Client.Key(ctx, "alice")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entriesOf(t, b.Client) {
		if e.Actor != who || e.Outcome != ctl.OutcomeDone || time.Since(e.Time).Abs() > time.Minute || e.Kind == "key" && e.ID != k.ID || !strings.HasPrefix(e.Entry, "aud_") {
			t.Errorf("%+v", e)
		}
		line := e.Action + " " + e.Name + ":"
		for _, c := range e.Changes {
			line += fmt.Sprintf(" %s[%s>%s]", c.Field, c.Before, c.After)
		}
		got = append(got, line)
	}
	want := []string{
		"key.create alice: hint[>" + k.Hint + "] limits.multiplier[>1] limits.rpm[>60] state[>active]",
		"key.edit alice: limits.rpm[60>100] tags[>a, b]",
		"key.disable alice: state[active>disabled]",
		"account.add work: credential[>api-key] enabled[>true] map.keep[>it] map.x[>y] platform[>claude-console] priority[>50]",
		"account.edit work: credential[api-key>api-key (another one)] map.x[y>z]",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestNoSecretGetsIntoTheAuditLog, wherever one may stand.
func TestNoSecretGetsIntoTheAuditLog(t *testing.T) {
	t.Parallel()
	b, d, ctx := crstest.Start(t), newDesk(t, nil), t.Context()
	secrets := []string{"hush", goodCode}
	b.Account("a", func(a *ctl.NewAccount) { a.APIKey, a.Proxy = "sk-hush-1", "http://hush-user:hush-2@127.0.0.1:1" })
	for _, e := range []ctl.AccountEdit{
		{APIKey: ptr("sk-hush-3")}, {Proxy: ptr("http://hush-user:hush-4@127.0.0.1:1")}, {Proxy: ptr("socks5://hush-user:hush-5@127.0.0.1:2")},
		{BaseURL: ptr("https://hush:hush@api.example")}, {BaseURL: ptr("https://api.example?key=hush")}, {Proxy: ptr("ftp://u:hush@p")}, {Proxy: ptr("")},
	} {
		_, _ = b.EditAccount(ctx, "a", e)
	}
	_, _ = b.AddAccount(ctx, ctl.NewAccount{Platform: "claude-console", Name: "b", APIKey: "hush", BaseURL: "https://hush:hush@api.example"})
	_, _ = b.AddAccount(ctx, ctl.NewAccount{Platform: "claude", Name: "c", File: []byte("hush")})
	b.Subscription("max", time.Hour) // its tokens are sk-ant-oat01-max and sk-ant-ort01-max
	_, _ = b.RefreshAccount(ctx, "max")
	_, _ = b.DisableAccount(ctx, "a")
	_ = b.RemoveAccount(ctx, "a")
	secrets = append(secrets, "sk-ant-oat01", "sk-ant-ort01", b.Key("k"))
	rotated, err := b.RotateKey(ctx, "k")
	if err != nil {
		t.Fatal(err)
	}
	secrets = append(secrets, rotated.Secret)
	for _, from := range []string{"https://me:hush@prices.example/table?token=hush", "https://prices.example/table#hush"} {
		if _, err := b.UpdatePrices(ctx, ctl.PriceUpdate{From: from, Table: []byte(dear(1, 2, ""))}); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = b.UpdatePrices(ctx, ctl.PriceUpdate{From: "https://me:hush@127.0.0.1:1/"})
	d.login(t, "one", func(l *ctl.NewLogin) { l.Proxy = "http://u:hush@127.0.0.1:1" })
	d.login(t, "one") // renews it
	l := d.begin(t, "two")
	_, _ = d.FinishLogin(ctx, l.ID, "hush-wrong")
	_ = d.CancelLogin(ctx, l.ID)
	_, _ = d.AddAccount(ctx, ctl.NewAccount{Platform: "subscription", Name: "saved", File: []byte("fresh")})

	for name, client := range map[string]*ctl.Client{"box": b.Client, "desk": d.Client} {
		all := entriesOf(t, client)
		text, err := json.Marshal(all)
		if err != nil || len(all) < 5 {
			t.Fatalf("%s: %d entries, %v", name, len(all), err)
		}
		for _, s := range secrets {
			if strings.Contains(string(text), s) {
				t.Errorf("%s: %q is in %s", name, s, text)
			}
		}
	}
	said := fmt.Sprint(entriesOf(t, b.Client))
	for _, what := range []string{"{credential api-key api-key (another one)}", "{proxy http://127.0.0.1:1 http://127.0.0.1:1 (other credentials)}"} {
		if !strings.Contains(said, what) {
			t.Errorf("%s is not in %s", what, said)
		}
	}
}

// TestNodesShareTheAuditLog: each sees what was done at another, also while it follows.
func TestNodesShareTheAuditLog(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	one := crstest.Start(t, crstest.Redis(server.URL()))
	two := crstest.Start(t, crstest.Beside(one))
	one.Key("before")
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	seen := []string{}
	for e, err := range two.FollowAudit(ctx, ctl.AuditQuery{Limit: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		if seen = append(seen, e.Name); len(seen) == 1 {
			one.Key("during")
			two.Key("here")
		}
		if len(seen) == 3 {
			break
		}
	}
	if strings.Join(seen, " ") != "before during here" {
		t.Errorf("it saw %v", seen)
	}
	all := entriesOf(t, one.Client)
	if len(all) != 3 || all[0].Node == "" || all[0].Node != all[1].Node || all[2].Node == all[0].Node {
		t.Errorf("%+v", all)
	}
}

// TestWhatRedisDoesNotTakeIsInTheAuditLogLater, and until then somebody is told.
func TestWhatRedisDoesNotTakeIsInTheAuditLogLater(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := crstest.Start(t, crstest.Redis(server.URL()))
	b.Account("a")
	server.Save(t)
	server.Kill(t)
	if _, err := b.ThawAccount(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if s, err := b.Status(t.Context()); err != nil || !s.Has("audit_not_written") {
		t.Errorf("%+v, %v", s.Conditions, err)
	}
	server.Restart(t)
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		s, err := b.Status(t.Context())
		if err == nil && !s.Has("audit_not_written") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%+v, %v", s.Conditions, err)
		}
	}
	all := entriesOf(t, b.Client)
	if n := len(all); n != 2 || all[n-1].Action != "account.thaw" {
		t.Errorf("%+v", all)
	}
}

func TestAuditThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	if _, err := b.Audit(t.Context(), ctl.AuditQuery{Since: "yore"}); ctl.CodeOf(err) != ctl.BadRequest {
		t.Error(err)
	}
	if _, err := b.Audit(t.Context(), ctl.AuditQuery{Limit: 1 << 30}); ctl.CodeOf(err) != ctl.BadRequest {
		t.Error(err)
	}
	if all, err := b.Audit(t.Context(), ctl.AuditQuery{Since: "1h"}); err != nil || all.Entries == nil {
		t.Errorf("%+v, %v", all, err)
	}
}
