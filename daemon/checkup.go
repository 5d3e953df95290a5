package daemon

import (
	"context"
	"fmt"
	"slices"

	"crs/ctl"
	"crs/daemon/checkup"
	"crs/internal/account"
	"crs/proxyengine/provider"
)

// checkup looks at what the daemon depends on. Accounts that are out of use are left alone.
func (d *Daemon) checkup(ctx context.Context) []ctl.Check {
	used := slices.DeleteFunc(d.roster.List(), func(a *account.Account) bool { return a.Disabled })
	return checkup.Run(ctx, &checkup.Options{
		Accounts: used, Endpoint: d.endpoint, Now: d.opt.Now, Data: d.cfg.Data, Socket: d.Socket(), Key: d.sealing.Intact, Prices: d.prices.age(), Version: d.opt.Version,
	})
}

// endpoint is where an account's requests go: a trial is made, and not sent.
func (d *Daemon) endpoint(a *account.Account) (provider.Endpoint, error) {
	p, ok := d.platforms[a.Platform].(provider.Tester)
	if !ok {
		return provider.Endpoint{}, fmt.Errorf("platform %s does not say where its requests go", a.Platform)
	}
	out, _, err := p.TestRequest(a, "")
	if err != nil {
		return provider.Endpoint{}, err
	}
	return out.Endpoint, nil
}
