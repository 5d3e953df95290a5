package account_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"crs/internal/account"
	"crs/internal/secret"
)

const messages = "anthropic/messages"

// pool runs a test with a pool on a clock that only the test moves.
func pool(t *testing.T, test func(t *testing.T, p *account.Pool), accounts ...account.Account) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { test(t, newPool(accounts...)) })
}

func newPool(accounts ...account.Account) *account.Pool {
	p := account.NewPool(account.Options{
		Now: time.Now,
		Platforms: map[string]account.Platform{
			"claude-console": {Services: []string{messages}},
			"claude":         {Services: []string{messages}, OwnClient: "claude-code"},
			"gemini":         {Services: []string{"gemini/generate"}},
		},
		Wait: 10 * time.Second, StickyFor: time.Hour, Auth: 30 * time.Minute, Quota: time.Hour, Throttle: time.Minute,
		Failures: 3, Failing: 30 * time.Second, Random: func() float64 { return 0.5 },
	})
	for _, a := range accounts {
		p.Set(&a)
	}
	return p
}

func acc(name string, change ...func(*account.Account)) account.Account {
	a := account.Account{
		ID: "acc_" + name, Name: name, Platform: "claude-console", Priority: 50,
		Credential: account.Credential{Kind: account.APIKey, Secret: secret.New("sk"), Generation: 1},
	}
	for _, c := range change {
		c(&a)
	}
	return a
}

func want(change ...func(*account.Want)) *account.Want {
	w := &account.Want{Service: messages, Model: "claude-opus-4-8", Family: "opus"}
	for _, c := range change {
		c(w)
	}
	return w
}

func session(id string) func(*account.Want) { return func(w *account.Want) { w.Session = id } }

func pick(t *testing.T, p *account.Pool, w *account.Want) *account.Lease {
	t.Helper()
	l, err := p.Pick(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// serve picks, gives back with the outcome, and says who it was.
func serve(t *testing.T, p *account.Pool, w *account.Want, o account.Outcome) string {
	t.Helper()
	l := pick(t, p, w)
	l.Release(o)
	return l.Account().Name
}

func served(t *testing.T, p *account.Pool, w *account.Want) string {
	t.Helper()
	return serve(t, p, w, account.Outcome{Result: account.Served})
}

func none(t *testing.T, p *account.Pool, w *account.Want) *account.NoneReady {
	t.Helper()
	_, err := p.Pick(t.Context(), w)
	var n *account.NoneReady
	if !errors.As(err, &n) {
		t.Fatalf("not refused: %v", err)
	}
	return n
}

func status(t *testing.T, p *account.Pool, name string) account.Status {
	t.Helper()
	s, ok := p.Status("acc_" + name)
	if !ok {
		t.Fatalf("no account %s", name)
	}
	return s
}

func TestEveryReasonIsGivenForTheAccountItHolds(t *testing.T) {
	t.Parallel()
	now := time.Now()
	oauth := func(a *account.Account) { a.Platform, a.Credential.Kind = "claude", account.OAuth }
	for name, c := range map[string]struct {
		change func(*account.Account)
		want   func(*account.Want)
		reason account.Reason
	}{
		"as it is":                 {nil, nil, account.Eligible},
		"another platform":         {func(a *account.Account) { a.Platform = "gemini" }, nil, account.WrongService},
		"bound to another":         {nil, func(w *account.Want) { w.Account = "acc_b" }, account.NotBound},
		"bound to it":              {nil, func(w *account.Want) { w.Account = "acc_a" }, account.Eligible},
		"not in the group":         {func(a *account.Account) { a.Groups = []string{"x"} }, func(w *account.Want) { w.Group = "y" }, account.NotInGroup},
		"in the group":             {func(a *account.Account) { a.Groups = []string{"x", "y"} }, func(w *account.Want) { w.Group = "y" }, account.Eligible},
		"subscription, any client": {oauth, nil, account.OwnClientsOnly},
		"subscription, its client": {oauth, func(w *account.Want) { w.Client = "claude-code" }, account.Eligible},
		"subscription, opened":     {func(a *account.Account) { oauth(a); a.AnyClient = true }, nil, account.Eligible},
		"API key of that platform": {func(a *account.Account) { a.Platform = "claude" }, nil, account.Eligible},
		"model not listed":         {func(a *account.Account) { a.Models = []string{"claude-sonnet-*"} }, nil, account.WrongModel},
		"model listed by pattern":  {func(a *account.Account) { a.Models = []string{"claude-opus-*"} }, nil, account.Eligible},
		"model mapped":             {func(a *account.Account) { a.Models, a.Map = []string{"x"}, map[string]string{"claude-opus-4-8": "x"} }, nil, account.Eligible},
		"no model asked for":       {func(a *account.Account) { a.Models = []string{"x"} }, func(w *account.Want) { w.Model = "" }, account.Eligible},
		"disabled":                 {func(a *account.Account) { a.Disabled = true }, nil, account.IsDisabled},
		"subscription over":        {func(a *account.Account) { a.SubscriptionEnds = now }, nil, account.SubscriptionOver},
		"token dead":               {func(a *account.Account) { a.Credential.ExpiresAt = now }, nil, account.TokenDead},
		"token over, can refresh":  {func(a *account.Account) { a.Credential.ExpiresAt, a.Credential.Refresh = now, secret.New("r") }, nil, account.Eligible},
		"tried":                    {nil, func(w *account.Want) { w.Tried = []string{"acc_a"} }, account.AlreadyTried},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, w := acc("a"), want()
			if c.change != nil {
				c.change(&a)
			}
			if c.want != nil {
				c.want(w)
			}
			p := newPool(a)
			sights, _ := p.Explain(w)
			if len(sights) != 1 || sights[0].Reason != c.reason || (sights[0].Rank == 1) != (c.reason == account.Eligible) {
				t.Errorf("explained as %+v, want %q", sights, c.reason)
			}
			l, err := p.Pick(t.Context(), w)
			if (err == nil) != (c.reason == account.Eligible) {
				t.Fatalf("picked: %v, but the reason is %q", err == nil, c.reason)
			}
			if err != nil && !strings.Contains(err.Error(), c.reason.String()) {
				t.Errorf("the error does not say why: %v", err)
			}
			if l != nil {
				l.Release(account.Outcome{})
			}
		})
	}
}

