package control_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/lab/crstest"
)

func ptr[T any](v T) *T { return &v }

func TestAKeyIsShownOnceAndKnownByItsHint(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	made, err := b.CreateKey(t.Context(), ctl.NewKey{Name: "alice", KeyEdit: ctl.KeyEdit{
		RequestsPerMinute: ptr(int64(60)), DailyCost: ptr(ctl.USD(2_500_000_000)), Tags: ptr([]string{"team"}), Concurrency: ptr(2), Queue: ptr(5),
	}})
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(made)
	for _, field := range []string{`"id":"key_`, `"name":"alice"`, `"key":"cr_`, `"daily_cost_usd":2.5`, `"queue_wait_seconds":30`, `"state":"active"`} {
		if !strings.Contains(string(text), field) {
			t.Errorf("%s is not in %s", field, text)
		}
	}
	all, err := b.Keys(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if text, _ := json.Marshal(all); strings.Contains(string(text), made.Secret) || !strings.Contains(string(text), made.Secret[:7]) {
		t.Errorf("%s", text)
	}
}

func TestTheLifeOfAKey(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	ctx := t.Context()
	old := b.Key("k")
	b.Account("a")
	state := func() string {
		t.Helper()
		k, err := b.Client.Key(ctx, "k")
		if err != nil {
			t.Fatal(err)
		}
		return k.State
	}
	rotated, err := b.RotateKey(ctx, "k")
	if err != nil || rotated.Secret == old {
		t.Fatal(err)
	}
	if b.Post(old, crstest.Hello).Status != 401 || b.Post(rotated.Secret, crstest.Hello).Status != 200 {
		t.Error("the old key opens, or the new one does not")
	}
	for _, step := range []struct {
		do   func(context.Context, string) (ctl.Key, error)
		want string
	}{{b.DisableKey, "disabled"}, {b.EnableKey, "active"}, {b.DeleteKey, "deleted"}, {b.RestoreKey, "active"}, {b.DeleteKey, "deleted"}} {
		if _, err := step.do(ctx, "k"); err != nil || state() != step.want {
			t.Errorf("%s, want %s (%v)", state(), step.want, err)
		}
	}
	if err := b.PurgeKey(ctx, "k"); err != nil {
		t.Error(err)
	}
	if _, err := b.Client.Key(ctx, "k"); ctl.CodeOf(err) != ctl.NotFound {
		t.Error(err)
	}
}

func TestEditingChangesWhatIsGivenAndNothingElse(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	ctx := t.Context()
	b.Key("k", func(k *ctl.NewKey) { k.RequestsPerMinute, k.AllowModels = ptr(int64(5)), ptr([]string{"a*"}) })
	k, err := b.EditKey(ctx, "k", ctl.KeyEdit{TokensPerMinute: ptr(int64(9)), Multiplier: ptr(1.5)})
	if err != nil || k.Limits.RequestsPerMinute != 5 || k.Limits.TokensPerMinute != 9 || k.Limits.Multiplier != 1.5 || len(k.Limits.AllowModels) != 1 {
		t.Errorf("%+v, %v", k.Limits, err)
	}
	if k, err = b.EditKey(ctx, "k", ctl.KeyEdit{AllowModels: ptr([]string{}), RequestsPerMinute: ptr(int64(0))}); err != nil || k.Limits.RequestsPerMinute != 0 || len(k.Limits.AllowModels) != 0 {
		t.Errorf("%+v, %v", k.Limits, err)
	}
	b.Account("a", func(a *ctl.NewAccount) { a.Map = map[string]string{"x": "y"} })
	a, err := b.EditAccount(ctx, "a", ctl.AccountEdit{Priority: ptr(3), Proxy: ptr("http://user:hush@127.0.0.1:1")})
	if err != nil || a.Priority != 3 || a.Map["x"] != "y" || a.Proxy != "http://127.0.0.1:1" {
		t.Errorf("%+v, %v", a, err)
	}
}

// TestOnlyOneDocumentIsTaken: what follows it would be passed over in silence.
func TestOnlyOneDocumentIsTaken(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", b.Socket())
		},
	}}
	for body, want := range map[string]int{
		`{"name":"a"}{"name":"b"}`: 400, `{"name":"a"} x`: 400, `{"name":"a"}]`: 400, `{"name":"a"},`: 400, "{\"name\":\"a\"}\x00": 400,
		`{"name":"a","nam":1}`: 400, `{"name":"a"`: 400, ``: 400, "{\"name\":\"a\"}\r\n\t ": 200,
	} {
		resp, err := client.Post("http://crs/"+ctl.Version+"/keys", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%q: %s, want %d", body, resp.Status, want)
		}
	}
	if keys, err := b.Keys(t.Context()); err != nil || len(keys) != 1 {
		t.Errorf("%d keys were made, and %v", len(keys), err)
	}
}

