package tui

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/huh"

	"crs/ctl"
	"crs/ctl/field"
	"crs/tui/draw"
)

// fieldForm is what a form holds for fields of the catalogue and for options of a platform.
type fieldForm []*entry

// entry is one of them.
type entry struct {
	ctl.Field
	option *ctl.PlatformOption // nil for a field of the catalogue
	ask    func() huh.Field    // how it is asked for; nil asks for its kind
	value  fieldValue
	before fieldValue // what it was when the form was made
}

// fieldValue is what is filled in: a text, or a switch.
type fieldValue struct {
	text string
	on   bool
}

// newFieldForm begins with the values of an object, by their names in JSON; without one, with what is new.
func newFieldForm(all []ctl.Field, object map[string]json.RawMessage, zone *time.Location) fieldForm {
	var f fieldForm
	for _, x := range all {
		var v fieldValue
		if object != nil {
			v.text = field.Text(&x, object[x.Name], zone)
		}
		if x.Kind == ctl.SwitchField {
			v = fieldValue{on: v.text == "yes"}
		}
		f = append(f, &entry{Field: x, value: v, before: v})
	}
	return f
}

// newOptionForm begins with the options of an account; nil for a new one.
func newOptionForm(p *ctl.Platform, old map[string]string) fieldForm {
	var f fieldForm
	for i := range p.Options {
		o := &p.Options[i]
		v := fieldValue{text: cmp.Or(old[o.Name], o.Default)}
		x := ctl.Field{Name: o.Name, Label: o.Label, Kind: ctl.TextField, Page: draw.Clean(p.Name) + " options"}
		f = append(f, &entry{Field: x, option: o, value: v, before: v})
	}
	return f
}

// pages has a page for each title that fields have, in their order.
func (f fieldForm) pages(now time.Time) []*huh.Group {
	var titles []string
	fields := map[string][]huh.Field{}
	for _, x := range f {
		if fields[x.Page] == nil {
			titles = append(titles, x.Page)
		}
		fields[x.Page] = append(fields[x.Page], x.field(now))
	}
	pages := make([]*huh.Group, len(titles))
	for i, title := range titles {
		pages[i] = huh.NewGroup(fields[title]...).Title(title)
	}
	return pages
}

func (x *entry) field(now time.Time) huh.Field {
	label := draw.Clean(x.Label)
	switch {
	case x.ask != nil:
		return x.ask()
	case x.Kind == ctl.SwitchField:
		return switched(draw.Fit(label, titleWidth), &x.value.on)
	case x.option != nil && x.option.Values != nil:
		return choice(draw.Fit(label, titleWidth), &x.value.text, toChoose(x.option)...).Inline(true)
	case x.option != nil && x.option.Required:
		return text(label, &x.value.text, needed("the "+label))
	}
	valid := func(said string) error {
		if said == x.before.text {
			return nil
		}
		_, err := field.Parse(x.Kind, x.orDefault(said), now)
		return err
	}
	return text(label, &x.value.text, valid).Placeholder(draw.Clean(cmp.Or(x.Default, x.None)))
}

// toChoose are the values of an option, and none where that is something else.
func toChoose(o *ctl.PlatformOption) []huh.Option[string] {
	var options []huh.Option[string]
	if o.Default == "" && !o.Required {
		options = append(options, huh.NewOption("as it comes", ""))
	}
	for _, v := range o.Values {
		options = append(options, huh.NewOption(draw.Clean(v), v))
	}
	return options
}

// orDefault: what is emptied becomes what a new one has.
func (x *entry) orDefault(said string) string { return cmp.Or(strings.TrimSpace(said), x.Default) }

// changes are the values that are not as they were, by their names in JSON, but for options.
func (f fieldForm) changes(now time.Time) (map[string]any, error) {
	all := map[string]any{}
	for _, x := range f {
		if x.value == x.before || x.option != nil {
			continue
		}
		value, err := x.said(now)
		if err != nil {
			return nil, err
		}
		if limits, ok := value.(map[string]json.Number); !ok || len(limits) > 0 {
			all[x.Name] = value
		}
	}
	return all, nil
}

func (x *entry) said(now time.Time) (any, error) {
	switch x.Kind {
	case ctl.SwitchField:
		return x.value.on, nil
	case ctl.LimitsField: // those that are not said would stay
		return field.LimitChanges(x.before.text, x.value.text)
	}
	return field.Parse(x.Kind, x.orDefault(x.value.text), now)
}

// options are those that an account had, with what was filled in. What is empty, or as it is by itself, is left out.
func (f fieldForm) options(had map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, had)
	for _, x := range f {
		if x.option == nil || x.value == x.before {
			continue
		}
		v := strings.TrimSpace(x.value.text)
		if all[x.Name] = v; v == "" || v == x.option.Default {
			delete(all, x.Name)
		}
	}
	return all
}

// accountFields are those of an account: of one that is new, or is a subscription.
func (b *state) accountFields(fresh, subscription bool) []ctl.Field {
	return slices.DeleteFunc(slices.Clone(b.catalogue.AccountFields), func(f ctl.Field) bool {
		return f.Late && fresh || f.Subscription && !subscription
	})
}
