// Package checkup looks at what a daemon depends on: the ways to its providers and what is on them, its clock, its disk and
// its files.
package checkup

import (
	"context"
	"crypto/x509"
	"path/filepath"
	"sync"
	"time"

	"crs/ctl"
	"crs/internal/account"
	"crs/internal/seal"
	"crs/proxyengine/provider"
)

// Options are what is looked at.
type Options struct {
	Accounts []*account.Account
	// Endpoint is where an account's requests go.
	Endpoint func(*account.Account) (provider.Endpoint, error)
	Now      func() time.Time
	Data     string // directory
	Socket   string // path
	// Key is what is wrong with what the key file holds.
	Key     func() error
	Prices  Prices
	Version string
	// Trusted are the roots that certificates are held against; nil are the system's. Browsers are those that browsers trust;
	// nil are Mozilla's.
	Trusted, Browsers *x509.CertPool
}

// Prices is which price table is in use.
type Prices struct {
	From string
	Of   time.Time // zero when that is not known
}

// Run looks at everything at once. It takes as long as the slowest way to a provider, which is bounded.
func Run(ctx context.Context, o *Options) []ctl.Check {
	var ways []ctl.Check
	var wg sync.WaitGroup
	wg.Go(func() { ways = o.ways(ctx) })
	all := []ctl.Check{
		socketCheck(o.Socket), keyFileCheck(filepath.Join(o.Data, seal.KeyFile), o.Key), dataCheck(o.Data), diskCheck(o.Data, measure), o.Prices.check(o.Now()),
	}
	wg.Wait()
	return append(ways, all...)
}
