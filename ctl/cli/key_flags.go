package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"crs/ctl"
)

// keyFlags are what can be said of a key.
type keyFlags struct {
	rpm, tpm                                int64
	concurrency, queue                      int
	queueWait, activateFor                  span
	daily, weekly, total                    dollars
	allow, deny, clients, permissions, tags []string
	expires, account, group                 string
	multiplier                              float64
}

func (f *keyFlags) addTo(a *app, cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVar(&f.permissions, "permissions", nil, "`LIST` of whose accounts it may use: "+strings.Join(a.programs.Catalogue.Permissions(), ", "))
	flags.Int64Var(&f.rpm, "rpm", 0, "`N` requests a minute")
	flags.Int64Var(&f.tpm, "tpm", 0, "`N` tokens a minute")
	flags.IntVar(&f.concurrency, "concurrency", 0, "`N` requests at once")
	flags.IntVar(&f.queue, "queue", 0, "`N` requests may wait when --concurrency is reached")
	flags.Var(&f.queueWait, "queue-wait", "how long a request may wait for that: 30s")
	flags.Var(&f.daily, "daily-cost", "most that it may cost a day")
	flags.Var(&f.weekly, "weekly-cost", "most that it may cost a week")
	flags.Var(&f.total, "total-cost", "most that it may cost at all")
	flags.StringSliceVar(&f.allow, "allow-models", nil, "`LIST` of the only models it may use, with * for any text")
	flags.StringSliceVar(&f.deny, "deny-models", nil, "`LIST` of models it may not use, even if they are allowed")
	flags.StringSliceVar(&f.clients, "clients", nil, "`LIST` of the only programs that may use it: "+strings.Join(a.programs.Catalogue.ClientNames(), ", "))
	flags.StringVar(&f.expires, "expires", "", "`WHEN` it ends: 30d, 2026-12-31, a moment, or never")
	flags.Var(&f.activateFor, "activate-for", "how long it lives from its first use on: 30d")
	flags.StringVar(&f.account, "account", "", "serve it from the account `NAME` only")
	flags.StringVar(&f.group, "group", "", "serve it from the accounts of the group `NAME` only")
	flags.Float64Var(&f.multiplier, "multiplier", 1, "charge it the cost times `X`")
	flags.StringSliceVar(&f.tags, "tag", nil, "a `WORD` to find it by; repeatable")
	complete(cmd, "account", a.accountNames)
	complete(cmd, "group", a.groupNames)
	complete(cmd, "allow-models", a.modelNames)
	complete(cmd, "deny-models", a.modelNames)
	complete(cmd, "clients", func(ctx context.Context) []string { c := a.catalogue(ctx); return c.ClientNames() })
	complete(cmd, "permissions", func(ctx context.Context) []string { c := a.catalogue(ctx); return c.Permissions() })
}

// edit is what was given, and nothing else.
func (f *keyFlags) edit(flags *pflag.FlagSet, now time.Time) (ctl.KeyEdit, error) {
	e := ctl.KeyEdit{
		Permissions: given(flags, "permissions", words(f.permissions)), Tags: given(flags, "tag", words(f.tags)),
		RequestsPerMinute: given(flags, "rpm", f.rpm), TokensPerMinute: given(flags, "tpm", f.tpm),
		Concurrency: given(flags, "concurrency", f.concurrency), Queue: given(flags, "queue", f.queue),
		QueueWaitSeconds: given(flags, "queue-wait", f.queueWait.seconds()),
		DailyCost:        given(flags, "daily-cost", ctl.USD(f.daily)), WeeklyCost: given(flags, "weekly-cost", ctl.USD(f.weekly)),
		TotalCost: given(flags, "total-cost", ctl.USD(f.total)), AllowModels: given(flags, "allow-models", words(f.allow)),
		DenyModels: given(flags, "deny-models", words(f.deny)), Clients: given(flags, "clients", words(f.clients)),
		Account: given(flags, "account", f.account), Group: given(flags, "group", f.group), Multiplier: given(flags, "multiplier", f.multiplier),
		ActivateFor: given(flags, "activate-for", int64(f.activateFor.seconds())),
	}
	if f.account != "" && f.group != "" {
		return e, ctl.Errorf(ctl.BadRequest, "a key is bound to an account or to a group, not to both")
	}
	if !flags.Changed("expires") {
		return e, nil
	}
	if f.activateFor != 0 {
		return e, ctl.Errorf(ctl.BadRequest, "--expires and --activate-for both say when the key ends; give one of them")
	}
	end, err := parseEnd("expires", f.expires, now)
	e.ExpiresAt = &end
	return e, err
}
