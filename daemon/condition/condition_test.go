package condition_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/daemon/condition"
	"crs/internal/account"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/unit"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// watching gives a watch of what is looked at.
func watching(v *condition.View, own ...condition.Kind) *condition.Watch {
	v.Now = noon
	v.KeyName = func(id string) string { return "the key " + id }
	return condition.NewWatch(own, func() *condition.View { return v })
}

// said are the conditions of one severity, a line each.
func said(all []ctl.Condition, severity string) string {
	var lines []string
	for _, c := range all {
		if c.Severity == severity {
			lines = append(lines, c.Code+" "+c.Subject+": "+c.Sentence+" > "+c.Hint)
		}
	}
	return strings.Join(lines, "\n")
}

func TestWhatIsSaidOfAnAccount(t *testing.T) {
	t.Parallel()
	soon, later := noon.Add(24*time.Hour), noon.Add(240*time.Hour)
	type status = account.Status
	with := func(s status, change func(*account.Account)) status {
		s.Account = new(account.Account)
		change(s.Account)
		return s
	}
	for name, test := range map[string]struct {
		s                   status
		warning, note, hint string
	}{
		"well": {with(status{State: account.Ready, Windows: []account.Window{{Name: "5h", Used: 0.94}}}, func(a *account.Account) {
			a.SubscriptionEnds, a.Credential = later, account.Credential{Kind: account.OAuth, ExpiresAt: soon}
		}), "", "", ""},
		"disabled": {status{State: account.StateDisabled, Rests: []account.Cooldown{{Scope: "opus", Until: soon}}, Windows: []account.Window{{Used: 1}}}, "", "", ""},
		"needs a login": {status{State: account.StateNeeds, Why: "\x1b\u202einvalid_grant.\n"},
			"account_needs_login my max: account my max needs a login: invalid_grant", "", "crs account login claude 'my max'"},
		"blocked": {status{State: account.StateBlocked}, "account my max is blocked by its provider", "", "crs account thaw 'my max'"},
		"ended":   {status{State: account.StateExpired}, "the subscription of account my max has ended", "", "crs account edit 'my max' --subscription-ends"},
		"cooling": {status{State: account.Cooling, Until: soon, Why: "429"}, "", "account_rests my max: account my max rests until 2026-11-24 12:00 (in 1d): 429", "passes by itself"},
		"cooling in part": {status{State: account.Ready, Rests: []account.Cooldown{{Scope: "opus", Until: soon, Evidence: "429"}}},
			"", "rests for opus until", "crs account thaw 'my max'"},
		"one key's rest": {status{State: account.Ready, Rests: []account.Cooldown{{Key: "1", Since: noon, Until: noon.Add(time.Minute), Evidence: "403"}}},
			"", "has not served key the key 1 since 12:00:00 and is not asked for it until 12:01:00 (in 1m): 403", "crs account test 'my max'"},
		"one key's refusal that is over": {status{State: account.Ready, Rests: []account.Cooldown{{Scope: "opus", Key: "1", Since: noon.Add(-time.Minute), Until: noon, Evidence: "403"}}},
			"", "has not served opus, key the key 1 since 11:59:00: 403", "crs account test 'my max'"},
		"the whole account's rest": {status{State: account.Cooling, Until: soon, Rests: []account.Cooldown{{Until: soon, Evidence: "429"}}}, "", "account_rests", "crs account thaw"},
		"nearly used up": {status{State: account.Ready, Windows: []account.Window{{Name: "7d", Used: 0.97, ResetsAt: soon}}},
			"", "has used 97% of its window 7d", "it resets 2026-11-24 12:00 (in 1d)"},
		"used up": {status{State: account.Cooling, Until: soon, Windows: []account.Window{{Name: "7d", Used: 1, ResetsAt: soon}}}, "", "account_rests", ""},
		"about to end": {with(status{State: account.Ready}, func(a *account.Account) { a.SubscriptionEnds = soon }),
			"", "the subscription of account my max ends 2026-11-24 12:00 (in 1d)", "--subscription-ends"},
		"a token to end": {with(status{State: account.Ready}, func(a *account.Account) {
			a.Credential = account.Credential{Kind: account.SetupToken, ExpiresAt: later}
		}), "", "and cannot be renewed", "crs account login claude 'my max' --setup-token"},
	} {
		if test.s.Account == nil {
			test.s.Account = new(account.Account)
		}
		test.s.Account.Name, test.s.Account.Platform = "my max", "claude"
		ready := status{Account: &account.Account{Name: "other", Platform: "claude"}, State: account.Ready}
		all := watching(&condition.View{Keys: 1, Accounts: []status{test.s, ready}}).Now()
		for severity, want := range map[string]string{ctl.SeverityWarning: test.warning, ctl.SeverityNote: test.note, ctl.SeverityFailed: ""} {
			got := said(all, severity)
			switch {
			case want == "" && got != "":
				t.Errorf("%s: %s: %s", name, severity, got)
			case want != "" && (strings.Contains(got, "\n") || !strings.Contains(got, want) || !strings.Contains(got, test.hint)):
				t.Errorf("%s: %s: %s, want %s > %s", name, severity, got, want, test.hint)
			}
		}
	}
}

