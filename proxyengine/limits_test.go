package proxyengine_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/config"
	"crs/lab/crstest"
	"crs/lab/simulator"
)

func TestConcurrencyHoldsAtTheUpstream(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a", func(a *ctl.NewAccount) { a.MaxConcurrency = 3 })
	key := b.Key("k", limits(func(k *ctl.KeyEdit) { k.Concurrency, k.Queue, k.QueueWaitSeconds = ptr(4), ptr(100), ptr(30.0) }))
	b.Script("loop:ok(events=5,gap=2ms)")
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			if got := b.Post(key, crstest.Stream); got.Status != 200 {
				t.Errorf("%d %s", got.Status, got.Body)
			}
		})
	}
	wg.Wait()
	if n := b.Sim.MaxInFlight(crstest.Secret("a")); n != 3 {
		t.Errorf("the account had up to %d at once", n)
	}
	b.Idle()
	if k, _ := b.Client.Key(t.Context(), "k"); k.Use.InFlight != 0 || k.Use.Queued != 0 {
		t.Errorf("%+v", k.Use)
	}
}

func TestAFullQueueIsRefusedAtOnceAndAWaitIsBounded(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k", limits(func(k *ctl.KeyEdit) { k.Concurrency, k.Queue, k.QueueWaitSeconds = ptr(1), ptr(1), ptr(0.3) }))
	b.Script("stall")
	busy := call(t, b, key, crstest.Stream)
	upstreamHas(b, t, 1)
	queued := make(chan crstest.Answer)
	go func() { queued <- b.Post(key, crstest.Hello) }()
	inPhase(b, "queued", 1)
	b.Until("it waits in the queue", func(ctl.Status) bool {
		k, err := b.Client.Key(t.Context(), "k")
		return err == nil && k.Use.Queued == 1
	})
	if got := b.Post(key, crstest.Hello); got.Status != 429 || !strings.Contains(got.Body, "concurrent requests") {
		t.Errorf("with a full queue: %d %s", got.Status, got.Body)
	}
	if got := <-queued; got.Status != 429 || !strings.Contains(got.Body, "number 1") {
		t.Errorf("after the wait: %d %s", got.Status, got.Body)
	}
	_ = busy.Close()
	b.Idle()
}

func TestCostsAddUpAndStopAKeyAndOutliveARestart(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k", limits(func(k *ctl.KeyEdit) { k.DailyCost, k.Multiplier = ptr(ctl.USD(40_000_000)), ptr(2.0) }))
	served := 0
	for range 20 {
		if got := b.Post(key, crstest.Hello); got.Status != 200 {
			if got.Status != 402 {
				t.Errorf("%d %s", got.Status, got.Body)
			}
			break
		}
		served++
		b.Idle()
	}
	each := b.Newest(100)[0].Cost
	if want := int(40_000_000/(2*each)) + 1; served != want {
		t.Errorf("%d requests of %s each, charged twice, were served of $0.04; want %d", served, each, want)
	}
	check := func() {
		t.Helper()
		k, err := b.Client.Key(t.Context(), "k")
		if err != nil || k.Use.DayCost != 2*each*ctl.USD(served) || k.Use.TotalCost != k.Use.DayCost || k.Use.Reserved != 0 {
			t.Errorf("%+v, %v", k.Use, err)
		}
		u, err := b.Usage(t.Context(), ctl.UsageQuery{Since: "today", Key: "k"})
		if err != nil || u.Total.Cost != each*ctl.USD(served) || u.Total.Charged != 2*each*ctl.USD(served) || u.Total.Requests != int64(served) {
			t.Errorf("%+v, %v", u.Total, err)
		}
		if got := b.Post(key, crstest.Hello); got.Status != 402 {
			t.Errorf("%d %s", got.Status, got.Body)
		}
	}
	check()
	b.Halt()
	b.Boot()
	check()
	b.Clock.Advance(24 * time.Hour)
	if got := b.Post(key, crstest.Hello); got.Status != 200 {
		t.Errorf("the next day: %d %s", got.Status, got.Body)
	}
}

func TestConversationsStayAndOutliveARestart(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	for _, name := range []string{"a", "b", "c"} {
		b.Account(name)
	}
	alice, bob := b.Key("alice"), b.Key("bob")
	talk := func(key, session string) string {
		t.Helper()
		if got := b.Post(key, crstest.Hello, "X-Claude-Code-Session-Id", session); got.Status != 200 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		b.Idle()
		return b.Last().Account
	}
	home := talk(alice, "s1")
	others := map[string]bool{}
	for i := range 6 {
		others[talk(alice, fmt.Sprint("other", i))] = true
		if got := talk(alice, "s1"); got != home {
			t.Fatalf("it moved from %s to %s", home, got)
		}
	}
	if len(others) < 2 {
		t.Errorf("other conversations were all on %v", others)
	}
	var bobs []string
	for range 3 { // the same name of a session, of another key
		bobs = append(bobs, talk(bob, "s1"))
	}
	if bobs[0] != bobs[1] || bobs[1] != bobs[2] {
		t.Errorf("bob's moved: %v", bobs)
	}
	b.Halt()
	b.Boot()
	if got := talk(alice, "s1"); got != home {
		t.Errorf("after a restart it is on %s, not %s", got, home)
	}
}

