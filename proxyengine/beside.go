package proxyengine

import (
	"slices"

	"crs/internal/key"
	"crs/internal/unit"
	"crs/proxyengine/provider"
)

// allowsBeside holds every other model that a request names to the key's list: advisers, makers of images, models that take over.
func (x *exchange) allowsBeside() error {
	p := &x.key.Policy
	listed := len(p.AllowModels)+len(p.DenyModels) > 0
	naming, ok := x.route.protocol.(provider.Naming)
	if !ok || !listed && !p.Limits.Limits(unit.Cost) {
		return nil
	}
	err := x.heavily(func() (err error) {
		x.beside, err = naming.Beside(&x.in, &x.intent, listed || x.settings.UnknownPrice == Refuse)
		return err
	})
	if err != nil || !listed {
		return err
	}
	named := x.beside.Models
	if x.beside.Open { // the provider may choose any that it has
		named = slices.Concat(named, x.e.opt.Prices().Current(vendorOf(x.route.service), x.record.At))
	}
	for _, name := range named {
		if !p.AllowsModel(name) {
			return &key.NotAllowed{What: "model", Value: name, Allowed: p.AllowModels}
		}
	}
	return nil
}