func TestRank(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		if got := served(t, p, want()) + served(t, p, want()) + served(t, p, want()); got != "bcb" {
			t.Errorf("equals are used in the order %s", got)
		}
		busy := pick(t, p, want())
		if got := served(t, p, want()) + served(t, p, want()); got != "bb" {
			t.Errorf("with %s busy: %s", busy.Account().Name, got)
		}
		busy.Release(account.Outcome{Result: account.Served})
	}, acc("a", func(a *account.Account) { a.Priority = 60 }), acc("b"), acc("c"))
}

func TestTheQuotaThatComesBackSoonestIsUsedFirstWhileItLasts(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		gauge := func(name string, used float64, reset time.Duration) {
			l := pick(t, p, want(func(w *account.Want) { w.Account = "acc_" + name }))
			l.Release(account.Outcome{Result: account.Served, Windows: []account.Window{{Name: "5h", Used: used, ResetsAt: time.Now().Add(reset)}}})
		}
		gauge("a", 0.2, 4*time.Hour)
		gauge("b", 0.7, time.Hour)
		for range 3 {
			if got := served(t, p, want()); got != "b" {
				t.Errorf("%s was used", got)
			}
		}
		gauge("b", 0.99, time.Hour)
		if got := served(t, p, want()); got != "c" && got != "a" {
			t.Errorf("%s was used although it is nearly out", got)
		}
		time.Sleep(time.Hour)
		gauge("b", 0, 5*time.Hour)
		if got := served(t, p, want()); got != "a" {
			t.Errorf("after the reset %s was used", got)
		}
	}, acc("a"), acc("b"), acc("c", func(a *account.Account) { a.Priority = 99 }))
}

