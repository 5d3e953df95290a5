package tui

import (
	"slices"
	"strings"
)

// troubles are what is not well, the worst first, in a few words each.
func (b *board) troubles() []string {
	s := &b.scene.Status
	var all []string
	if s.LedgerError != "" {
		all = append(all, "the ledger cannot be written")
	}
	for _, c := range s.Conditions {
		if c.Code != "ledger_not_written" {
			all = append(all, strings.ReplaceAll(c.Code, "_", " ")+": crs status")
		}
	}
	switch {
	case s.Accounts == 0:
		all = append(all, "no accounts: press 2, then a")
	case s.AccountsReady == 0:
		all = append(all, "no account is ready")
	}
	if s.Keys == 0 {
		all = append(all, "no keys: press 3, then a")
	}
	for _, state := range []string{"needs-login", "blocked", "expired", "cooling"} {
		if names := b.inState(state); len(names) == 1 {
			all = append(all, names[0]+" is "+state)
		} else if len(names) > 1 {
			all = append(all, plural(len(names), "account")+" "+state)
		}
	}
	return all
}

func (b *board) inState(state string) []string {
	var names []string
	for _, a := range b.scene.Accounts {
		if a.State == state {
			names = append(names, a.Name)
		}
	}
	slices.Sort(names)
	return names
}
