package provider

import (
	"fmt"
	"net/http"

	"crs/internal/account"
	"crs/internal/bound"
	"crs/internal/model"
)

// CheckName is the one rule for what a model or a deployment is called upstream, wherever the name comes from: it leads to no
// other place than the one where the upstream is told it. A name that the client gave is its *Fault. One that the operator
// gave has this account serve that model to nobody, which is no failure of the account: its *Fault has a Cause.
func CheckName(name string, want *Intent, acc *account.Account, at model.Place) error {
	err := model.Check(name, at)
	switch {
	case err == nil:
		return nil
	case !given(name, want, acc):
		return &Fault{Status: http.StatusBadRequest, Kind: BadRequest, Message: "Invalid value for 'model': that is no model's name: " + err.Error() + "."}
	}
	return NoModel().Because(fmt.Errorf("account %s calls model %s %s, which cannot be asked for: %w", acc.Name, want.Model, bound.Quoted(name), err))
}

// given reports whether the operator said what a model is called: in the map, or as an option. want may have come through the
// map already.
func given(name string, want *Intent, acc *account.Account) bool {
	for _, asked := range [...]string{want.Model, model.Base(want.Model)} {
		if acc.Upstream(asked) != asked {
			return true
		}
	}
	is := func(own string) bool { return own != "" && (own == name || own == want.Model) }
	for _, own := range acc.Map {
		if is(own) {
			return true
		}
	}
	for _, own := range acc.Options {
		if is(own) {
			return true
		}
	}
	return false
}

// CheckMap refuses an account whose map has a name that cannot be said where the provider says it.
func CheckMap(acc *account.Account, at func(name string) model.Place) error {
	for asked, name := range acc.Map {
		if err := model.Check(name, at(name)); err != nil {
			return fmt.Errorf("model %s is mapped to %s, which platform %s cannot be asked for: %w", bound.Quoted(asked), bound.Quoted(name), acc.Platform, err)
		}
	}
	return nil
}

// NoModel is what a client is told when no account has the model, as far as anybody knows.
func NoModel() *Fault {
	return &Fault{Status: http.StatusNotFound, Kind: NotFound, Message: "no account here has this model, or not for this kind of request"}
}