func TestAConversationStaysWhereItIs(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		w := want(session("s"))
		home := served(t, p, w)
		for range 5 {
			if got := served(t, p, w); got != home {
				t.Fatalf("it moved from %s to %s", home, got)
			}
			served(t, p, want(session("other"))) // the others move about
			served(t, p, want())
		}
		if l := pick(t, p, w); l.Why() != "the conversation is on it" {
			t.Errorf("why: %s", l.Why())
		} else {
			l.Release(account.Outcome{Result: account.Served})
		}

		if got := serve(t, p, want(session("s"), func(w *account.Want) { w.Tried = []string{"acc_" + home} }), account.Outcome{Result: account.Served}); got == home {
			t.Errorf("a request that it has failed went to %s again", got)
		}
		if got := served(t, p, w); got != home {
			t.Errorf("one failed request moved it to %s", got)
		}

		serve(t, p, w, account.Outcome{Result: account.Exhausted, Until: time.Now().Add(5 * time.Hour)})
		moved := served(t, p, w)
		if moved == home {
			t.Fatal("it stayed on an account that rests")
		}
		p.Thaw("acc_" + home)
		if got := served(t, p, w); got != moved {
			t.Errorf("it moved back to %s", got)
		}

		time.Sleep(time.Hour)
		served(t, p, want(session("fresh")))
		if _, why := p.Explain(w); why != "first in rank" {
			t.Errorf("an hour later: %s", why)
		}
	}, acc("a"), acc("b"), acc("c"))
}

func TestARequestAsideDoesNotMoveAConversation(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		aside := want(session("s"), func(w *account.Want) { w.NoStickyUpdate = true })
		first := served(t, p, aside)
		home := served(t, p, want(session("s")))
		if home == first {
			t.Errorf("a request aside bound the conversation to %s", first)
		}
		if got := served(t, p, aside); got != home {
			t.Errorf("a request aside went to %s, the conversation is on %s", got, home)
		}
	}, acc("a"), acc("b"))
}

func TestAHardConversationStaysOrFails(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		w := want(session("s"), func(w *account.Want) { w.Hard = true })
		home := served(t, p, w)
		serve(t, p, w, account.Outcome{Result: account.Exhausted})
		n := none(t, p, w)
		for _, s := range n.Sights() {
			wantReason := account.OtherSession
			if s.Name == home {
				wantReason = account.Resting
			}
			if s.Reason != wantReason {
				t.Errorf("%s: %s", s.Name, s.Reason)
			}
		}
	}, acc("a"), acc("b"))
}

func TestAConversationWhoseAccountIsFullSpillsOverAndComesBack(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		w := want(session("s"))
		busy := pick(t, p, w)
		home := busy.Account().Name
		l := pick(t, p, w)
		if l.Account().Name == home || l.Why() == "the conversation is on it" {
			t.Errorf("spilled to %s: %s", l.Account().Name, l.Why())
		}
		l.Release(account.Outcome{Result: account.Served})
		busy.Release(account.Outcome{Result: account.Served})
		if got := served(t, p, w); got != home {
			t.Errorf("it did not come back to %s", home)
		}
	}, acc("a", limited(1)), acc("b", limited(1)))
}

func limited(n int) func(*account.Account) {
	return func(a *account.Account) { a.MaxConcurrency = n }
}

