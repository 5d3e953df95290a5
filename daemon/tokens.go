package daemon

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"crs/internal/oauth"
	"crs/internal/store"
)

// leastPatience is how long a request waits for the refresh of a token at least.
const leastPatience = 5 * time.Second

// openTokens makes what keeps tokens fresh, and takes on the pairs that an earlier process could not put into the store.
func (d *Daemon) openTokens() {
	reserve, left, err := oauth.OpenReserve(d.cfg.Data, d.sealing)
	if err != nil {
		d.log.Error("the reserve for tokens cannot be used as it should: should the store not take a fresh token, it may be kept in memory only", "error", err)
	}
	d.reserve = reserve
	d.opens("reserve for tokens", func(context.Context) error { return reserve.Close() })
	d.tokens = oauth.NewKeeper(oauth.Options{
		Roster: d.roster, Pool: d.pool, Now: d.opt.Now, Source: d.source, Locks: d.locks(), Reserve: reserve, Failed: d.refreshFailed, Held: d.tokenHeld,
		Patience: max(d.cfg.Retry.AccountWait, leastPatience),
	})
	d.tokens.Adopt(left, true, oauth.ErrLeft)
	handed, err := reserve.Unseal(d.legacy.Tokens)
	if err != nil {
		d.log.Error("a token that the old process handed over cannot be read", "error", err)
	}
	d.tokens.Adopt(handed, false, oauth.ErrLeft)
	d.opens("tokens and the ledger", d.putAway)
}

// putBack gives the store the token pairs that it has lost.
func (d *Daemon) putBack() {
	var lost []oauth.Pair
	for id, fresh := range d.roster.Held() {
		lost = append(lost, oauth.Pair{Account: id, Fresh: fresh})
	}
	d.tokens.Adopt(lost, false, oauth.ErrGone)
}

// putAway writes what is in memory only, tokens and usage. They are tried side by side: each has all the time that there is.
func (d *Daemon) putAway(ctx context.Context) error {
	ledger := make(chan error, 1)
	go func() { ledger <- d.closeLedger(ctx) }()
	for _, h := range d.tokens.Held() {
		d.log.Warn("a fresh token is not in the store", "account", h.Account.Name, "in_reserve", h.Durable)
	}
	return errors.Join(d.tokens.Stop(ctx), <-ledger)
}

// tokenHeld says that the store does not take a fresh token, and when it has.
func (d *Daemon) tokenHeld(h oauth.Held) {
	switch {
	case h.Err == nil:
		d.log.Info("the store has the fresh token now", "account", h.Account.Name)
	case h.Durable:
		d.log.Error("the store does not take a fresh token; it is in the reserve, in use, and tried again", "account", h.Account.Name,
			"file", filepath.Join(d.cfg.Data, oauth.ReserveFile), "error", h.Err)
	default:
		d.log.Error("neither the store nor the reserve takes a fresh token; it is in memory only, in use, and tried again: if this process ends, the account needs a login",
			"account", h.Account.Name, "error", h.Err)
	}
	d.alerts.Poke()
}

// writable is an error when the store takes no writes just now: it is asked before something is used up that counts once.
func (d *Daemon) writable(ctx context.Context) error {
	return d.store.SaveState(ctx, "written", []byte(d.opt.Now().UTC().Format(time.RFC3339Nano)))
}

// tokensInMemory are the accounts whose fresh token is nowhere else.
func (d *Daemon) tokensInMemory() string {
	names, why := d.heldTokens(false)
	if names == "" {
		return ""
	}
	return "neither the store nor the reserve (" + oauth.ReserveFile + ") takes the fresh token of " + names + ", which is in memory only: " + why.Error()
}

func (d *Daemon) mendTokens() string {
	_, why := d.heldTokens(false)
	return store.Mend(why)
}

// tokensNotStored are the accounts whose fresh token is in the reserve, and not in the store yet.
func (d *Daemon) tokensNotStored() string {
	names, why := d.heldTokens(true)
	if names == "" {
		return ""
	}
	return "the store does not take the fresh token of " + names + ", which is in the reserve (" + oauth.ReserveFile + ") and in use: " + why.Error()
}

// heldTokens names the accounts whose fresh token the store has not taken, and why it did not take the first of them.
func (d *Daemon) heldTokens(durable bool) (names string, why error) {
	var all []string
	for _, h := range d.tokens.Held() {
		if h.Durable == durable {
			all = append(all, "account "+h.Account.Name)
			why = cmp.Or(why, h.Err)
		}
	}
	return strings.Join(all, ", "), why
}

// tokensLocked are the accounts whose token another node has begun to refresh and not ended.
func (d *Daemon) tokensLocked() string {
	names, since := d.tokens.LockedElsewhere()
	if len(names) == 0 {
		return ""
	}
	return "another node has been refreshing the token of " + strings.Join(names, ", ") + " since " + since.UTC().Format(time.RFC3339) +
		", which takes seconds: it may be dead or cut off"
}
