package tui

import (
	"encoding/json"
	"fmt"
	"time"

	"crs/ctl"
)

func at(d time.Duration) *time.Time {
	t := noon.Add(d)
	return &t
}

// busy is a daemon in the middle of a day: everything that screens can show is there.
func busy() (*fake, *ctl.Update) {
	d := newFake()
	u := &ctl.Update{
		At: noon, All: true,
		Status: &ctl.Status{
			Running: true, Version: "1.2.3", UptimeSeconds: 93784, Listen: "127.0.0.1:3000", InFlight: 5, Waiting: 1, Accounts: 5, AccountsReady: 3, Keys: 4,
			Platforms: []string{"bedrock", "claude", "claude-console", "openai"},
			Conditions: []ctl.Condition{
				{Code: "account_needs_login", Severity: ctl.SeverityWarning, Subject: "old", Sentence: "account old needs a login: invalid_grant", Hint: "log in again: crs account login claude old"},
				{Code: "platform_not_ready", Severity: ctl.SeverityWarning, Subject: "openai", Sentence: "no account of platform openai is ready", Hint: "why, and until when: crs account list"},
				{Code: "account_rests", Severity: ctl.SeverityNote, Subject: "spare", Sentence: "account spare rests until 12:04:00 (in 4m): 429", Hint: "that passes by itself"},
			},
		},
		Flights: []ctl.Flight{
			flightOf(1, "alice", "work", "claude-opus-4-8", "streaming", 75*time.Second, 310, 48_211, 200*time.Millisecond),
			flightOf(2, "bob", "work", "claude-sonnet-5", "streaming", 42*time.Second, 1240, 9_803, 12*time.Second),
			flightOf(3, "ci-runner", "spare", "claude-haiku-4-5", "waiting", 3*time.Second, 0, 0, 0),
			flightOf(4, "carol", "", "claude-opus-4-8", "queued", 1*time.Second, 0, 0, 0),
			flightOf(5, "a key with a rather long name", "an account with a long name too", "claude-opus-4-8-with-a-suffix-20260101", "streaming", 3700*time.Second, 61_000, 12_345_678, 0),
		},
		Accounts: accountsOf(),
	}
	u.Flights[2].Attempts = 1
	for i := range u.Accounts {
		a := u.Accounts[i]
		d.accounts[a.ID] = &a
	}
	d.all, d.requests, d.usage = keysOf(), requestsOf(), usageOf()
	d.groups = []ctl.Group{{Name: "team", Accounts: []string{"work"}}, {Name: "night", Keys: []string{"bob"}}}
	return d, u
}

func flightOf(n int64, key, account, model, phase string, age time.Duration, first, sent int64, quiet time.Duration) ctl.Flight {
	f := ctl.Flight{N: n, Sent: sent, Live: ctl.Live{
		ID: fmt.Sprintf("req_%d", n), At: noon.Add(-age), Key: key, Account: account, Model: model, Phase: phase, Stream: true, Client: "claude-code", FirstByteMS: first,
	}}
	if sent > 0 {
		f.LastAt = at(-quiet)
	}
	return f
}

func accountsOf() []ctl.Account {
	window := func(name string, used float64) ctl.Window {
		return ctl.Window{Name: name, Used: used, ResetsAt: at(2 * time.Hour)}
	}
	return []ctl.Account{
		{ID: "acc_work", Name: "work", Platform: "claude-console", Enabled: true, State: "ready", CreatedAt: noon.Add(-99 * time.Hour), Credential: "api-key", Priority: 50, MaxConcurrency: 8, InUse: 2, LastUsed: at(-time.Second), Groups: []string{"team"}},
		{ID: "acc_max", Name: "max", Platform: "claude", Enabled: true, State: "cooling", Credential: "oauth", Priority: 10, Until: at(42 * time.Minute), Why: "429 rate_limit_error: the 5-hour limit is used up",
			Windows: []ctl.Window{window("5h", 1), window("7d", 0.62)}, LastUsed: at(-8 * time.Minute), LastError: "429 rate_limit_error", LastErrAt: at(-8 * time.Minute), Failures: 1},
		{ID: "acc_spare", Name: "spare", Platform: "claude", Enabled: true, State: "ready", Credential: "oauth", Priority: 20, InUse: 1, Windows: []ctl.Window{window("5h", 0.31), window("7d", 0.08)}, LastUsed: at(-3 * time.Second),
			Rests: []ctl.Cooldown{{Scope: "opus", Until: noon.Add(time.Hour), Evidence: "429 for the opus family"}}, TokenExpiresAt: at(5 * time.Hour)},
		{ID: "acc_old", Name: "old", Platform: "claude", Enabled: true, State: "needs-login", Credential: "oauth", Priority: 50, Why: "the refresh token was refused: invalid_grant", LastUsed: at(-50 * time.Hour)},
		{ID: "acc_off", Name: "off", Platform: "bedrock", CreatedAt: noon.Add(-9 * time.Hour), State: "disabled", Credential: "api-key", Priority: 90},
	}
}