func TestRestsEndAsTheyShould(t *testing.T) {
	opus := account.Outcome{Result: account.Exhausted, Scope: "opus", Evidence: "opus week used up"}
	sonnet := want(func(w *account.Want) { w.Model, w.Family = "claude-sonnet-5", "sonnet" })
	t.Run("a family's rest leaves the others", func(t *testing.T) {
		pool(t, func(t *testing.T, p *account.Pool) {
			serve(t, p, want(), opus)
			n := none(t, p, want())
			if s := n.Sights()[0]; s.Reason != account.Resting || s.Detail != "opus week used up" || !n.RetryAt.Equal(time.Now().Add(time.Hour)) {
				t.Errorf("%+v, retry at %v", s, n.RetryAt)
			}
			if served(t, p, sonnet) != "a" || status(t, p, "a").State != account.Ready {
				t.Error("the account rests as a whole")
			}
		}, acc("a"))
	})
	t.Run("an upstream's reset is kept to, and the first request after it is a probe", func(t *testing.T) {
		pool(t, func(t *testing.T, p *account.Pool) {
			serve(t, p, want(), account.Outcome{Result: account.Exhausted, Until: time.Now().Add(8 * time.Minute)})
			if s := status(t, p, "a"); s.State != account.Cooling || !s.Until.Equal(time.Now().Add(8*time.Minute)) {
				t.Errorf("%+v", s)
			}
			time.Sleep(8*time.Minute - 1)
			none(t, p, want())
			time.Sleep(time.Nanosecond)
			probe := pick(t, p, want())
			if n := none(t, p, want()); n.Sights()[0].Reason != account.ProbeUnderWay {
				t.Errorf("beside the probe: %+v", n.Sights())
			}
			probe.Healthy(nil)
			served(t, p, want())
			probe.Release(account.Outcome{Result: account.Served})
			if s := status(t, p, "a"); len(s.Rests) != 0 {
				t.Errorf("%+v", s.Rests)
			}
		}, acc("a"))
	})
	t.Run("a long rest is probed before its end, and the probe's failure prolongs it", func(t *testing.T) {
		pool(t, func(t *testing.T, p *account.Pool) {
			limited := account.Outcome{Result: account.Exhausted, Until: time.Now().Add(5 * 24 * time.Hour)}
			serve(t, p, want(), limited)
			time.Sleep(time.Hour - 1)
			none(t, p, want())
			time.Sleep(time.Nanosecond)
			serve(t, p, want(), limited)
			none(t, p, want())
			time.Sleep(time.Hour)
			if got := served(t, p, want()) + served(t, p, want()); got != "aa" {
				t.Errorf("after a probe that went well: %s", got)
			}
		}, acc("a"))
	})
	t.Run("a hint beyond every plan's window is cut down", func(t *testing.T) {
		pool(t, func(t *testing.T, p *account.Pool) {
			serve(t, p, want(), account.Outcome{Result: account.Exhausted, Until: time.Now().AddDate(3, 0, 0)})
			if s := status(t, p, "a"); s.Until.After(time.Now().AddDate(0, 0, 31)) {
				t.Errorf("until %v", s.Until)
			}
		}, acc("a"))
	})
	t.Run("fresh gauges with room end it", func(t *testing.T) {
		pool(t, func(t *testing.T, p *account.Pool) {
			both := acc("a")
			p.Set(&both)
			other := pick(t, p, want()) // a request that was under way before
			serve(t, p, want(), account.Outcome{Result: account.Exhausted})
			other.Release(account.Outcome{Result: account.Answered, Windows: []account.Window{{Name: "5h", Used: 0.3, Status: "allowed"}}})
			served(t, p, want())
		}, acc("a"))
	})
	t.Run("thawing ends everything that was learnt", func(t *testing.T) {
		for _, r := range []account.Result{account.Exhausted, account.Throttled, account.Denied, account.NeedsLogin, account.Blocked, account.Unsupported} {
			t.Run(fmt.Sprint(r), func(t *testing.T) {
				pool(t, func(t *testing.T, p *account.Pool) {
					serve(t, p, want(), account.Outcome{Result: r})
					none(t, p, want())
					p.Thaw("acc_a")
					served(t, p, want())
				}, acc("a"))
			})
		}
	})
	t.Run("a new credential ends what the old one was denied for", func(t *testing.T) {
		pool(t, func(t *testing.T, p *account.Pool) {
			serve(t, p, want(), account.Outcome{Result: account.NeedsLogin})
			a := acc("a", func(a *account.Account) { a.Credential.Generation = 2 })
			p.Set(&a)
			serve(t, p, want(), account.Outcome{Result: account.Denied})
			a3 := acc("a", func(a *account.Account) { a.Credential.Generation = 3 })
			p.Set(&a3)
			serve(t, p, want(), account.Outcome{Result: account.Exhausted})
			a4 := acc("a", func(a *account.Account) { a.Credential.Generation = 4 })
			p.Set(&a4)
			none(t, p, want()) // quota belongs to the account, not to the token
		}, acc("a"))
	})
}

func TestFailuresInARowMakeAnAccountRest(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		failed := account.Outcome{Result: account.Failed, Evidence: "connection refused"}
		serve(t, p, want(), failed)
		serve(t, p, want(), failed)
		serve(t, p, want(), account.Outcome{Result: account.Overloaded}) // says nothing about the account
		if s := status(t, p, "a"); s.State != account.Ready || s.Failures != 2 || s.LastErr != "connection refused" {
			t.Errorf("%+v", s)
		}
		serve(t, p, want(), failed)
		if s := status(t, p, "a"); s.State != account.Cooling || !s.Until.Equal(time.Now().Add(30*time.Second)) {
			t.Errorf("%+v", s)
		}
		time.Sleep(30 * time.Second)
		served(t, p, want())
		serve(t, p, want(), failed)
		if s := status(t, p, "a"); s.State != account.Ready || s.Failures != 1 {
			t.Errorf("%+v", s)
		}
	}, acc("a"))
}

