package cli

import (
	"fmt"
	"time"

	"crs/ctl"
)

// trouble is something that is not well or worth knowing, and what to do about it.
type trouble struct{ what, remedy string }

func (a *app) remedies(all []trouble) {
	for _, t := range all {
		a.say("  %s\n    %s", t.what, t.remedy)
	}
}

func troublesOf(s *ctl.Status) []trouble {
	var all []trouble
	for _, c := range s.Conditions {
		all = append(all, trouble{c.Sentence, c.Hint})
	}
	if s.StoreError != "" && !s.Has("store_away") {
		all = append(all, trouble{"the store cannot be used: " + s.StoreError, "see that Redis runs and can be reached from here; usage is in the ledger of this node meanwhile, and is not lost"})
	}
	if s.LedgerError != "" && !s.Has("ledger_not_written") {
		all = append(all, trouble{"the ledger cannot be written: " + s.LedgerError, "make room on the disk of the data directory, or make it writable; what waits is not lost"})
	}
	switch {
	case s.Accounts == 0:
		all = append(all, trouble{"there are no accounts to serve requests from", "add one: crs account add claude-console NAME --api-key-file FILE"})
	case s.AccountsReady == 0:
		all = append(all, trouble{"no account is ready", "what stands against each is below; more: crs account show NAME"})
	}
	if s.Keys == 0 {
		all = append(all, trouble{"there are no keys for clients", "make one: crs key create NAME"})
	}
	if s.Waiting > 0 {
		all = append(all, trouble{plural(s.Waiting, "request") + " wait for an account's slot", "let accounts serve more at once (crs account edit NAME --max-concurrency N), or add one"})
	}
	return all
}

// accountTroubles are those that somebody has to mend.
func (a *app) accountTroubles(accounts []ctl.Account) []trouble {
	var all []trouble
	for i := range accounts {
		x := &accounts[i]
		name := quoted(x.Name)
		switch x.State {
		case "needs-login":
			all = append(all, trouble{"account " + x.Name + " needs a login" + because(x.Why), "log in again: crs account login " + x.Platform + " " + name})
		case "blocked":
			all = append(all, trouble{"account " + x.Name + " is blocked" + because(x.Why), "settle it with the provider, then: crs account thaw " + name})
		case "expired":
			all = append(all, trouble{"the subscription of account " + x.Name + " has ended", "when it goes on: crs account edit " + name + " --subscription-ends WHEN; else: crs account remove " + name})
		}
	}
	return all
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

// What ends soon is said this long before.
const (
	planWarning  = 3 * 24 * time.Hour
	tokenWarning = 14 * 24 * time.Hour
	nearlyAll    = 0.95
)

// accountNotes are what passes by itself, or is about to come.
func (a *app) accountNotes(accounts []ctl.Account) []trouble {
	var all []trouble
	now := a.io.Now()
	soon := func(at *time.Time, within time.Duration) bool {
		return at != nil && at.After(now) && at.Sub(now) < within
	}
	for i := range accounts {
		x := &accounts[i]
		name := quoted(x.Name)
		if x.State == "cooling" {
			all = append(all, trouble{"account " + x.Name + " rests until " + a.until(x.Until) + because(x.Why), "that passes by itself; to end it now: crs account thaw " + name})
		}
		for j := range x.Rests {
			if r := &x.Rests[j]; r.Scope != "" {
				all = append(all, a.restNote(x, r))
			}
		}
		for _, w := range x.Windows {
			if w.Used >= nearlyAll && x.State == "ready" {
				all = append(all, trouble{fmt.Sprintf("account %s has used %.0f%% of its window %s", x.Name, w.Used*100, w.Name), "it resets " + a.until(w.ResetsAt) + "; another account can take over: crs account add"})
			}
		}
		if soon(x.EndsAt, planWarning) {
			all = append(all, trouble{"the subscription of account " + x.Name + " ends " + a.until(x.EndsAt), "when it goes on: crs account edit " + name + " --subscription-ends WHEN"})
		}
		if x.Credential == "setup-token" && soon(x.TokenExpiresAt, tokenWarning) {
			all = append(all, trouble{"the token of account " + x.Name + " ends " + a.until(x.TokenExpiresAt) + " and cannot be renewed", "log in again: crs account login " + x.Platform + " " + name + " --setup-token"})
		}
	}
	return all
}

// restNote is about an account that rests in part. What only one key has met may be that key's doing or the account's.
func (a *app) restNote(x *ctl.Account, r *ctl.Rest) trouble {
	name := quoted(x.Name)
	if r.Key == "" {
		return trouble{"account " + x.Name + " rests for " + r.Scope + " until " + a.until(&r.Until) + because(r.Evidence), "that passes by itself; to end it now: crs account thaw " + name}
	}
	what := "account " + x.Name + " has not served " + r.Scope + " since " + a.moment(r.Since)
	if r.Until.After(a.io.Now()) {
		what += " and is not asked for it until " + a.until(&r.Until)
	}
	return trouble{what + because(r.Evidence), "it may be what that key asks for; whether it is the account, this tells: crs account test " + name}
}

// keyNotes are budgets that are spent.
func keyNotes(keys []ctl.Key) []trouble {
	var all []trouble
	for i := range keys {
		k := &keys[i]
		if k.State != "active" {
			continue
		}
		for _, b := range []struct {
			span, flag  string
			spent, most ctl.USD
		}{
			{"today", "daily-cost", k.Use.DayCost, k.Limits.DailyCost}, {"this week", "weekly-cost", k.Use.WeekCost, k.Limits.WeeklyCost}, {"in all", "total-cost", k.Use.TotalCost, k.Limits.TotalCost},
		} {
			if b.most > 0 && b.spent >= b.most {
				all = append(all, trouble{fmt.Sprintf("key %s has spent its %s for %s", k.Name, b.most, b.span), fmt.Sprintf("give it more: crs key edit %s --%s USD", quoted(k.Name), b.flag)})
			}
		}
	}
	return all
}
