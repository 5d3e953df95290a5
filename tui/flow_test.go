package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"crs/ctl"
	"crs/tui/draw"
)

// in runs a test with a dashboard of the usual size, before a busy daemon.
func in(t *testing.T, do func(r *rig)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, u := busy()
		d.news <- u
		r := start(t, d, 100, 30, draw.NoColours)
		r.settle()
		do(r)
		r.end()
	})
}

// tell has the daemon tell something.
func (r *rig) tell(u *ctl.Update) {
	r.t.Helper()
	u.At = noon.Add(time.Since(r.zero))
	r.d.news <- u
	r.settle()
}

// did checks what the daemon was asked to do last.
func (r *rig) did(want ...string) {
	r.t.Helper()
	got := slices.DeleteFunc(r.d.did(), func(deed string) bool { return strings.HasPrefix(deed, "usage ") })
	if len(got) > len(want) {
		got = got[len(got)-len(want):]
	}
	if !slices.Equal(got, want) {
		r.t.Errorf("the daemon was asked to %q, want %q", got, want)
	}
}

func TestAStreamAppearsFlowsAndEnds(t *testing.T) {
	in(t, func(r *rig) {
		r.see("5 in flight", "1 waiting", "alice", "quiet 12s", "$29.44 today")
		f := flightOf(6, "dave", "work", "claude-opus-4-8", "streaming", 0, 90, 100, 0)
		r.tell(&ctl.Update{Flights: []ctl.Flight{f}, Status: &ctl.Status{InFlight: 6, Accounts: 5, AccountsReady: 3, Keys: 4}})
		r.see("6 in flight", "dave")
		for i := range 16 {
			r.pass(250 * time.Millisecond)
			r.tell(&ctl.Update{Sent: []int64{6, int64(100 + 250*(i+1))}})
		}
		r.see("4.1K", "1.0K B/s")
		r.tell(&ctl.Update{Landed: []int64{6}, Ended: []ctl.Request{{ID: "req_6", At: noon, Key: "dave", Account: "work", Model: "claude-opus-4-8", Status: 200, TotalMS: 4000, Cost: 2e9}}})
		r.see("dave", "$31.44 today")
		r.press("5")
		r.see("dave", "4.0s", "$2.00")
		if n := len(r.m.b.flows); n != 5 {
			t.Errorf("%d flows are kept", n)
		}
	})
}

func TestRowsAreFilteredSortedAndStayChosen(t *testing.T) {
	in(t, func(r *rig) {
		chosen := func(want string) {
			t.Helper()
			for line := range strings.Lines(draw.Bare(r.view())) {
				if strings.HasPrefix(line, "▸ ") {
					if !strings.HasPrefix(line, "▸ "+want) {
						t.Errorf("chosen is %q, want %s", line, want)
					}
					return
				}
			}
			t.Error("nothing is chosen")
		}
		chosen("alice")
		r.press("j", "j")
		chosen("ci-runner")
		r.tell(&ctl.Update{Landed: []int64{1}}) // one above it goes
		chosen("ci-runner")
		r.tell(&ctl.Update{Landed: []int64{3}}) // it goes itself
		chosen("carol")
		r.press("/", "opus -carol", "enter")
		r.see("1 of 3", "a key wi")
		r.miss("carol     -")
		r.press("esc")
		r.see("carol")
		r.press("s")
		r.see("▲KEY")
		r.press("g")
		chosen("a key")
		r.press("S", "g")
		r.see("▼KEY")
		chosen("carol")
		r.press("/", "q?1") // no keys while typing
		r.see("/ q?1", "0 of 3")
		r.press("backspace", "esc")
		r.see("carol")
		if r.quit {
			t.Error("q was typed, and the dashboard ended")
		}
	})
}