func TestWaitingForASlot(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		busy := pick(t, p, want())
		var order []int
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				l := pick(t, p, want())
				order = append(order, i)
				time.Sleep(time.Second)
				l.Release(account.Outcome{Result: account.Served})
			})
			synctest.Wait()
		}
		if p.Waiting() != 3 {
			t.Errorf("%d wait", p.Waiting())
		}
		ctx, leave := context.WithCancel(t.Context())
		wg.Go(func() {
			if _, err := p.Pick(ctx, want()); !errors.Is(err, context.Canceled) {
				t.Errorf("a client that left: %v", err)
			}
		})
		synctest.Wait()
		leave()
		synctest.Wait()
		busy.Release(account.Outcome{Result: account.Served})
		wg.Wait()
		if !reflect.DeepEqual(order, []int{0, 1, 2}) || p.Waiting() != 0 || status(t, p, "a").InUse != 0 {
			t.Errorf("order %v, %d wait, %d in use", order, p.Waiting(), status(t, p, "a").InUse)
		}
		pick(t, p, want())
		start := time.Now()
		if n := none(t, p, want()); time.Since(start) != 10*time.Second || n.Waited != 10*time.Second || n.Sights()[0].Detail != "1 of 1" {
			t.Errorf("after %v: %+v", time.Since(start), n)
		}
	}, acc("a", limited(1)))
}

func TestAnAccountThatIsAddedServesThoseWhoWait(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		pick(t, p, want())
		got := make(chan string)
		go func() { got <- served(t, p, want()) }()
		synctest.Wait()
		b := acc("b")
		p.Set(&b)
		if name := <-got; name != "b" {
			t.Errorf("served by %s", name)
		}
	}, acc("a", limited(1)))
}

func TestWhatWasLearntOutlivesAProcess(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		home := served(t, p, want(session("s")))
		serve(t, p, want(func(w *account.Want) { w.Account = "acc_c" }), account.Outcome{Result: account.NeedsLogin, Evidence: "invalid_grant"})
		serve(t, p, want(func(w *account.Want) { w.Account = "acc_d" }), account.Outcome{
			Result: account.Exhausted, Scope: "opus", Until: time.Now().Add(time.Hour),
			Windows: []account.Window{{Name: "7d", Used: 1, ResetsAt: time.Now().Add(time.Hour)}},
		})
		body, err := p.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(body), `"s"`) {
			t.Error("the snapshot shows the session")
		}
		next := newPool(acc("a"), acc("b"), acc("c"), acc("d"))
		if err := next.Restore(body); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"a", "b", "c", "d"} {
			was, is := status(t, p, name), status(t, next, name)
			was.Account, is.Account = nil, nil
			if fmt.Sprint(was) != fmt.Sprint(is) {
				t.Errorf("%s was %+v\nand is %+v", name, was, is)
			}
		}
		if got := served(t, next, want(session("s"))); got != home {
			t.Errorf("the conversation moved from %s to %s", home, got)
		}
		if err := next.Restore([]byte("{")); err == nil {
			t.Error("a broken snapshot was taken")
		}
	}, acc("a"), acc("b"), acc("c"), acc("d"))
}

func TestSlotsAreNeverOverdrawnNorLost(t *testing.T) {
	t.Parallel()
	p := newPool(acc("a", limited(3)), acc("b", limited(2)), acc("c", limited(1), func(a *account.Account) { a.Priority = 1 }))
	var mu sync.Mutex
	out := map[string]int{}
	most := map[string]int{"a": 3, "b": 2, "c": 1}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(i), 1))
			for range 50 {
				ctx, cancel := context.WithCancel(t.Context())
				if rnd.IntN(4) == 0 {
					go cancel()
				}
				l, err := p.Pick(ctx, want(session(fmt.Sprint(rnd.IntN(5)))))
				if err != nil {
					cancel()
					continue
				}
				name := l.Account().Name
				mu.Lock()
				out[name]++
				if out[name] > most[name] {
					t.Errorf("%d leases of %s", out[name], name)
				}
				mu.Unlock()
				if rnd.IntN(2) == 0 {
					time.Sleep(time.Duration(rnd.IntN(100)) * time.Microsecond)
				}
				mu.Lock()
				out[name]--
				mu.Unlock()
				l.Release(account.Outcome{Result: account.Served})
				l.Release(account.Outcome{Result: account.Blocked}) // only the first counts
				cancel()
			}
		})
	}
	wg.Wait()
	for name := range most {
		if s := status(t, p, name); s.InUse != 0 || s.State != account.Ready {
			t.Errorf("%s: %d in use, %s", name, s.InUse, s.State)
		}
	}
}

