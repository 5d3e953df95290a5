package control

import (
	"net/http"

	"crs/ctl"
	"crs/proxyengine"
)

func (h *Handler) status(*http.Request) (any, error) {
	s := h.figures()
	s.Conditions, s.Live = h.conditions(), []ctl.Live{}
	for _, x := range h.opt.Engine.Live() {
		s.Live = append(s.Live, showLive(&x))
	}
	return s, nil
}

// conditions looks at every account, and at many keys.
func (h *Handler) conditions() []ctl.Condition {
	if h.opt.Conditions == nil {
		return []ctl.Condition{}
	}
	return h.opt.Conditions()
}

// figures are the status without the conditions and the requests in flight.
func (h *Handler) figures() ctl.Status {
	s := h.opt.About
	s.Running = true
	s.UptimeSeconds = h.opt.Now().Sub(h.opt.Started).Seconds()
	s.InFlight, s.BodyBytes = h.opt.Engine.InFlight(), h.opt.Engine.RetainedBytes()
	if h.opt.Leaving != nil {
		s.Leaving = h.opt.Leaving()
	}
	s.Accounts, s.AccountsReady = h.opt.Pool.Count()
	s.Keys, s.Waiting = h.opt.Keys.Count(), h.opt.Pool.Waiting()
	s.Prices = h.opt.Prices.Table().Version()
	open, err := h.opt.Ledger.Health()
	s.LedgerOpen = open
	if err != nil {
		s.LedgerError = err.Error()
	}
	if h.opt.StoreHealth != nil {
		if err := h.opt.StoreHealth(); err != nil {
			s.StoreError = err.Error()
		}
	}
	s.Platforms = h.platforms()
	return s
}

func showLive(x *proxyengine.Live) ctl.Live {
	return ctl.Live{
		ID: x.ID, At: x.At, Key: x.Key, Model: x.Model, Stream: x.Stream, Client: x.Client, Phase: x.Phase.String(),
		Account: x.Account, Attempts: x.Attempts, FirstByteMS: x.FirstByte.Milliseconds(),
	}
}

func (h *Handler) catalogue(*http.Request) (any, error) { return h.opt.Catalogue, nil }

func (h *Handler) config(*http.Request) (any, error) {
	all := []ctl.Setting{}
	for _, e := range h.opt.Settings() {
		all = append(all, ctl.Setting{Key: e.Key, Value: e.Value, Origin: e.Origin, Doc: e.Doc})
	}
	return all, nil
}
