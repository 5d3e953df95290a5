package tui

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/huh"

	"crs/ctl"
	"crs/ctl/field"
	"crs/tui/draw"
)

// keyForm is what a form for a key holds.
type keyForm struct {
	name   string
	fields fieldForm
	bound  string // account:NAME, group:NAME, or ""
	was    string // what bound was
}

func (m *Model) newKey() tea.Cmd {
	return m.withCatalogue(func(m *Model) tea.Cmd {
		x := &keyForm{fields: newFieldForm(m.b.catalogue.KeyFields, nil, m.b.zone)}
		x.fields = slices.Insert(x.fields, 0, &entry{ask: func() huh.Field { return text("name", &x.name, validName) }})
		return m.askForKey("Make a key", x, sending(func(ctx context.Context) (ctl.IssuedKey, error) {
			e, err := x.changes(m.now())
			if err != nil {
				return ctl.IssuedKey{}, err
			}
			return m.opt.Daemon.CreateKey(ctx, ctl.NewKey{Name: strings.TrimSpace(x.name), KeyEdit: e})
		}, func(m *Model, k ctl.IssuedKey) tea.Cmd {
			return m.did("key "+strings.TrimSpace(x.name)+" is made", m.tookIssued(k))
		}))
	})
}

func (m *Model) editKey(k *ctl.Key) tea.Cmd {
	return m.withCatalogue(func(m *Model) tea.Cmd {
		x, id, version := m.keyFormOf(k), k.ID, k.Version
		return m.askForKey("Edit key "+draw.Clean(k.Name), x, sending(func(ctx context.Context) (*ctl.Key, error) {
			e, err := x.changes(m.now())
			if err != nil || e == (ctl.KeyEdit{}) {
				return nil, err
			}
			e.Version = &version
			got, err := m.opt.Daemon.EditKey(ctx, id, e)
			return &got, err
		}, edited("key "+x.name, (*Model).tookKey)))
	})
}

// keyFormOf begins with what a key has.
func (m *Model) keyFormOf(k *ctl.Key) *keyForm {
	values := field.Values(k)
	maps.Copy(values, field.Values(k.Limits))
	l := &k.Limits
	bound := cmp.Or(word(l.Account != "", "account:"+l.Account), word(l.Group != "", "group:"+l.Group))
	return &keyForm{name: k.Name, fields: newFieldForm(m.b.catalogue.KeyFields, values, m.b.zone), bound: bound, was: bound}
}

// askForKey asks for the groups first: a key can be bound to one. The field that binds it to an account does that too.
func (m *Model) askForKey(title string, x *keyForm, send func(*Model, *form) tea.Cmd) tea.Cmd {
	x.fields = slices.DeleteFunc(x.fields, func(e *entry) bool { return e.Kind == ctl.GroupField })
	for _, e := range x.fields {
		if e.Kind == ctl.AccountField {
			e.ask = func() huh.Field { return x.binding(m.b, &e.Field) }
		}
	}
	return m.withGroups(&form{name: title, high: 11, send: send, build: func() *huh.Form { return huh.NewForm(x.fields.pages(m.now())...) }})
}

// binding is a field for the account or the group that a key is served by.
func (x *keyForm) binding(b *state, f *ctl.Field) huh.Field {
	bound := []huh.Option[string]{huh.NewOption("all accounts", "")}
	for _, g := range b.group {
		bound = append(bound, huh.NewOption("group "+draw.Clean(g.Name), "group:"+g.Name))
	}
	for _, a := range b.accounts() {
		bound = append(bound, huh.NewOption("account "+draw.Clean(a.Name), "account:"+a.Name))
	}
	return choice(draw.Fit(draw.Clean(f.Label), titleWidth), &x.bound, bound...).Inline(true)
}

// changes leave out what is as it was before.
func (x *keyForm) changes(now time.Time) (e ctl.KeyEdit, err error) {
	values, err := x.fields.changes(now)
	if err != nil {
		return e, err
	}
	if x.bound != x.was {
		kind, name, _ := strings.Cut(x.bound, ":")
		values["account"], values["group"] = "", ""
		if name != "" {
			values[kind] = name
		}
	}
	return e, field.Fill(&e, values)
}