func TestChangesAreToldOnce(t *testing.T) {
	t.Parallel()
	var told []string
	p := account.NewPool(account.Options{
		Now: time.Now, Platforms: map[string]account.Platform{"claude-console": {Services: []string{messages}}},
		Quota: time.Hour, Changed: func(c account.Change) {
			told = append(told, fmt.Sprintf("%s %s→%s%s", c.Account.Name, c.From, c.To, c.Scope))
		},
	})
	a := acc("a")
	p.Set(&a)
	one, two := pick(t, p, want()), pick(t, p, want())
	one.Release(account.Outcome{Result: account.Exhausted})
	two.Release(account.Outcome{Result: account.Exhausted})
	p.Thaw("acc_a")
	serve(t, p, want(), account.Outcome{Result: account.Exhausted, Scope: "opus"})
	p.Thaw("acc_a")
	want := []string{"a ready→cooling", "a cooling→ready", "a ready→coolingopus", "a cooling→readyopus"}
	if !reflect.DeepEqual(told, want) {
		t.Errorf("told %v", told)
	}
}

func TestAmongManyAccountsAGoodOneIsFoundWhereverItIs(t *testing.T) {
	t.Parallel()
	var many []account.Account
	for i := range 200 {
		many = append(many, acc(fmt.Sprintf("a%03d", i), func(a *account.Account) { a.Disabled = i != 150 && i != 151 }))
	}
	p := newPool(many...)
	got := map[string]int{}
	for range 100 {
		got[served(t, p, want())]++
	}
	if got["a150"]+got["a151"] != 100 || got["a150"] == 0 || got["a151"] == 0 {
		t.Errorf("%v", got)
	}
	all := newPool()
	for i := range 200 {
		a := acc(fmt.Sprintf("a%03d", i))
		all.Set(&a)
	}
	clear(got)
	for range 1000 {
		got[served(t, all, want())]++
	}
	if len(got) < 150 {
		t.Errorf("only %d of 200 accounts were ever used", len(got))
	}
}

func BenchmarkPick(b *testing.B) {
	for _, n := range []int{1, 10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := newPool()
			for i := range n {
				a := acc(fmt.Sprint(i))
				p.Set(&a)
			}
			w := want(session("s"))
			b.ReportAllocs()
			for b.Loop() {
				w.Session = ""
				l, err := p.Pick(b.Context(), w)
				if err != nil {
					b.Fatal(err)
				}
				l.Release(account.Outcome{Result: account.Served})
			}
		})
	}
}

func TestTheRestsOfAnAccountAreBounded(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		serve(t, p, want(), account.Outcome{Result: account.Exhausted, Until: time.Now().Add(time.Second)})
		time.Sleep(2 * time.Second)
		for i := range 500 {
			family := fmt.Sprint("made-up-", i)
			serve(t, p, want(func(w *account.Want) { w.Family = family }), account.Outcome{Result: account.Exhausted, Scope: family})
		}
		if n := len(status(t, p, "a").Rests); n > 64 {
			t.Errorf("%d rests", n)
		}
	}, acc("a"))
}

// TestARequestWaitsForAllItsAttemptsTogether: an account that failed it after a wait does not give it another whole one.
func TestARequestWaitsForAllItsAttemptsTogether(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		busy := pick(t, p, want())
		w, start := want(), time.Now()
		go func() {
			time.Sleep(7 * time.Second)
			busy.Release(account.Outcome{Result: account.Served})
		}()
		l := pick(t, p, w)
		if l.Waited() != 7*time.Second {
			t.Errorf("it waited %v", l.Waited())
		}
		w.Waited += l.Waited() // and then the account fails it, and somebody else has the slot
		if n := none(t, p, w); n.Waited != 3*time.Second || time.Since(start) != 10*time.Second {
			t.Errorf("it waited %v more, %v in all", n.Waited, time.Since(start))
		}
		w.Waited = 10 * time.Second
		if n := none(t, p, w); n.Waited != 0 {
			t.Errorf("it waited %v for nothing", n.Waited)
		}
	}, account.Account{ID: "acc_a", Name: "a", Platform: "claude-console", MaxConcurrency: 1})
}