func TestWhatMakesNoSenseIsRefusedWithItsCode(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	ctx := t.Context()
	b.Key("k")
	b.Account("a")
	if _, err := b.CreateGroup(ctx, ctl.NewGroup{Name: "g"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.JoinGroup(ctx, "g", "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.EditKey(ctx, "k", ctl.KeyEdit{Account: ptr("a")}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		do   func() error
		code ctl.Code
		says string
	}{
		"a key of that name":    {func() error { return err1(b.CreateKey(ctx, ctl.NewKey{Name: "k"})) }, ctl.Conflict, "already"},
		"a key without a name":  {func() error { return err1(b.CreateKey(ctx, ctl.NewKey{})) }, ctl.BadRequest, "empty"},
		"a queue for nothing":   {func() error { return err1(b.EditKey(ctx, "k", ctl.KeyEdit{Queue: ptr(3)})) }, ctl.BadRequest, "concurrency"},
		"a negative multiplier": {func() error { return err1(b.EditKey(ctx, "k", ctl.KeyEdit{Multiplier: ptr(-1.0)})) }, ctl.BadRequest, "multiplier"},
		"a client of nobody":    {func() error { return err1(b.EditKey(ctx, "k", ctl.KeyEdit{Clients: ptr([]string{"claude"})})) }, ctl.BadRequest, "client \"claude\" is none of claude-code, codex, gemini-cli, droid"},
		"a note of two lines":   {func() error { return err1(b.EditAccount(ctx, "a", ctl.AccountEdit{Note: ptr("a\nb")})) }, ctl.BadRequest, "one line of text"},
		"a note without end": {func() error {
			return err1(b.EditAccount(ctx, "a", ctl.AccountEdit{Note: ptr(strings.Repeat("x", 501))}))
		}, ctl.BadRequest, "longer than 500"},
		"a wait for no queue": {func() error { return err1(b.EditKey(ctx, "k", ctl.KeyEdit{QueueWaitSeconds: ptr(5.0)})) }, ctl.BadRequest, "no request may queue"},
		"allowed and denied": {func() error {
			return err1(b.EditKey(ctx, "k", ctl.KeyEdit{AllowModels: ptr([]string{"a", "gpt-*"}), DenyModels: ptr([]string{"b", "gpt-*"})}))
		}, ctl.BadRequest, "\"gpt-*\" is both allowed and denied"},
		"a permission of nobody": {func() error { return err1(b.EditKey(ctx, "k", ctl.KeyEdit{Permissions: ptr([]string{"codex"})})) }, ctl.BadRequest, "is none of claude"},
		"no such key":            {func() error { return err1(b.EditKey(ctx, "nobody", ctl.KeyEdit{})) }, ctl.NotFound, "nobody"},
		"bound to nobody":        {func() error { return err1(b.EditKey(ctx, "k", ctl.KeyEdit{Account: ptr("nobody")})) }, ctl.NotFound, "nobody"},
		"restoring a living key": {func() error { return err1(b.RestoreKey(ctx, "k")) }, ctl.BadRequest, "not deleted"},
		"purging a living key":   {func() error { return b.PurgeKey(ctx, "k") }, ctl.BadRequest, "delete it first"},
		"an account of that name": {func() error {
			return err1(b.AddAccount(ctx, ctl.NewAccount{Platform: "claude-console", Name: "a", APIKey: "x"}))
		}, ctl.Conflict, "already"},
		"no such platform": {func() error { return err1(b.AddAccount(ctx, ctl.NewAccount{Platform: "clod", Name: "x", APIKey: "x"})) }, ctl.BadRequest, "clod"},
		"no credential":    {func() error { return err1(b.AddAccount(ctx, ctl.NewAccount{Platform: "claude-console", Name: "x"})) }, ctl.BadRequest, "credential is empty"},
		"a key as a subscription": {func() error {
			return err1(b.AddAccount(ctx, ctl.NewAccount{Platform: "claude", Name: "x", APIKey: "hush"}))
		}, ctl.BadRequest, "claude-console"},
		"a base URL of nonsense": {func() error { return err1(b.EditAccount(ctx, "a", ctl.AccountEdit{BaseURL: ptr("api.example")})) }, ctl.BadRequest, "base URL"},
		"a proxy of nonsense":    {func() error { return err1(b.EditAccount(ctx, "a", ctl.AccountEdit{Proxy: ptr("ftp://u:hush@p")})) }, ctl.BadRequest, "proxy"},
		"a file of nonsense": {func() error {
			return err1(b.AddAccount(ctx, ctl.NewAccount{Platform: "claude", Name: "x", File: []byte("hush")}))
		}, ctl.BadRequest, "not JSON"},
		"refreshing a key":      {func() error { return err1(b.RefreshAccount(ctx, "a")) }, ctl.BadRequest, "no token"},
		"removing a bound one":  {func() error { return b.RemoveAccount(ctx, "a") }, ctl.Conflict, "key k is bound"},
		"a group with accounts": {func() error { return b.DeleteGroup(ctx, "g") }, ctl.Conflict, "still has accounts"},
		"no such group":         {func() error { return err1(b.JoinGroup(ctx, "nobody", "a")) }, ctl.NotFound, `no group "nobody"`},
		"usage by nothing":      {func() error { return err1(b.Usage(ctx, ctl.UsageQuery{By: []string{"colour"}})) }, ctl.BadRequest, "colour"},
		"usage since nonsense":  {func() error { return err1(b.Usage(ctx, ctl.UsageQuery{Since: "yore"})) }, ctl.BadRequest, "yore"},
		"usage until before":    {func() error { return err1(b.Usage(ctx, ctl.UsageQuery{Since: "1h", Until: "2h"})) }, ctl.BadRequest, "not after"},
		"requests of no status": {func() error { return err1(b.Requests(ctx, ctl.RequestQuery{Status: "teapot"})) }, ctl.BadRequest, "teapot"},
		"requests of nobody":    {func() error { return err1(b.Requests(ctx, ctl.RequestQuery{Key: "nobody"})) }, ctl.NotFound, "nobody"},
		"no such price":         {func() error { return err1(b.Price(ctx, "gpt-99")) }, ctl.NotFound, "gpt-99"},
		"a price that is none":  {func() error { return err1(b.SetPrice(ctx, "m", ctl.PriceEdit{Input: 1 << 60, Output: 1})) }, ctl.BadRequest, "m"},
	} {
		err := c.do()
		var e *ctl.Error
		if !errors.As(err, &e) || e.Code != c.code || !strings.Contains(e.Message, c.says) || strings.Contains(fmt.Sprint(e), "hush") {
			t.Errorf("%s: %v (%s), want %s saying %q", name, err, ctl.CodeOf(err), c.code, c.says)
		}
	}
}

func err1[T any](_ T, err error) error { return err }

func TestAccountsAreTestedWithoutTouchingTheirState(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	b.Subscription("max", time.Hour)
	if got, err := b.TestAccount(t.Context(), "a", ""); err != nil || !got.OK || got.Status != 200 || got.Model == "" {
		t.Errorf("%+v, %v", got, err)
	}
	b.Script(crstest.Secret("a") + "=401*9")
	if got, err := b.TestAccount(t.Context(), "a", "claude-opus-4-8"); err != nil || got.OK || got.Status != 401 || got.Message == "" {
		t.Errorf("%+v, %v", got, err)
	}
	if a, _ := b.Client.Account(t.Context(), "a"); a.State != "ready" || a.LastError != "" {
		t.Errorf("%+v", a)
	}
}

func TestRefreshingNow(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	before := b.Subscription("max", time.Hour)
	after, err := b.RefreshAccount(t.Context(), "max")
	if err != nil || !after.TokenExpiresAt.After(*before.TokenExpiresAt) {
		t.Errorf("%v, %v, %v", before.TokenExpiresAt, after.TokenExpiresAt, err)
	}
}

func TestPricesCanBeSetAndStay(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k")
	was, err := b.Price(t.Context(), "claude-opus-4-8")
	if err != nil || was.Overridden || was.Input != 5_000_000_000 {
		t.Fatalf("%+v, %v", was, err)
	}
	if _, err := b.SetPrice(t.Context(), "claude-opus-4-8", ctl.PriceEdit{Input: 1_000_000_000, Output: 2_000_000_000, CacheRead: ptr(ctl.USD(0))}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		p, err := b.Price(t.Context(), "claude-opus-4-8")
		if err != nil || !p.Overridden || p.Input != 1_000_000_000 || p.CacheRead != 0 {
			t.Errorf("%+v, %v", p, err)
		}
		b.Halt()
		b.Boot()
	}
	b.Post(key, crstest.Hello)
	b.Idle()
	r := b.Last()
	if want := ctl.USD(12*1000 + 34*2000 + 560*1250 + 78*2000); r.Cost != want {
		t.Errorf("charged %s, want %s", r.Cost, want)
	}
	b.Post(key, strings.Replace(crstest.Hello, "claude-opus-4-8", "some-model", 1))
	b.Idle()
	if r := b.Last(); !r.Unpriced || r.Cost != 0 || r.OutputTokens == 0 {
		t.Errorf("a model without a price: %+v", r)
	}
	all, err := b.Prices(t.Context())
	if err != nil || len(all.Models) < 20 || all.Version == "" {
		t.Errorf("%d models, %v", len(all.Models), err)
	}
}

func TestUsageIsGroupedAndSelected(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	alice, bob := b.Key("alice"), b.Key("bob")
	sonnet := strings.Replace(crstest.Hello, "claude-opus-4-8", "claude-sonnet-5", 1)
	for range 3 {
		b.Post(alice, crstest.Hello)
	}
	b.Post(alice, sonnet)
	b.Post(bob, sonnet)
	b.Idle()
	rows := func(q ctl.UsageQuery) string {
		t.Helper()
		u, err := b.Usage(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, r := range u.Rows {
			all = append(all, fmt.Sprint(r.Key, "/", r.Model, "/", r.Account, ":", r.Requests, ",", r.OutputTokens))
		}
		return strings.Join(append(all, fmt.Sprint("total:", u.Total.Requests)), " ")
	}
	for _, c := range []struct {
		q    ctl.UsageQuery
		want string
	}{
		{ctl.UsageQuery{}, "//:5,170 total:5"},
		{ctl.UsageQuery{By: []string{"key"}}, "alice//:4,136 bob//:1,34 total:5"},
		{ctl.UsageQuery{By: []string{"key", "model"}, Since: "today"}, "alice/claude-opus-4-8/:3,102 alice/claude-sonnet-5/:1,34 bob/claude-sonnet-5/:1,34 total:5"},
		{ctl.UsageQuery{By: []string{"account"}, Key: "bob", Since: "7d"}, "//a:1,34 total:1"},
		{ctl.UsageQuery{Model: "claude-sonnet-5", Since: "2026-01-01"}, "//:2,68 total:2"},
		{ctl.UsageQuery{Since: "2026-01-01", Until: "2026-01-02"}, "total:0"},
	} {
		if got := rows(c.q); got != c.want {
			t.Errorf("%+v: %s, want %s", c.q, got, c.want)
		}
	}
}

func TestRequestsAreFollowedFromTheNewestOnEachOnce(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	alice, bob := b.Key("alice"), b.Key("bob")
	for range 3 {
		b.Post(alice, crstest.Hello)
		b.Post(bob, crstest.Hello)
	}
	b.Idle()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	got := make(chan ctl.Request, 100)
	go func() {
		defer close(got)
		for r, err := range b.FollowRequests(ctx, ctl.RequestQuery{Key: "alice", Limit: 2}) {
			if err != nil {
				t.Error(err)
				return
			}
			got <- r
		}
	}()
	seen := map[string]bool{}
	take := func() {
		t.Helper()
		select {
		case r := <-got:
			if seen[r.ID] || r.Key != "alice" || r.Status != 200 {
				t.Errorf("%+v", r)
			}
			seen[r.ID] = true
		case <-time.After(time.Minute):
			t.Fatalf("nothing came after %d", len(seen))
		}
	}
	take()
	take() // the newest are there, so the watch has begun
	for range 5 {
		b.Post(bob, crstest.Hello)
		b.Post(alice, crstest.Hello)
		take()
	}
	stop()
	for range got {
		t.Error("one more came")
	}
}

func TestAStopDoesNotWaitForWatchers(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	b.Post(b.Key("k"), crstest.Hello)
	b.Idle()
	begun, ended := make(chan struct{}), make(chan error)
	go func() {
		for _, err := range b.FollowRequests(context.Background(), ctl.RequestQuery{Limit: 1}) {
			if err != nil {
				ended <- err
				return
			}
			close(begun)
		}
	}()
	<-begun
	start := time.Now()
	b.Halt()
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("the stop took %v", took)
	}
	if err := <-ended; ctl.CodeOf(err) != ctl.NotRunning {
		t.Errorf("%v", err)
	}
}

func TestConfigTellsWhereValuesComeFrom(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	all, err := b.Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, s := range all {
		found[s.Key] = s.Origin
	}
	if found["listen"] != "flag --listen" || found["data"] != "env CRS_DATA" || found["timeouts.idle"] != "default" {
		t.Errorf("%v", found)
	}
}

func TestANoteIsKeptWithItsAccount(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a", func(a *ctl.NewAccount) { a.Note = "Eve's, ask her" })
	told := func(want string) {
		t.Helper()
		all, err := b.Accounts(t.Context())
		if err != nil || len(all) != 1 || all[0].Note != want {
			t.Errorf("%+v, %v", all, err)
		}
	}
	told("Eve's, ask her")
	for _, note := range []string{"Mallory's", ""} {
		if _, err := b.EditAccount(t.Context(), "a", ctl.AccountEdit{Note: &note}); err != nil {
			t.Error(err)
		}
		told(note)
	}
}

// TestAKeyEndsAtAMomentOrSoLongAfterItsFirstUse: neither is overruled by the other without a word.
func TestAKeyEndsAtAMomentOrSoLongAfterItsFirstUse(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	const day = 24 * time.Hour
	end, lives, longer, none := b.Clock.Now().Add(5*day).UTC().Truncate(time.Second), int64((30*day)/time.Second), int64((60*day)/time.Second), int64(0)
	edit := func(name string, e ctl.KeyEdit, want ctl.Code) ctl.Key {
		t.Helper()
		k, err := b.EditKey(t.Context(), name, e)
		if (err == nil) != (want == "") || err != nil && ctl.CodeOf(err) != want {
			t.Errorf("%v, want %q", err, want)
		}
		return k
	}
	b.Key("ends", func(k *ctl.NewKey) { k.ExpiresAt = &end })
	edit("ends", ctl.KeyEdit{ActivateFor: &lives}, ctl.BadRequest)
	if k := edit("ends", ctl.KeyEdit{ActivateFor: &lives, ExpiresAt: new(time.Time)}, ""); k.ExpiresAt != nil || k.Limits.ActivateForSeconds != lives {
		t.Errorf("%+v", k)
	}
	secret := b.Key("lives", func(k *ctl.NewKey) { k.ActivateFor = &lives })
	edit("lives", ctl.KeyEdit{ExpiresAt: &end}, ctl.BadRequest)
	first := b.Clock.Now()
	if a := b.Post(secret, crstest.Hello); a.Status != http.StatusOK {
		t.Fatalf("%+v", a)
	}
	b.Clock.Advance(day)
	if k := edit("lives", ctl.KeyEdit{ActivateFor: &longer}, ""); k.ExpiresAt == nil || k.ExpiresAt.Sub(first).Round(day) != 60*day || k.ActivatedAt == nil {
		t.Errorf("%+v", k)
	}
	if k := edit("lives", ctl.KeyEdit{ExpiresAt: &end}, ""); k.ExpiresAt == nil || !k.ExpiresAt.Equal(end) {
		t.Errorf("%+v", k)
	}
	if k := edit("lives", ctl.KeyEdit{ActivateFor: &none, ExpiresAt: new(time.Time)}, ""); k.ExpiresAt != nil || k.ActivatedAt != nil {
		t.Errorf("%+v", k)
	}
}
