package remote

import (
	"time"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/field"
)

// keyFlags are what can be said of a key.
type keyFlags struct{ fields fieldFlags }

func (f *keyFlags) addTo(a *app, cmd *cobra.Command) {
	f.fields.addTo(a, cmd, a.Programs.Catalogue.KeyFields, true)
}

// edit is what was given, and nothing else.
func (f *keyFlags) edit(cmd *cobra.Command, now time.Time) (e ctl.KeyEdit, err error) {
	values, err := f.fields.values(cmd, now)
	if err != nil {
		return e, err
	}
	if err := field.Fill(&e, values); err != nil {
		return e, err
	}
	switch {
	case isSet(e.Account) && isSet(e.Group):
		return e, ctl.Errorf(ctl.BadRequest, "a key is bound to an account or to a group, not to both")
	case isSet(e.ExpiresAt) && isSet(e.ActivateFor):
		return e, ctl.Errorf(ctl.BadRequest, "--expires and --activate-for both say when the key ends; give one of them")
	}
	return e, nil
}

// isSet reports whether something was given that takes no old value away.
func isSet[T comparable](value *T) bool {
	return value != nil && *value != *new(T)
}