func keysOf() []ctl.Key {
	return []ctl.Key{
		{ID: "key_alice", Name: "alice", Hint: "cr_a1b2…", State: "active", CreatedAt: noon.Add(-240 * time.Hour), Tags: []string{"team"},
			Limits: ctl.Limits{RequestsPerMinute: 60, DailyCost: 5e9, Concurrency: 4, Multiplier: 1, Rules: map[string]json.Number{"cost/month": "50", "requests/5h": "300"}},
			Use: ctl.KeyUse{InFlight: 1, Limits: append(uses("12", "60", "0", "0", "1.23", "5", "9", "0", "321", "0"),
				ctl.LimitUse{Limit: "cost/month", Label: "cost this month", Used: "12.345", Max: "50", USD: true, EndsAt: at(180 * time.Hour)},
				ctl.LimitUse{Limit: "requests/5h", Label: "requests in 5h", Used: "210", Max: "300"})}},
		{ID: "key_bob", Name: "bob", Hint: "cr_c3d4…", State: "active", CreatedAt: noon.Add(-24 * time.Hour), ExpiresAt: at(30 * 24 * time.Hour),
			Limits: ctl.Limits{TokensPerMinute: 100_000, DailyCost: 2e9, WeeklyCost: 10e9, TotalCost: 100e9, Group: "night", Multiplier: 1.5},
			Use:    ctl.KeyUse{InFlight: 1, Limits: uses("0", "0", "98765", "100000", "1.98", "2", "4", "10", "12", "100")}},
		{ID: "key_ci", Name: "ci-runner", Hint: "cr_e5f6…", State: "disabled", Limits: ctl.Limits{Multiplier: 1},
			Use: ctl.KeyUse{Limits: uses("0", "0", "0", "0", "0", "0", "0", "0", "0", "0")}},
		{ID: "key_gone", Name: "gone", Hint: "cr_0000…", State: "deleted", Limits: ctl.Limits{Multiplier: 1}},
	}
}

// uses are of the limits that have a name: how much is used of each, and how much may be.
func uses(n ...json.Number) []ctl.LimitUse {
	all := []ctl.LimitUse{
		{Limit: "requests/minute", Label: "requests a minute"},
		{Limit: "tokens/minute", Label: "tokens a minute"},
		{Limit: "cost/day", Label: "cost today", USD: true, EndsAt: at(12 * time.Hour)},
		{Limit: "cost/week", Label: "cost this week", USD: true, EndsAt: at(7*24*time.Hour - 12*time.Hour)},
		{Limit: "cost/total", Label: "cost in all", USD: true},
	}
	for i := range all {
		all[i].Used, all[i].Max = n[2*i], n[2*i+1]
	}
	return all
}

func requestsOf() []ctl.Request {
	return []ctl.Request{
		{ID: "req_a", At: noon.Add(-4 * time.Minute), Key: "alice", Account: "work", Platform: "claude-console", Model: "claude-opus-4-8", Client: "claude-code", Status: 200, FirstByteMS: 412, TotalMS: 8_123, InputTokens: 12, CacheRead: 9012, CacheWrite5m: 560, OutputTokens: 340, Cost: 9_696_000, Charged: 9_696_000, Source: "upstream"},
		{ID: "req_b", At: noon.Add(-3 * time.Minute), Key: "bob", Model: "claude-opus-4-8", Status: 429, TotalMS: 1, Error: "the key's limit of 100,000 tokens a minute is reached; there is room again at 11:58:00"},
		{ID: "req_c", At: noon.Add(-2 * time.Minute), Key: "alice", Account: "spare", Platform: "claude", Model: "claude-sonnet-5", Status: 200, FirstByteMS: 1_020, TotalMS: 61_000, InputTokens: 1_200, OutputTokens: 4_321, Cost: 120_000_000, Charged: 120_000_000, Source: "upstream",
			Attempts: []ctl.Attempt{{Account: "max", Status: 429, Error: "429 rate_limit_error", AfterMS: 120}}},
		{ID: "req_d", At: noon.Add(-time.Minute), Key: "ci-runner", Account: "work", Platform: "claude-console", Model: "claude-haiku-4-5", Status: 502, TotalMS: 3_000, Error: "the upstream broke off"},
	}
}

func usageOf() ctl.Usage {
	u := ctl.Usage{Since: noon.Add(-24 * time.Hour), Until: noon}
	for i := range 25 {
		hour := noon.Add(time.Duration(i-24) * time.Hour)
		for j, model := range []string{"claude-opus-4-8", "claude-sonnet-5", "claude-haiku-4-5"} {
			n := int64((i*7+j*5)%11) * int64(3-j)
			if n == 0 {
				continue
			}
			r := ctl.UsageRow{Model: model, Hour: hour.Format("2006-01-02T15:04Z07:00"), Requests: n, InputTokens: n * 100, OutputTokens: n * 900, CacheReadTokens: n * 5000, Cost: ctl.USD(n) * 40_000_000}
			u.Rows = append(u.Rows, r)
			u.Total.Add(&r)
		}
	}
	return u
}