func TestDeedsAreDoneOnceTheyAreConfirmed(t *testing.T) {
	t.Parallel()
	for key, c := range map[string]struct{ screen, walk, asks, deed, says string }{
		"disconnect":      {"1", "x", "End the request of alice", "disconnect req_1", "disconnected req_1"},
		"disable":         {"2", "jjjjd", "Take work out of use?", "disable acc_work", "account work is out of use"},
		"enable":          {"2", "jd", "Take off into use?", "enable acc_off", "account off is in use"},
		"thaw":            {"2", "u", "End every cool-down of max", "thaw acc_max", "account max is thawed"},
		"refresh":         {"2", "jjr", "Renew the token of old", "refresh acc_old", "account old has a new token"},
		"test":            {"2", "jjjjt", "Ask work for a few tokens", "test acc_work", "account work works; it answered in 321ms"},
		"remove":          {"2", "D", "Remove max and its credential for good?", "remove acc_max", "account max is removed"},
		"disable a key":   {"3", "d", "Have key alice refused?", "disable key_alice", "key alice is refused"},
		"enable a key":    {"3", "jjd", "Let key ci-runner be used again?", "enable key_ci", "key ci-runner can be used again"},
		"delete a key":    {"3", "jD", "Delete key bob?", "delete key_bob", "key bob is deleted"},
		"restore a key":   {"3", "xGz", "Restore key gone?", "restore key_gone", "key gone is restored"},
		"purge a key":     {"3", "xGP", "Remove key gone for good?", "purge key_gone", "key gone is removed"},
		"leave something": {"2", "", "", "", ""},
	} {
		t.Run(key, func(t *testing.T) {
			in(t, func(r *rig) {
				r.press(c.screen, c.walk)
				if c.asks == "" {
					return
				}
				r.see(c.asks)
				before := r.d.did()
				r.press("n")
				r.miss(c.asks)
				if after := r.d.did(); !slices.Equal(before, after) {
					t.Errorf("it was refused, and done: %q", after)
				}
				r.press(c.walk[len(c.walk)-1:])
				r.press("y")
				r.did(c.deed)
				r.see(c.says)
			})
		})
	}
}

func TestAThawedAccountIsShownAsItIsAtOnce(t *testing.T) {
	in(t, func(r *rig) {
		r.press("2")
		r.see("cooling")
		r.press("u", "y")
		r.see("max", "ready")
		r.miss("cooling")
	})
}

func TestWhatTheDaemonRefusesIsSaid(t *testing.T) {
	in(t, func(r *rig) {
		r.d.err = ctl.Errorf(ctl.NotPermitted, "you may not do this on this daemon").WithHint("try sudo")
		r.press("2", "D", "y")
		r.see("✗ you may not do this on this daemon (try sudo)")
		r.press("5")
		r.see("you may not do this")
		r.pass(10 * time.Second)
		r.see("enter explain") // the keys are back in the last line
	})
}

func TestDrainingWaitsUntilNothingIsServed(t *testing.T) {
	in(t, func(r *rig) {
		r.press("2", "jjjj", "w", "y")
		r.did("disable acc_work")
		r.see("Draining work", "still serves 2 requests")
		a := *r.d.accounts["acc_work"]
		a.InUse = 1
		r.tell(&ctl.Update{Accounts: []ctl.Account{a}})
		r.see("still serves 1 request.")
		b := a
		b.InUse = 0
		r.tell(&ctl.Update{Accounts: []ctl.Account{b}})
		r.see("It serves nothing any more.")
		r.press("esc")
		r.miss("Draining")
	})
}

func TestADaemonThatGoesIsShownAsItLastWasAndComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, u := busy()
		d.news <- u
		r := start(t, d, 100, 30, draw.Many)
		r.settle()
		r.press("2")
		r.d.die()
		r.pass(time.Second)
		r.see("✗ gone", "The daemon is gone; this is how it last was", "max", "cooling")
		body := strings.Split(r.view(), "\n")[3:29]
		for _, line := range body {
			if strings.Contains(line, "\x1b[3") || strings.Contains(line, "\x1b[4") {
				t.Errorf("it is not grey: %q", line)
			}
		}
		r.press("u", "y") // nobody is there to do it
		r.pass(20 * time.Second)
		r.see("✗ gone")
		_, again := busy()
		again.Flights, again.Accounts = again.Flights[:1], again.Accounts[:1]
		r.d.revive(again)
		r.pass(3 * time.Second)
		r.see("work")
		r.miss("gone", "max")
		r.press("5")
		r.see("the daemon is gone", "the daemon is back")
		r.end()
	})
}

func TestASilentDaemonIsPointedOut(t *testing.T) {
	in(t, func(r *rig) {
		r.pass(5 * time.Second)
		r.miss("silent")
		r.pass(4 * time.Second)
		r.see("? silent for")
		r.tell(&ctl.Update{})
		r.miss("silent")
	})
}

func TestADaemonThatCannotBeReachedIsSaidSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newFake()
		d.down = true
		r := start(t, d, 80, 24, draw.NoColours)
		r.settle()
		r.see("✗ no daemon", "no crs daemon listens on the socket")
		r.press("q")
		if !r.quit {
			t.Error("it does not end")
		}
		r.end()
	})
}

