package cli

import (
	"strings"
	"testing"
	"time"

	"crs/ctl"
)

func TestStatusSaysWhatToDoAboutAccounts(t *testing.T) {
	t.Parallel()
	a, _ := printing()
	soon := noon.Add(24 * time.Hour)
	later := noon.Add(240 * time.Hour)
	for name, test := range map[string]struct {
		x                     ctl.Account
		trouble, note, remedy string
	}{
		"well":                           {ctl.Account{State: "ready", EndsAt: &later, TokenExpiresAt: &soon, Credential: "oauth", Windows: []ctl.Window{{Name: "5h", Used: 0.94}}}, "", "", ""},
		"disabled":                       {ctl.Account{State: "disabled"}, "", "", ""},
		"needs a login":                  {ctl.Account{State: "needs-login", Platform: "claude", Why: "invalid_grant"}, "account my max needs a login: invalid_grant", "", "crs account login claude 'my max'"},
		"blocked":                        {ctl.Account{State: "blocked"}, "account my max is blocked", "", "crs account thaw 'my max'"},
		"ended":                          {ctl.Account{State: "expired"}, "the subscription of account my max has ended", "", "--subscription-ends"},
		"cooling":                        {ctl.Account{State: "cooling", Until: &soon, Why: "429"}, "", "rests until 2026-11-24 12:00 (in 1d): 429", "passes by itself"},
		"cooling in part":                {ctl.Account{State: "ready", Rests: []ctl.Rest{{Scope: "opus", Until: soon, Evidence: "429"}}}, "", "rests for opus until", "crs account thaw 'my max'"},
		"one key's rest":                 {ctl.Account{State: "ready", Rests: []ctl.Rest{{Scope: "key me", Key: "me", Since: noon, Until: noon.Add(time.Minute), Evidence: "403"}}}, "", "has not served key me since 12:00:00 and is not asked for it until 12:01:00 (in 1m): 403", "crs account test 'my max'"},
		"one key's refusal that is over": {ctl.Account{State: "ready", Rests: []ctl.Rest{{Scope: "opus, key me", Key: "me", Since: noon.Add(-time.Minute), Until: noon, Evidence: "403"}}}, "", "has not served opus, key me since 11:59:00: 403", "crs account test 'my max'"},
		"nearly used up":                 {ctl.Account{State: "ready", Windows: []ctl.Window{{Name: "7d", Used: 0.97, ResetsAt: &soon}}}, "", "has used 97% of its window 7d", "it resets 2026-11-24"},
		"about to end":                   {ctl.Account{State: "ready", EndsAt: &soon}, "", "the subscription of account my max ends 2026-11-24", "--subscription-ends"},
		"a token to end":                 {ctl.Account{State: "ready", Platform: "claude", Credential: "setup-token", TokenExpiresAt: &later}, "", "cannot be renewed", "--setup-token"},
	} {
		test.x.Name = "my max"
		check := func(kind string, got []trouble, want string) {
			t.Helper()
			switch {
			case want == "" && len(got) > 0:
				t.Errorf("%s: %s: %+v", name, kind, got)
			case want != "" && (len(got) != 1 || !strings.Contains(got[0].what, want) || !strings.Contains(got[0].remedy, test.remedy)):
				t.Errorf("%s: %s: %+v, want %s", name, kind, got, want)
			}
		}
		check("trouble", a.accountTroubles([]ctl.Account{test.x}), test.trouble)
		check("note", a.accountNotes([]ctl.Account{test.x}), test.note)
	}
}

func TestStatusNamesBudgetsThatAreSpent(t *testing.T) {
	t.Parallel()
	keys := []ctl.Key{
		{Name: "well", State: "active", Limits: ctl.Limits{DailyCost: 5}, Use: ctl.KeyUse{DayCost: 4, TotalCost: 99}},
		{Name: "off", State: "disabled", Limits: ctl.Limits{DailyCost: 5}, Use: ctl.KeyUse{DayCost: 6}},
		{Name: "spent", State: "active", Limits: ctl.Limits{WeeklyCost: 2_000_000_000}, Use: ctl.KeyUse{WeekCost: 2_000_000_000}},
	}
	got := keyNotes(keys)
	if len(got) != 1 || got[0] != (trouble{"key spent has spent its $2.00 for this week", "give it more: crs key edit spent --weekly-cost USD"}) {
		t.Errorf("%+v", got)
	}
}
