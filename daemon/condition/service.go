package condition

import (
	"fmt"

	"crs/ctl"
	"crs/internal/account"
)

// serviceKinds are about whether anybody can be served.
func serviceKinds() []Kind {
	return []Kind{
		{Code: "no_accounts", Severity: ctl.SeverityWarning, Seen: true, Find: holds(func(v *View) bool { return len(v.Accounts) == 0 }, "there are no accounts to serve requests from", "add one: crs account add claude-console NAME --api-key-file FILE")},
		{Code: "accounts_disabled", Severity: ctl.SeverityWarning, Find: holds(func(v *View) bool { return len(v.Accounts) > 0 && len(platforms(v)) == 0 }, "no account is ready: all are disabled", "take one into use: crs account enable NAME")},
		{Code: "platform_not_ready", Severity: ctl.SeverityWarning, Find: platformNotReady},
		{Code: "no_keys", Severity: ctl.SeverityWarning, Seen: true, Find: holds(func(v *View) bool { return v.Keys == 0 }, "there are no keys for clients", "make one: crs key create NAME")},
		{Code: "requests_wait", Severity: ctl.SeverityNote, Find: requestsWait},
	}
}

// platforms are those of which an account is in use, and whether one is ready.
func platforms(v *View) map[string]bool {
	ready := map[string]bool{}
	for i := range v.Accounts {
		if s := &v.Accounts[i]; s.State != account.StateDisabled {
			ready[s.Account.Platform] = ready[s.Account.Platform] || s.State == account.Ready
		}
	}
	return ready
}

func platformNotReady(v *View) []Found {
	var all []Found
	for platform, ready := range platforms(v) {
		if !ready {
			all = append(all, Found{platform, "no account of platform " + platform + " is ready", "why, and until when: crs account list"})
		}
	}
	return all
}

func requestsWait(v *View) []Found {
	sentence := fmt.Sprintf("%d requests wait for an account's slot", v.Waiting)
	switch v.Waiting {
	case 0:
		return nil
	case 1:
		sentence = "1 request waits for an account's slot"
	}
	return []Found{{Sentence: sentence, Hint: "let accounts serve more at once (crs account edit NAME --max-concurrency N), or add one"}}
}