func TestEvidenceOfAnyLengthIsSaidShortly(t *testing.T) {
	t.Parallel()
	s := account.Status{Account: &account.Account{Name: "a", Platform: "p"}, State: account.StateBlocked, Why: strings.Repeat("é", 5000)}
	for _, c := range watching(&condition.View{Keys: 1, Accounts: []account.Status{s}}).Now() {
		if len(c.Sentence) > 300 || !strings.ContainsRune(c.Sentence, '…') && c.Code == "account_blocked" {
			t.Errorf("%d bytes: %s", len(c.Sentence), c.Sentence)
		}
	}
}

func TestWhetherAnybodyCanBeServed(t *testing.T) {
	t.Parallel()
	in := func(platform string, state account.State) account.Status {
		return account.Status{Account: &account.Account{Name: platform + string(state), Platform: platform}, State: state, Until: noon.Add(time.Hour)}
	}
	ready, off, cooling := in("claude", account.Ready), in("claude", account.StateDisabled), in("gemini", account.Cooling)
	for name, test := range map[string]struct {
		v    condition.View
		want string
	}{
		"all is well":       {condition.View{Accounts: []account.Status{ready, off}, Keys: 1}, ""},
		"no accounts":       {condition.View{Keys: 1}, "no_accounts"},
		"all disabled":      {condition.View{Accounts: []account.Status{off}, Keys: 1}, "accounts_disabled"},
		"none ready":        {condition.View{Accounts: []account.Status{cooling}, Keys: 1}, "platform_not_ready gemini, account_rests geminicooling"},
		"one platform not":  {condition.View{Accounts: []account.Status{cooling, ready}, Keys: 1}, "platform_not_ready gemini, account_rests geminicooling"},
		"no keys":           {condition.View{Accounts: []account.Status{ready}}, "no_keys"},
		"nothing yet":       {condition.View{}, "no_accounts, no_keys"},
		"more than it does": {condition.View{Accounts: []account.Status{ready}, Keys: 1, Waiting: 3}, "requests_wait"},
	} {
		var got []string
		for _, c := range watching(&test.v).Now() {
			got = append(got, strings.TrimSpace(c.Code+" "+c.Subject))
			if c.Hint == "" || c.Sentence == "" || strings.HasSuffix(c.Sentence, ".") || c.Since != noon {
				t.Errorf("%s: %+v", name, c)
			}
		}
		if strings.Join(got, ", ") != test.want {
			t.Errorf("%s: %q, not %q", name, got, test.want)
		}
	}
}

