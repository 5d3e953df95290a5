package proxyengine

import (
	"crs/internal/key"
	"crs/proxyengine/provider"
)

// allowsOthers holds every other model that a request names to the key's list: advisers, makers of images, models that take over.
func (x *exchange) allowsOthers() error {
	p, naming := &x.key.Policy, provider.Naming(nil)
	if len(p.AllowModels)+len(p.DenyModels) > 0 {
		naming, _ = x.route.protocol.(provider.Naming)
	}
	if naming == nil {
		return nil
	}
	var others []string
	var open bool
	err := x.heavily(func() (err error) {
		others, open, err = naming.Others(&x.in)
		return err
	})
	if err != nil {
		return err
	}
	if open { // the provider may choose any that it has
		others = append(others, x.e.opt.Prices().SoldBy([]string{vendorOf(x.route.service)})...)
	}
	for _, name := range others {
		if !p.AllowsModel(name) {
			return &key.NotAllowed{What: "model", Value: name, Allowed: p.AllowModels}
		}
	}
	return nil
}