func TestAKeyThatIsBoundStaysWithItsAccountOrGroup(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	for _, name := range []string{"a", "b", "c"} {
		b.Account(name)
	}
	must(b.CreateGroup(t.Context(), ctl.NewGroup{Name: "team"}))
	must(b.JoinGroup(t.Context(), "team", "b"))
	must(b.JoinGroup(t.Context(), "team", "c"))
	own := b.Key("own", limits(func(k *ctl.KeyEdit) { k.Account = ptr("a") }))
	team := b.Key("team", limits(func(k *ctl.KeyEdit) { k.Group = ptr("team") }))
	for range 4 {
		b.Post(own, crstest.Hello)
		b.Idle()
		if r := b.Last(); r.Account != "a" {
			t.Errorf("the bound key went to %s", r.Account)
		}
		b.Post(team, crstest.Hello)
		b.Idle()
		if r := b.Last(); r.Account == "a" {
			t.Error("the group's key went out of its group")
		}
	}
	if got := b.Post(own, crstest.Hello); got.Header.Get("anthropic-ratelimit-requests-limit") == "" {
		t.Errorf("a key with an account of its own is not told its limits: %v", got.Header)
	}
	if got := b.Post(team, crstest.Hello); got.Header.Get("anthropic-ratelimit-requests-limit") != "" {
		t.Errorf("a key that shares accounts is told of their limits: %v", got.Header)
	}
	b.Script(crstest.Secret("a") + "=500*9")
	if got := b.Post(own, crstest.Hello); got.Status != 500 {
		t.Errorf("the bound key left its account: %d %s", got.Status, got.Body)
	}
}

func TestSubscriptionsServeOnlyTheirOwnClients(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Subscription("max", time.Hour)
	key := b.Key("k")
	if got := b.Post(key, crstest.Hello); got.Status != 200 {
		t.Fatalf("Claude Code: %d %s", got.Status, got.Body)
	}
	got := b.Post(key, crstest.Hello, "User-Agent", "curl/8.0")
	if got.Status != 403 || !strings.Contains(got.Body, "permission_error") || !strings.Contains(got.Body, "subscriptions") {
		t.Errorf("curl: %d %s", got.Status, got.Body)
	}
	must(b.EditAccount(t.Context(), "max", ctl.AccountEdit{AnyClient: ptr(true)}))
	if got := b.Post(key, crstest.Hello, "User-Agent", "curl/8.0"); got.Status != 200 {
		t.Errorf("curl, opened: %d %s", got.Status, got.Body)
	}
	all := b.Sim.Requests()
	if agent := all[len(all)-1].Header.Get("User-Agent"); agent != "curl/8.0" {
		t.Errorf("what was sent says it is %q", agent)
	}
	a, _ := accountOf(b, "max")
	if len(a.Windows) == 0 || a.Windows[0].ResetsAt == nil {
		t.Errorf("no gauges: %+v", a.Windows)
	}
}

func TestTokensAreRefreshedOnceBeforeTheyEnd(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Subscription("max", 20*time.Minute)
	key := b.Key("k")
	b.Clock.Advance(30 * time.Minute) // ended by now
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if got := b.Post(key, crstest.Hello); got.Status != 200 {
				t.Errorf("%d %s", got.Status, got.Body)
			}
		})
	}
	wg.Wait()
	refreshes := 0
	for _, r := range b.Sim.Requests() {
		if r.Path == "/v1/oauth/token" {
			refreshes++
		}
	}
	if refreshes != 1 {
		t.Errorf("%d refreshes", refreshes)
	}
	a, _ := accountOf(b, "max")
	if a.State != "ready" || a.TokenExpiresAt == nil || !a.TokenExpiresAt.After(b.Clock.Now().Add(time.Hour)) {
		t.Errorf("%+v", a)
	}
	b.Halt()
	b.Boot()
	if got := b.Post(key, crstest.Hello); got.Status != 200 {
		t.Errorf("after a restart, with the new pair: %d %s", got.Status, got.Body)
	}
}

