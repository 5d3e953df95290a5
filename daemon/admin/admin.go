// Package admin has what an operator can do with a daemon, and look at, in ctl's types: whoever serves the contract, over a socket or
// otherwise, calls it.
package admin

import (
	"context"
	"time"

	"crs/ctl"
	"crs/internal/account"
	"crs/internal/config"
	"crs/internal/event"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/oauth"
	"crs/internal/pricing"
	"crs/internal/usage"
	"crs/proxyengine"
	"crs/proxyengine/provider"
)

// Options are what the operations work with.
type Options struct {
	Roster *account.Roster
	Pool   *account.Pool
	Keys   *key.Ring
	Gate   *limit.Gate
	Ledger *usage.Ledger
	Engine engine
	Tokens *oauth.Keeper
	Prices prices
	// Caller gives what logins of an account talk to its provider with.
	Caller func(*account.Account) provider.Call
	// Leaving is how many requests run to their end in a process that has handed over to this one; nil for none.
	Leaving  func() int
	Requests *event.Bus[usage.Record] // every request as it ends
	// Audit is where every change is written down.
	Audit     auditLog
	Platforms map[string]provider.Provider
	// Usually is what models are asked for most often, and by whom.
	Usually []proxyengine.Usual
	// Catalogue is what there is to choose from.
	Catalogue ctl.Catalogue
	Settings  func() []config.Entry
	Zone      *time.Location
	Now       func() time.Time
	About     ctl.Status // what does not change: version, pid, listen, store
	Started   time.Time
	// StoreHealth says why the store cannot be used just now, or nil. It may be nil itself.
	StoreHealth func() error
	// Writable is an error when the store takes no writes just now. It may be nil.
	Writable func(context.Context) error
	// Conditions are what somebody has to know or mend. It may be nil.
	Conditions func() []ctl.Condition
	// Restart hands over to a new process, unless it is only to be checked.
	Restart func(context.Context, ctl.Restart) (ctl.Restarted, error)
	// LimitsChanged has a key's new limits know what it has used already.
	LimitsChanged func(*key.Key)
	// Unpriced is what a key, or any for "", asked lately of models whose price is not known. It may be nil.
	Unpriced func(key string) []ctl.Unpriced
	// Corrector changes sums that are written down.
	Corrector Corrector
	// TestAlert sends an alert that says that it is a test.
	TestAlert func(context.Context) error
	// Checkup looks at what the daemon depends on.
	Checkup func(context.Context) []ctl.Check
}

type engine interface {
	InFlight() int
	Live() []proxyengine.Live
	Disconnect(id string) bool
	RetainedBytes() int64
	Canary() (token string, until time.Time)
	Test(ctx context.Context, acc *account.Account, model string) (proxyengine.Tested, error)
}

// prices is the table in use, and what the operator laid over it.
type prices interface {
	Table() *pricing.Table
	Overridden(model string) bool
	Set(ctx context.Context, model string, p ctl.PriceEdit) error
	Update(ctx context.Context, u ctl.PriceUpdate) (TableChange, error)
}

// TableChange is a price table that was taken, or would be. The operator's own prices are in neither.
type TableChange struct {
	From          string
	Before, After *pricing.Table
	Applied       bool
	// Format and AsOf are those of the table, Read is how many models it names.
	Format string
	AsOf   pricing.Day
	Read   int
	// Kept are models whose price before is as new or newer.
	Kept              []string
	Refused, Unpriced []pricing.Refusal
}

// Operations are what an operator can do. They may be called from any goroutine. Who may call which of them, their caller decides.
// An error is the contract's when it is put through ErrorOf.
type Operations struct {
	opt    Options
	logins *oauth.Logins[*pending]
}

// New makes the operations.
func New(opt Options) *Operations {
	return &Operations{opt: opt, logins: oauth.NewLogins[*pending](opt.Now)}
}

// Hangs says what gives no answer; nothing when all do, or say at least why they do not work.
func (o *Operations) Hangs() (why string) {
	if _, err := o.opt.Ledger.Health(); err == nil && o.opt.Ledger.Lag().DiskFails {
		return "the disk of the data directory hangs"
	}
	if o.opt.StoreHealth != nil {
		if err := o.opt.StoreHealth(); err != nil {
			return "the store cannot be used: " + err.Error()
		}
	}
	return ""
}