func TestWhatHappensToAccountsIsInTheLog(t *testing.T) {
	in(t, func(r *rig) {
		a := *r.d.accounts["acc_work"]
		a.State, a.Why = "blocked", "the organization is disabled"
		b := *r.d.accounts["acc_spare"]
		b.Rests = append(slices.Clone(b.Rests), ctl.Cooldown{Scope: "sonnet", Until: noon.Add(time.Hour), Evidence: "429 once more"})
		r.tell(&ctl.Update{Accounts: []ctl.Account{a, b, {ID: "acc_x", Name: "fresh", Platform: "gemini"}}, Removed: []string{"acc_off"}, Missed: 12})
		r.press("5", "e", "e")
		r.see("events", "is blocked: the organization is disabled", "rests for sonnet until 13:00:00: 429 once more", "was added: gemini", "was removed", "12 more requests ended")
		r.miss("502")
		r.press("e", "e")
		r.see("errors", "502", "429")
	})
}

func TestRequestsThatWereToldTwiceAreInTheLogOnce(t *testing.T) {
	in(t, func(r *rig) {
		r.tell(&ctl.Update{Ended: r.d.requests[2:]})
		r.press("5")
		if n := strings.Count(draw.Bare(r.view()), "the upstream broke"); n != 1 {
			t.Errorf("it is there %d times", n)
		}
	})
}

func TestExplainIsAKeyAway(t *testing.T) {
	in(t, func(r *rig) {
		r.press("enter")
		r.did("explain alice claude-opus-4-8")
		r.see("Request req_1", "Why work: first in rank", "max", "cooling: 429 rate_limit_error, until 12:05:00")
		r.tell(&ctl.Update{Landed: []int64{1}, Ended: []ctl.Request{{ID: "req_1", At: noon, Key: "alice", Status: 200, TotalMS: 99, Cost: 5e9}}})
		r.see("status         200", "$5.00") // it is told of as what it became
		r.press("esc", "5", "jj", "enter")
		r.did("explain req_c")
		r.see("Accounts that failed before", "max after 120ms: 429 rate_limit_error")
	})
}

// TestKeysAreSortedByTheirMainLimits, which are the columns that stay where there is little room.
func TestKeysAreSortedByTheirMainLimits(t *testing.T) {
	in(t, func(r *rig) {
		r.press("3", "s", "s", "s", "s")
		r.see("▲TODAY")
		r.press("g", "enter")
		r.see("Key bob")
		r.press("esc", "s")
		r.see("▲TOTAL")
		r.press("g", "enter")
		r.see("Key alice", "cost this month", "$12.35 of $50.00", "requests in 5h", "210 of 300")
		r.press("esc", "s")
		r.miss("▲TODAY", "▲TOTAL")
	})
}

func TestTheLastErrorsOfAnAccountAndAKey(t *testing.T) {
	in(t, func(r *rig) {
		for i := range r.d.requests {
			r.d.requests[i].Account, r.d.requests[i].Key = "acc_max", "key_alice" // as ids select
		}
		r.press("2", "enter")
		r.see("Account max", "Quota windows", "Last errors", "the upstream broke off", "1 account failed before")
		r.press("esc", "3", "enter")
		r.see("Key alice", "Use of its limits", "12 of 60", "Last errors", "429")
	})
}

func TestUsageIsChartedInEveryWay(t *testing.T) {
	in(t, func(r *rig) {
		r.press("4")
		r.did()
		r.see("cost of the last 24 hours by model", "claude-haiku-4-5", "$29.44 in all")
		r.press("v")
		r.see("tokens of the last 24 hours")
		r.press("v")
		r.see("requests of the last 24 hours", "736 in all")
		r.press("t", "t", "b")
		r.see("requests of the last 14 days by key")
		found := false
		for _, d := range r.d.did() {
			found = found || d == "usage day,key 14d"
		}
		if !found {
			t.Errorf("%q", r.d.did())
		}
	})
}

// TestKeysThatComeAtOnceAreAllTaken: a terminal that was busy gives what was pressed meanwhile in one piece.
func TestKeysThatComeAtOnceAreAllTaken(t *testing.T) {
	in(t, func(r *rig) {
		r.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("4vb")})
		r.settle()
		r.see("tokens of the last 24 hours by key")
		r.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("1/opus -carol")})
		r.settle()
		r.see("/ opus -carol", "of 5")
		r.press("enter", "?")
		r.see("Everywhere")
		r.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("2"), Alt: true}) // esc and 2
		r.settle()
		r.see("QUOTA WINDOWS")
		r.miss("Everywhere")
		r.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("3aa b")})
		r.settle()
		r.see("Make a key")
	})
}