func TestARefusedRefreshTokenParksTheAccountUntilSomebodyLogsIn(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Subscription("max", 2*time.Hour)
	b.Account("other", func(a *ctl.NewAccount) { a.Priority = ptr(99) })
	key := b.Key("k")
	b.Script("/v1/oauth/token=400*9")
	b.Clock.Advance(3 * time.Hour) // the token has ended; the request or the daemon's own round finds out first
	if got := b.Post(key, crstest.Hello); got.Status != 200 {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	b.Idle()
	if r := b.Last(); r.Account != "other" {
		t.Errorf("%+v", r)
	}
	a, _ := accountOf(b, "max")
	if a.State != "needs-login" || a.Why == "" {
		t.Errorf("%+v", a)
	}
	if _, err := b.RefreshAccount(t.Context(), "max"); err == nil {
		t.Error("a refresh worked")
	}
}

func TestAMovingRequestIsExplained(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	for _, name := range []string{"good", "limited", "off", "elsewhere", "picky"} {
		b.Account(name, func(a *ctl.NewAccount) {
			if name == "picky" {
				a.Models = []string{"claude-haiku-*"}
			}
			if name == "good" {
				a.Priority = ptr(99)
			}
		})
	}
	b.Subscription("max", time.Hour)
	must(b.DisableAccount(t.Context(), "off"))
	must(b.DisableAccount(t.Context(), "elsewhere"))
	b.Script(crstest.Secret("limited") + "=429(retry=1h)")
	key := b.Key("k")
	if got := b.Post(key, crstest.Hello, "User-Agent", "curl/8"); got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	b.Idle()
	e, err := b.Explain(t.Context(), b.Last().ID)
	if err != nil || e.Chosen != "good" || len(e.Accounts) < 2 || !strings.Contains(e.Accounts[1].Reason, "429") {
		t.Errorf("%+v, %v", e, err)
	}

	must(b.DisableAccount(t.Context(), "good"))
	refused := b.Post(key, crstest.Hello, "User-Agent", "curl/8")
	if refused.Status != 503 {
		t.Fatalf("%d %s", refused.Status, refused.Body)
	}
	b.Idle()
	e, err = b.Explain(t.Context(), b.Last().ID)
	if err != nil {
		t.Fatal(err)
	}
	now, err := b.ExplainWant(t.Context(), ctl.ExplainQuery{Key: "k", Model: "claude-opus-4-8", Client: "curl"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"good": "disabled", "off": "disabled", "elsewhere": "disabled", "limited": "cooling",
		"picky": "it does not serve this model", "max": "it serves only its provider's own clients",
	}
	for kind, accounts := range map[string][]ctl.Candidate{"the refused request": e.Accounts, "what would happen now": now.Accounts} {
		got := map[string]string{}
		for _, s := range accounts {
			got[s.Account] = s.Reason
			if s.Account == "limited" && (s.Until == nil || s.Detail == "") {
				t.Errorf("%s: %+v", kind, s)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v", kind, got)
		}
	}
	if now.Chosen != "" || e.Chosen != "" {
		t.Errorf("chosen: %q, %q", e.Chosen, now.Chosen)
	}
	if _, err := b.Explain(t.Context(), "req_01k00000000000000000000000"); ctl.CodeOf(err) != ctl.NotFound {
		t.Errorf("%v", err)
	}
}

func TestAStopLetsAnswersEndAndCutsWhatDoesNot(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Timeouts.Shutdown = 8 * time.Second }))
	b.Account("a")
	key := b.Key("k")
	b.Script("ok(events=20,gap=20ms),stall(after=5),slow(1h)")
	short := make(chan crstest.Answer)
	go func() { short <- b.Post(key, crstest.Stream) }()
	upstreamHas(b, t, 1)
	long := make(chan crstest.Answer)
	go func() { long <- b.Post(key, crstest.Stream) }()
	upstreamHas(b, t, 2)
	waiting := make(chan crstest.Answer)
	go func() { waiting <- b.Post(key, crstest.Hello) }()
	upstreamHas(b, t, 3)
	inPhase(b, "streaming", 2)
	b.Halt()
	if got := <-short; got.Status != 200 || got.Err != nil || !strings.Contains(got.Body, "message_stop") {
		t.Errorf("the short one: %d %v", got.Status, got.Err)
	}
	if got := <-long; !strings.Contains(got.Body, "shut down") {
		t.Errorf("the long one: %d %v %s", got.Status, got.Err, got.Body)
	}
	if got := <-waiting; got.Status != 503 || !strings.Contains(got.Body, "shutting down") {
		t.Errorf("the waiting one: %d %s", got.Status, got.Body)
	}
	b.Boot()
	all := b.Newest(10)
	if len(all) != 3 {
		t.Fatalf("%d records", len(all))
	}
	for _, r := range all {
		want := "partial"
		if r.TotalMS < 7000 {
			want = "upstream"
		}
		if r.Status != 503 && r.Source != want || strings.Contains(r.Error, "the daemon ended") {
			t.Errorf("%+v", r)
		}
	}
	u, err := b.Usage(t.Context(), ctl.UsageQuery{})
	if err != nil || u.Total.OutputTokens < simulator.DefaultUsage().Output {
		t.Errorf("%+v, %v", u.Total, err)
	}
}
