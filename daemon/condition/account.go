package condition

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"crs/ctl"
	"crs/ctl/when"
	"crs/internal/account"
	"crs/internal/bound"
)

// accountKinds are about single accounts.
func accountKinds() []Kind {
	return []Kind{
		{Code: "account_needs_login", Severity: ctl.SeverityWarning, Find: inState(account.StateNeeds, needsLogin)},
		{Code: "account_blocked", Severity: ctl.SeverityWarning, Find: inState(account.StateBlocked, blocked)},
		{Code: "account_expired", Severity: ctl.SeverityWarning, Find: inState(account.StateExpired, expired)},
		{Code: "account_rests", Severity: ctl.SeverityNote, Find: inState(account.Cooling, rests)},
		{Code: "account_rests_in_part", Severity: ctl.SeverityNote, Find: ofRests(restsInPart)},
		{Code: "account_refuses_key", Severity: ctl.SeverityNote, Find: ofRests(refusesKey)},
		{Code: "account_nearly_used_up", Severity: ctl.SeverityNote, Find: each(nearlyUsedUp)},
		{Code: "subscription_ends", Severity: ctl.SeverityNote, Find: each(subscriptionEnds)},
		{Code: "token_ends", Severity: ctl.SeverityNote, Find: each(tokenEnds)},
	}
}

// What ends soon is said this long before; a quota window that is used up to nearlyAll is, too.
const (
	subscriptionWarning = 3 * 24 * time.Hour
	tokenWarning        = 14 * 24 * time.Hour
	nearlyAll           = 0.95
)

// each looks at every account that is in use. look gives an empty sentence where all is well.
func each(look func(v *View, s *account.Status) (sentence, hint string)) func(*View) []Found {
	return func(v *View) []Found {
		var all []Found
		for i := range v.Accounts {
			s := &v.Accounts[i]
			if s.State == account.StateDisabled {
				continue
			}
			if sentence, hint := look(v, s); sentence != "" {
				all = append(all, Found{s.Account.Name, sentence, hint})
			}
		}
		return all
	}
}

func inState(state account.State, say func(v *View, s *account.Status) (sentence, hint string)) func(*View) []Found {
	return each(func(v *View, s *account.Status) (sentence, hint string) {
		if s.State != state {
			return "", ""
		}
		return say(v, s)
	})
}

func needsLogin(_ *View, s *account.Status) (sentence, hint string) {
	if s.Account.Credential.Kind == account.ServiceAccount {
		return "the credentials of account " + s.Account.Name + " were refused" + because(s.Why),
			"give it others: crs account edit " + ctl.ShellWord(s.Account.Name) + " --credentials-file FILE"
	}
	return "account " + s.Account.Name + " needs a login" + because(s.Why), "log in again: " + login(s)
}

// login is the command that gives an account a new credential.
func login(s *account.Status) string {
	return "crs account login " + s.Account.Platform + " " + ctl.ShellWord(s.Account.Name)
}

func blocked(_ *View, s *account.Status) (sentence, hint string) {
	return "account " + s.Account.Name + " is blocked by its provider" + because(s.Why),
		"settle it with the provider, then: crs account thaw " + ctl.ShellWord(s.Account.Name)
}

func expired(_ *View, s *account.Status) (sentence, hint string) {
	name := ctl.ShellWord(s.Account.Name)
	return "the subscription of account " + s.Account.Name + " has ended",
		"when it goes on: crs account edit " + name + " --subscription-ends WHEN; else: crs account remove " + name
}

func rests(v *View, s *account.Status) (sentence, hint string) {
	return "account " + s.Account.Name + " rests until " + when.Until(s.Until, v.Now) + because(s.Why), passes(s)
}

func passes(s *account.Status) string {
	return "that passes by itself; to end it now: crs account thaw " + ctl.ShellWord(s.Account.Name)
}

// ofRests looks at the rests that are not of a whole account.
func ofRests(look func(v *View, s *account.Status, r *account.Cooldown) (sentence, hint string)) func(*View) []Found {
	return func(v *View) []Found {
		var all []Found
		for i := range v.Accounts {
			s := &v.Accounts[i]
			for j := range s.Rests {
				r := &s.Rests[j]
				if s.State == account.StateDisabled || r.About() == "" {
					continue
				}
				if sentence, hint := look(v, s, r); sentence != "" {
					all = append(all, Found{s.Account.Name, sentence, hint})
				}
			}
		}
		return all
	}
}

func restsInPart(v *View, s *account.Status, r *account.Cooldown) (sentence, hint string) {
	if r.Key != "" {
		return "", ""
	}
	return "account " + s.Account.Name + " rests for " + r.About() + " until " + when.Until(r.Until, v.Now) + because(r.Evidence), passes(s)
}

// refusesKey: what only one key has met may be that key's doing or the account's.
func refusesKey(v *View, s *account.Status, r *account.Cooldown) (sentence, hint string) {
	if r.Key == "" {
		return "", ""
	}
	named := *r
	named.Key = v.KeyName(r.Key)
	sentence = "account " + s.Account.Name + " has not served " + named.About() + " since " + when.Moment(r.Since, v.Now)
	if r.Until.After(v.Now) {
		sentence += " and is not asked for it until " + when.Until(r.Until, v.Now)
	}
	return sentence + because(r.Evidence), "it may be what that key asks for; whether it is the account, this tells: crs account test " + ctl.ShellWord(s.Account.Name)
}

func nearlyUsedUp(v *View, s *account.Status) (sentence, hint string) {
	if s.State != account.Ready {
		return "", ""
	}
	var used, resets []string
	for _, w := range s.Windows {
		if w.Used >= nearlyAll {
			used = append(used, fmt.Sprintf("%.0f%% of its window %s", w.Used*100, w.Name))
			resets = append(resets, when.Until(w.ResetsAt, v.Now))
		}
	}
	if len(used) == 0 {
		return "", ""
	}
	return "account " + s.Account.Name + " has used " + strings.Join(used, ", and "), "it resets " + strings.Join(resets, ", and ") + "; another account could take over (crs account add --help)"
}

func subscriptionEnds(v *View, s *account.Status) (sentence, hint string) {
	at := s.Account.SubscriptionEnds
	if !soon(at, v.Now, subscriptionWarning) {
		return "", ""
	}
	name := s.Account.Name
	return "the subscription of account " + name + " ends " + when.Until(at, v.Now), "when it goes on: crs account edit " + ctl.ShellWord(name) + " --subscription-ends WHEN"
}

// tokenEnds: other tokens than a setup token are renewed.
func tokenEnds(v *View, s *account.Status) (sentence, hint string) {
	c := &s.Account.Credential
	if c.Kind != account.SetupToken || !soon(c.ExpiresAt, v.Now, tokenWarning) {
		return "", ""
	}
	return "the token of account " + s.Account.Name + " ends " + when.Until(c.ExpiresAt, v.Now) + " and cannot be renewed", "log in again: " + login(s) + " --setup-token"
}

func soon(at, now time.Time, within time.Duration) bool { return at.After(now) && at.Sub(now) < within }

// because is what stands against an account, short.
func because(why string) string {
	const longest = 200 + len("…")
	why = strings.TrimRight(strings.Join(strings.FieldsFunc(why, invisible), " "), ".")
	if why == "" {
		return ""
	}
	return ": " + bound.Cut(why, longest)
}

// invisible is what a terminal acts upon, or does not show.
func invisible(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}