// TestTokensASecondAreLearntFromStreamsThatHaveEnded: nobody tells them while a stream flows.
func TestTokensASecondAreLearntFromStreamsThatHaveEnded(t *testing.T) {
	in(t, func(r *rig) {
		ended := func(id string, tokens int64, source string, stream bool) {
			r.tell(&ctl.Update{Ended: []ctl.Request{{ID: id, At: noon, Model: "m", Status: 200, Stream: stream, OutputTokens: tokens, Source: source}}})
		}
		flows := func() {
			for i := range 16 {
				r.pass(250 * time.Millisecond)
				r.tell(&ctl.Update{Sent: []int64{7, int64(1000 * (i + 1))}})
			}
		}
		r.tell(&ctl.Update{Flights: []ctl.Flight{flightOf(6, "dave", "work", "m", "streaming", 0, 90, 4000, 0), flightOf(7, "erin", "work", "m", "streaming", 0, 90, 0, 0)}})
		flows()
		r.see("4.0K")
		r.miss("~")
		ended("req_6", 10, "upstream", true)   // too short
		ended("req_6", 100, "partial", true)   // cut
		ended("req_6", 100, "upstream", false) // in one piece
		ended("req_x", 100, "upstream", true)  // never seen
		if len(r.m.b.sizes) != 0 {
			t.Fatalf("learnt %v", r.m.b.sizes)
		}
		ended("req_6", 100, "upstream", true)
		r.tell(&ctl.Update{Landed: []int64{6}})
		r.tell(&ctl.Update{Flights: []ctl.Flight{flightOf(7, "erin", "work", "m", "streaming", 0, 90, 0, 0)}})
		flows()
		r.see("~100")
		r.press("G", "enter")
		r.see("4.0K bytes/s, about 100 tokens/s")
		r.m.b.sizes.add("m", 80)
		if got := r.m.b.sizes["m"]; got != 48 {
			t.Errorf("a token has %v bytes", got)
		}
	})
}

func TestGroupsAndWhoIsInThem(t *testing.T) {
	in(t, func(r *rig) {
		r.press("2", "o")
		r.see("Groups", "team", "accounts       work", "keys bound     bob")
		r.press("n")
		r.see("Make a group")
		r.press("esc", "esc")
		r.miss("keys bound")
		r.d.groups = nil
		r.press("o")
		r.see("There are no groups")
	})
}

func TestManySeriesBecomeFew(t *testing.T) {
	t.Parallel()
	s := newUsage()
	u := ctl.Usage{Since: noon.Add(-time.Hour), Until: noon}
	for i := range 30 {
		r := ctl.UsageRow{Model: fmt.Sprint("model-", i), Hour: noon.Format("2006-01-02T15:04Z07:00"), Requests: int64(i + 1), Cost: ctl.USD(i)}
		u.Rows = append(u.Rows, r)
		u.Total.Add(&r)
	}
	s.told[usageKey{}], s.what = u, 2
	all := s.shares()
	if len(all) != draw.MostSeries || all[0].name != "model-29" || all[6].name != "24 others" {
		t.Errorf("%d shares, the last of them %q", len(all), all[len(all)-1].name)
	}
	sum := int64(0)
	for _, x := range all {
		sum += x.row.Requests
	}
	if sum != u.Total.Requests {
		t.Errorf("%d requests in the shares, %d in all", sum, u.Total.Requests)
	}
}

func TestBarsFollowTheClockWhenItIsPutBack(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 10, 25, 6, 0, 0, 0, zone)
	u := ctl.Usage{Since: at.Add(-24 * time.Hour), Until: at}
	labels, where := barsOf(&u, spans()[0], zone)
	if len(labels) != 24 || len(where) != 24 { // 02h came twice
		t.Errorf("%d bars: %v", len(labels), labels)
	}
	days := ctl.Usage{Since: at.AddDate(0, 0, -13), Until: at}
	if labels, _ := barsOf(&days, spans()[2], zone); len(labels) != 14 || labels[0] != "10-12" || labels[13] != "10-25" {
		t.Errorf("%d days: %v", len(labels), labels)
	}
}

