package tui

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"github.com/charmbracelet/huh"

	"crs/ctl"
	"crs/ctl/field"
	"crs/tui/draw"
)

// fieldForm is what a form holds for fields of the catalogue.
type fieldForm struct {
	all    []ctl.Field
	values []fieldValue // of each
	before []fieldValue // what they were when the form was made
}

// fieldValue is what is filled in: a text, or a switch.
type fieldValue struct {
	text string
	on   bool
}

// newFieldForm begins with the values of an object, by their names in JSON; without one, with what is new.
func newFieldForm(all []ctl.Field, object map[string]json.RawMessage, zone *time.Location) *fieldForm {
	f := &fieldForm{all: all}
	for i := range all {
		var v fieldValue
		if object != nil {
			v.text = field.Text(&all[i], object[all[i].Name], zone)
		}
		if all[i].Kind == ctl.SwitchField {
			v = fieldValue{on: v.text == "yes"}
		}
		f.values = append(f.values, v)
	}
	f.before = append(f.before, f.values...)
	return f
}

func (f *fieldForm) fields(now time.Time) []huh.Field {
	var all []huh.Field
	for i := range f.all {
		x, v := &f.all[i], &f.values[i]
		if x.Kind == ctl.SwitchField {
			all = append(all, switched(draw.Fit(draw.Clean(x.Label), titleWidth), &v.on))
			continue
		}
		valid := func(said string) error {
			if said == f.before[i].text {
				return nil
			}
			_, err := field.Parse(x.Kind, orDefault(x, said), now)
			return err
		}
		all = append(all, text(draw.Clean(x.Label), &v.text, valid).Placeholder(draw.Clean(cmp.Or(x.Default, x.None))))
	}
	return all
}

// orDefault: what is emptied becomes what a new one has.
func orDefault(x *ctl.Field, said string) string { return cmp.Or(strings.TrimSpace(said), x.Default) }

// changes are the values that are not as they were, by their names in JSON.
func (f *fieldForm) changes(now time.Time) (map[string]any, error) {
	all := map[string]any{}
	for i := range f.all {
		x, v := &f.all[i], f.values[i]
		switch {
		case v == f.before[i]:
		case x.Kind == ctl.SwitchField:
			all[x.Name] = v.on
		case x.Kind == ctl.LimitsField: // those that are not said would stay
			limits, err := field.LimitChanges(f.before[i].text, v.text)
			if err != nil {
				return nil, err
			}
			if len(limits) > 0 {
				all[x.Name] = limits
			}
		default:
			value, err := field.Parse(x.Kind, orDefault(x, v.text), now)
			if err != nil {
				return nil, err
			}
			all[x.Name] = value
		}
	}
	return all, nil
}

// accountFields are those of an account: of one that is new, or is a subscription.
func (b *state) accountFields(fresh, subscription bool) []ctl.Field {
	var all []ctl.Field
	for _, f := range b.catalogue.AccountFields {
		if (!f.Late || !fresh) && (!f.Subscription || subscription) {
			all = append(all, f)
		}
	}
	return all
}
