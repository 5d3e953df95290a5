package proxyengine

import (
	"slices"

	"crs/internal/key"
	"crs/internal/unit"
	"crs/proxyengine/provider"
)

// allowsOthers holds every other model that a request names to the key's list: advisers, makers of images, models that take over.
func (x *exchange) allowsOthers() error {
	p := &x.key.Policy
	listed := len(p.AllowModels)+len(p.DenyModels) > 0
	naming, ok := x.route.protocol.(provider.Naming)
	if !ok || !listed && !p.Limits.Limits(unit.Cost) {
		return nil
	}
	var open bool
	err := x.heavily(func() (err error) {
		x.others, open, err = naming.Others(&x.in, listed || x.settings.UnknownPrice == Refuse)
		return err
	})
	if err != nil {
		return err
	}
	if !listed {
		return nil
	}
	named := x.others
	if open { // the provider may choose any that it has
		named = slices.Concat(named, x.e.opt.Prices().SoldBy([]string{vendorOf(x.route.service)}))
	}
	for _, name := range named {
		if !p.AllowsModel(name) {
			return &key.NotAllowed{What: "model", Value: name, Allowed: p.AllowModels}
		}
	}
	return nil
}