func TestBudgetsThatAreSpentAreNamed(t *testing.T) {
	t.Parallel()
	of := func(k key.Key, day, week, total int64) condition.Budget {
		var u limit.Use
		u.Spent.Set(unit.Cost, limit.Day, day)
		u.Spent.Set(unit.Cost, limit.Week, week)
		u.Spent.Set(unit.Cost, limit.Total, total)
		u.Spent.Set(unit.Tokens, limit.Month, day)
		return condition.Budget{Key: &k, Use: u}
	}
	daily := key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Day, 5)}}}
	v := condition.View{Keys: 5, Accounts: []account.Status{{Account: &account.Account{Platform: "p"}, State: account.Ready}}, Budgets: []condition.Budget{
		of(key.Key{Name: "well", Policy: daily}, 4, 9, 99), of(key.Key{Name: "off", Policy: daily, Disabled: true}, 6, 6, 6),
		of(key.Key{Name: "over", Policy: daily, ExpiresAt: noon}, 6, 6, 6), of(key.Key{Name: "gone", Policy: daily, DeletedAt: noon}, 6, 6, 6),
		of(key.Key{Name: "my key", Policy: key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Week, 2_000_000_000)}}}}, 0, 2_000_000_000, 2_000_000_000),
	}}
	v.Budgets = append(v.Budgets, of(key.Key{Name: "talker", Policy: key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Tokens, limit.Month, 3)}}}}, 3, 0, 0))
	busy := of(key.Key{Name: "busy", Policy: key.Policy{Limits: limit.Limits{Rules: []limit.Rule{
		limit.Per(unit.Requests, limit.Minute, 1), limit.Per(unit.Cost, 90*86400, 1_000_000_000),
	}}}}, 0, 0, 0)
	busy.Use.Set(limit.Per(unit.Requests, limit.Minute, 0), 1)
	busy.Use.Set(limit.Per(unit.Cost, 90*86400, 0), 1_000_000_000)
	v.Budgets = append(v.Budgets, busy)
	const want = "key_budget_spent busy: key busy has used its budget of $1.00 in 90d > give it more: crs key edit busy --limit cost/90d=USD\n" +
		"key_budget_spent my key: key my key has used its budget of $2.00 for this week > give it more: crs key edit 'my key' --weekly-cost USD" +
		"\nkey_budget_spent talker: key talker has used its limit of 3 tokens for this month > give it more: crs key edit talker --limit tokens/month=N"
	if got := said(watching(&v).Now(), ctl.SeverityNote); got != want {
		t.Errorf("%s", got)
	}
}

func TestTheWorstIsFirstAndEachIsDatedFromItsBeginning(t *testing.T) {
	t.Parallel()
	broken := ""
	own := condition.Own("broken", ctl.SeverityFailed, func() string { return broken }, "wait", func() string { return "mend it" })
	aside := condition.Own("odd", ctl.SeverityWarning, func() string { return "it is odd" }, "look", nil)
	v := &condition.View{}
	w := watching(v, aside, own)
	codes := func() string {
		var all []string
		for _, c := range w.Now() {
			all = append(all, fmt.Sprintf("%s %d", c.Code, int(c.Since.Sub(noon).Minutes())))
		}
		return strings.Join(all, ", ")
	}
	for minute, step := range []struct{ broken, want string }{
		{"", "odd 0, no_accounts 0, no_keys 0"},
		{"it broke", "broken 1, odd 0, no_accounts 0, no_keys 0"},
		{"it broke", "broken 1, odd 0, no_accounts 0, no_keys 0"},
		{"", "odd 0, no_accounts 0, no_keys 0"},
		{"it broke", "broken 4, odd 0, no_accounts 0, no_keys 0"},
	} {
		broken, v.Now = step.broken, noon.Add(time.Duration(minute)*time.Minute)
		if got := codes(); got != step.want {
			t.Errorf("minute %d: %s, not %s", minute, got, step.want)
		}
	}
	if c := w.Now()[0]; c.Hint != "mend it; wait" {
		t.Errorf("%+v", c)
	}
	if got := w.Alerts(); len(got) != 2 || got[0].Code != "broken" || got[1].Code != "odd" { // who begins sees that there is nothing yet
		t.Errorf("%+v", got)
	}
	is := w.Codes()
	if !is["broken"] || !is["no_keys"] || is["account_blocked"] || len(is) < 15 {
		t.Errorf("%v", is)
	}
	if slices.Contains([]bool{is["key_budget_spent"], is["requests_wait"]}, true) {
		t.Errorf("%v", is)
	}
}
