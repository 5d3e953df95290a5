package admin

import (
	"context"

	"crs/ctl"
	"crs/internal/config"
	"crs/internal/convert"
	"crs/proxyengine"
)

// Status tells how the daemon is doing.
func (o *Operations) Status(context.Context) (ctl.Status, error) {
	s := o.figures()
	s.Conditions = o.conditions()
	s.Live = convert.All(o.opt.Engine.Live(), func(x proxyengine.Live) ctl.Live { return showLive(&x) })
	return s, nil
}

// conditions looks at every account, and at many keys.
func (o *Operations) conditions() []ctl.Condition {
	if o.opt.Conditions == nil {
		return []ctl.Condition{}
	}
	return o.opt.Conditions()
}

// figures are the status without the conditions and the requests in flight.
func (o *Operations) figures() ctl.Status {
	s := o.opt.About
	s.Running = true
	s.UptimeSeconds = o.opt.Now().Sub(o.opt.Started).Seconds()
	s.InFlight, s.BodyBytes = o.opt.Engine.InFlight(), o.opt.Engine.RetainedBytes()
	if o.opt.Leaving != nil {
		s.Leaving = o.opt.Leaving()
	}
	s.Accounts, s.AccountsReady = o.opt.Pool.Count()
	s.Keys, s.Waiting = o.opt.Keys.Count(), o.opt.Pool.Waiting()
	table := o.opt.Prices.Table()
	s.Prices, s.PricesOf = table.Version(), table.AsOf().String()
	open, err := o.opt.Ledger.Health()
	s.LedgerOpen = open
	if err != nil {
		s.LedgerError = err.Error()
	}
	if o.opt.StoreHealth != nil {
		if err := o.opt.StoreHealth(); err != nil {
			s.StoreError = err.Error()
		}
	}
	s.Platforms = o.platforms()
	return s
}

func showLive(x *proxyengine.Live) ctl.Live {
	return ctl.Live{
		ID: x.ID, At: x.At, Key: x.Key, Model: x.Model, Stream: x.Stream, Client: x.Client, Phase: x.Phase.String(),
		Account: x.Account, Attempts: x.Attempts, FirstByteMS: x.FirstByte.Milliseconds(),
	}
}

// Catalogue is what there is to choose from.
func (o *Operations) Catalogue(context.Context) (ctl.Catalogue, error) { return o.opt.Catalogue, nil }

// Config gives the configuration that the daemon runs with.
func (o *Operations) Config(context.Context) ([]ctl.Setting, error) {
	return convert.All(o.opt.Settings(), func(e config.Entry) ctl.Setting {
		return ctl.Setting{Key: e.Key, Value: e.Value, Origin: e.Origin, Doc: e.Doc}
	}), nil
}