// TestTheScreenIsDrawnTenTimesASecondAtMost: under a flood of news and keys alike.
func TestTheScreenIsDrawnTenTimesASecondAtMost(t *testing.T) {
	in(t, func(r *rig) {
		r.pass(time.Second)
		drawn, last := 0, r.m.frame
		for i := range 1000 { // a key every 10 ms
			r.tell(&ctl.Update{Flights: []ctl.Flight{flightOf(6, "dave", "work", "m", "streaming", 0, 90, int64(i), 0)}})
			r.press([]string{"j", "k"}[i%2])
			r.pass(10 * time.Millisecond)
			if r.m.frame != last {
				drawn, last = drawn+1, r.m.frame
			}
		}
		if drawn < 50 || drawn > 103 { // in 10 s
			t.Errorf("drawn %d times in 10 s", drawn)
		}
	})
}

func TestAKeyIsAnsweredAtOnce(t *testing.T) {
	in(t, func(r *rig) {
		for range 5 {
			r.pass(time.Second)
			before := r.m.frame
			r.press("tab")
			if r.m.frame == before {
				t.Error("the screen was not drawn anew")
			}
		}
	})
}

func TestNothingFromOutsideReachesTheTerminal(t *testing.T) {
	in(t, func(r *rig) {
		const evil = "\x1b]0;owned\x07\x1b[2J\r\nx"
		f := flightOf(7, evil, evil, evil, "streaming", 0, 90, 5, 0)
		f.Client = evil
		a := ctl.Account{ID: "acc_evil", Name: evil, Platform: "claude", State: "cooling", Why: evil, Until: at(time.Hour), LastError: evil, LastErrAt: at(0), Groups: []string{evil}, Windows: []ctl.Window{{Name: evil, Used: 2}}, Rests: []ctl.Cooldown{{Scope: evil, Evidence: evil, Until: noon.Add(time.Hour)}}}
		r.d.all = append(r.d.all, ctl.Key{ID: "key_evil", Name: evil, Hint: evil, State: "active", Tags: []string{evil}, Limits: ctl.Limits{Group: evil, AllowModels: []string{evil}}})
		r.tell(&ctl.Update{Flights: []ctl.Flight{f}, Accounts: []ctl.Account{a}, Ended: []ctl.Request{{ID: evil, Key: evil, Model: evil, Account: evil, Error: evil, At: noon}}, Status: &ctl.Status{Version: evil, Accounts: 1}})
		check := func() {
			t.Helper()
			text := r.view()
			if strings.ContainsAny(text, "\x07\r") || strings.Contains(text, "\x1b]0") || strings.Contains(text, "\x1b[2J") {
				t.Errorf("%q", text)
			}
		}
		for _, keys := range [][]string{{"1"}, {"G"}, {"enter"}, {"esc", "x"}, {"esc", "2"}, {"g"}, {"enter"}, {"esc", "u"}, {"esc", "e"}, {"esc", "3"}, {"G", "enter"}, {"esc", "5"}, {"enter"}, {"esc"}} {
			r.press(keys...)
			check()
		}
	})
}

// TestEverySizeIsDrawn: no panic, no line too long, nothing below the screen.
func TestEverySizeIsDrawn(t *testing.T) {
	t.Parallel()
	for _, keys := range [][]string{{"1"}, {"2"}, {"3"}, {"4"}, {"5"}, {"?"}, {"2", "enter"}, {"2", "u"}, {"2", "a"}, {"2", "e"}, {"3", "a"}, {"3", "e"}, {"3", "r", "y"}, {"2", "jjjj", "w", "y"}, {"2", "l", "enter"}, {"1", "enter"}, {"/", "x"}} {
		t.Run(strings.Join(keys, " "), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d, u := busy()
				d.news <- u
				d.login = ctl.Login{ID: "login_1", URL: "https://example.com/authorize?" + strings.Repeat("abc=def&", 60), ExpiresAt: noon.Add(10 * time.Minute)}
				r := start(t, d, 80, 24, draw.Many)
				r.press(keys...)
				for _, w := range []int{1, 2, 7, 12, 20, 39, 40, 59, 60, 79, 81, 131, 250} {
					for _, h := range []int{1, 2, 3, 4, 9, 15, 16, 17, 40, 90} {
						r.send(tea.WindowSizeMsg{Width: w, Height: h})
						r.view()
					}
				}
				r.end()
			})
		})
	}
}
