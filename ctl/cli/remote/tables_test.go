package remote

import (
	"strings"
	"testing"
	"time"

	"crs/ctl"
)

func TestAUsageTableShowsWhatWasGroupedByAndWhatThereIs(t *testing.T) {
	t.Parallel()
	rows := []ctl.UsageRow{
		{Key: "alice", Model: "m", Requests: 1200, InputTokens: 12, OutputTokens: 34, CacheReadTokens: 9012, CacheWrite5mTokens: 560, CacheWrite1hTokens: 78, Cost: 9_696_000, Charged: 9_696_000},
		{Key: "bob", Model: "n", Requests: 1, Cost: 1_000_000_000, Charged: 2_000_000_000},
	}
	alice := rows[0]
	alice.Key, alice.Model = "", ""
	for name, test := range map[string]struct {
		by   []string
		u    ctl.Usage
		want string
	}{
		"by key and model": {[]string{"model", "key"}, ctl.Usage{Rows: rows[:1], Total: alice}, `
KEY    MODEL  REQUESTS  INPUT  OUTPUT  CACHE READ  CACHE WRITE  CACHED     COST
alice  m         1,200     12      34       9,012          638     93%  $0.0097
total            1,200     12      34       9,012          638     93%  $0.0097
`},
		"with a multiplier and reasoning": {[]string{"key"}, ctl.Usage{Rows: rows, Total: ctl.UsageRow{Requests: 1201, ReasoningTokens: 5, Cost: 1_009_696_000, Charged: 2_009_696_000}}, `
KEY    REQUESTS  INPUT  OUTPUT  CACHE READ  CACHE WRITE  REASONING     COST  CHARGED
alice     1,200     12      34       9,012          638          0  $0.0097  $0.0097
bob           1      0       0           0            0          0  $1.0000  $2.0000
total     1,201      0       0           0            0          5  $1.0097  $2.0097
`},
		"of nothing": {[]string{"key"}, ctl.Usage{Since: noon.Add(-24 * time.Hour), Until: noon}, `
nothing was used from 2026-11-22 12:00 to 12:00:00
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, out := printing()
			a.usageTable(&test.u, test.by)
			if got := "\n" + out.String(); got != test.want {
				t.Errorf("got%swant%s", got, test.want)
			}
		})
	}
}

func TestARequestsNoteIsWhatIsWorthKnowing(t *testing.T) {
	t.Parallel()
	a, _ := printing()
	long := strings.Repeat("x", 200)
	for want, r := range map[string]ctl.Request{
		"":                         {Source: "upstream"},
		"it broke":                 {Error: "it broke", Unpriced: true},
		long[:79] + "…":            {Error: long},
		"2 accounts failed before": {Attempts: make([]ctl.Attempt, 2), Source: "upstream"},
		"no price for the model":   {Unpriced: true},
		"tokens: partial":          {Source: "partial"},
	} {
		cells := a.requestCells(&r)
		if got := cells[len(cells)-1]; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTheRequestTable(t *testing.T) {
	t.Parallel()
	a, out := printing()
	a.requestTable([]ctl.Request{
		{ID: "req_1", At: noon, Key: "alice", Model: "m", Account: "work", Status: 200, FirstByteMS: 300, TotalMS: 4200, InputTokens: 12, CacheRead: 9000, CacheWrite5m: 50, OutputTokens: 34, Cost: 9_696_000},
		{ID: "req_2", At: noon.Add(-24 * time.Hour), Key: "bob", Error: "the client left", TotalMS: 61_000},
	})
	want := `TIME              REQUEST  KEY    MODEL  ACCOUNT  STATUS  FIRST  TOTAL  INPUT  CACHED  OUTPUT     COST  NOTE
12:00:00          req_1    alice  m      work        200  300ms   4.2s     12   9,050      34  $0.0097
2026-11-22 12:00  req_2    bob                      left    0ms   1m1s      0       0       0  $0.0000  the client left
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
}

func TestExplainComesDownToASentence(t *testing.T) {
	t.Parallel()
	soon, later := noon.Add(time.Minute), noon.Add(time.Hour)
	for want, e := range map[string]ctl.Explanation{
		"chosen: a, because: first in rank":    {Chosen: "a", Why: "first in rank"},
		"chosen: a":                            {Chosen: "a"},
		"chosen: none: the key is not allowed": {Request: &ctl.Request{Error: "the key is not allowed"}},
		"chosen: none: there are no accounts; add one: crs account add":                     {},
		"chosen: none: no account can serve this; change the configuration":                 {Accounts: []ctl.Candidate{{Account: "a", Reason: "disabled"}}},
		"chosen: none: no account can serve this now; the next is back at 12:01:00 (in 1m)": {Accounts: []ctl.Candidate{{Until: &later}, {Until: &soon}, {}}},
	} {
		a, _ := printing()
		if got := a.verdict(&e); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestExplainNamesEveryAccount(t *testing.T) {
	t.Parallel()
	a, out := printing()
	until := noon.Add(5 * time.Minute)
	a.explain(ctl.Explanation{Chosen: "b", Why: "first in rank", Accounts: []ctl.Candidate{
		{Account: "b", Platform: "claude", Eligible: true, Rank: 1, Reason: "eligible"},
		{Account: "c", Platform: "claude", Eligible: true, Rank: 2, Reason: "eligible"},
		{Account: "a", Platform: "claude", Reason: "cooling", Until: &until, Detail: "429 rate_limit_error"},
	}})
	want := `ACCOUNT  PLATFORM  STANDING     UNTIL             WHY
b        claude    chosen                         eligible
c        claude    eligible                       eligible
a        claude    passed over  12:05:00 (in 5m)  cooling: 429 rate_limit_error

chosen: b, because: first in rank
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
}

func TestAKeysLimitsAreWhatTheDaemonTells(t *testing.T) {
	t.Parallel()
	month, day := noon.Add(180*time.Hour), noon.Add(12*time.Hour)
	k := ctl.Key{Name: "alice", Limits: ctl.Limits{Concurrency: 4, Multiplier: 1}, Use: ctl.KeyUse{InFlight: 1, Limits: []ctl.LimitUse{
		{Limit: "requests/minute", Label: "requests a minute", Used: "12", Max: "60"},
		{Limit: "tokens/minute", Label: "tokens a minute", Used: "0", Max: "0"},
		{Limit: "cost/day", Label: "cost today", Used: "0", Max: "5", USD: true, EndsAt: &day},
		{Limit: "cost/total", Label: "total cost", Used: "321.5", Max: "0", USD: true},
		{Limit: "cost/month", Label: "cost this month", Used: "12.345", Max: "50", USD: true, EndsAt: &month},
		{Limit: "requests/5h", Label: "requests in 5h", Used: "1210", Max: "3000"},
	}}}
	a, out := printing()
	a.limitTable(&k)
	want := `LIMIT                   USED        OF  BEGINS ANEW
requests a minute         12        60
tokens a minute            0  no limit
concurrency                1         4
cost today           $0.0000     $5.00
total cost         $321.5000  no limit
cost this month     $12.3450    $50.00  2026-12-01 00:00 (in 7d)
requests in 5h         1,210     3,000
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
	out.Reset()
	a.keyTable([]ctl.Key{k, {Name: "of-an-older-daemon", Limits: ctl.Limits{Multiplier: 1}}})
	want = `NAME                IN FLIGHT    TODAY      TOTAL
alice                       1  $0.0000  $321.5000
of-an-older-daemon          0
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
}
