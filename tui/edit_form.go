package tui

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/huh"

	"crs/ctl"
	"crs/ctl/field"
	"crs/tui/draw"
)

func (m *Model) editAccount(a *ctl.Account) tea.Cmd {
	return m.withCatalogue(func(m *Model) tea.Cmd { return m.push(m.accountEdit(a)) })
}

func (m *Model) accountEdit(a *ctl.Account) *form {
	id, key, secret := a.ID, a.Credential == "api-key", ""
	p, known := m.b.catalogue.Platform(a.Platform)
	fields := newFieldForm(m.b.accountFields(false, !key || known && subscribes(&p)), field.Values(a), m.b.zone)
	options := newOptionForm(&p, a.Options)
	return &form{
		name: "Edit account " + draw.Clean(a.Name), high: len(fields.all) + 2,
		build: func() *huh.Form {
			pages := []*huh.Group{huh.NewGroup(fields.fields(m.now())...)}
			if own := options.fields(); len(own) > 0 {
				pages = append(pages, huh.NewGroup(own...).Title("Of "+draw.Clean(p.Name)))
			}
			if key {
				in := text("new API key", &secret, nil).EchoMode(huh.EchoModePassword).Key(secretKey).Placeholder("as it is")
				pages = append(pages, huh.NewGroup(in).Description("Nothing keeps the present one."))
			}
			return huh.NewForm(pages...)
		},
		send: func(ctx context.Context) (any, error) {
			e, err := accountChanges(fields, options, secret, m.now())
			if err != nil {
				return nil, err
			}
			if e == (ctl.AccountEdit{}) {
				return nil, nil
			}
			got, err := m.opt.Daemon.EditAccount(ctx, id, e)
			return &got, err
		},
		then: func(m *Model, got any) tea.Cmd {
			return changed(got, "account "+a.Name).take(m)
		},
	}
}

// changed is what came of an edit; got is nil when there was nothing to change.
func changed(got any, what string) done {
	if got == nil {
		return done{did: what + " is as it was"}
	}
	return done{got: got, did: what + " is changed"}
}

// accountChanges leave out what is as it was before.
func accountChanges(fields *fieldForm, options *optionForm, secret string, now time.Time) (e ctl.AccountEdit, err error) {
	values, err := fields.changes(now)
	if err != nil {
		return e, err
	}
	if secret != "" {
		e.APIKey = set(strings.TrimSpace(secret))
	}
	e.Options = options.changes()
	return e, field.Fill(&e, values)
}

// joinGroups puts an account into groups and takes it out.
func (m *Model) joinGroups(a *ctl.Account) tea.Cmd {
	chosen, id := slices.Clone(a.Groups), a.ID
	f := &form{name: "Groups of " + draw.Clean(a.Name), high: 9}
	f.build = func() *huh.Form {
		var options []huh.Option[string]
		for _, g := range m.b.group {
			options = append(options, huh.NewOption(draw.Clean(g.Name), g.Name))
		}
		if len(options) == 0 {
			return huh.NewForm(huh.NewGroup(huh.NewNote().Description("There are no groups. Press n on the accounts screen to make one.")))
		}
		return huh.NewForm(huh.NewGroup(huh.NewMultiSelect[string]().Title("Which is it in? (space chooses)").Options(options...).Value(&chosen)))
	}
	f.send = func(ctx context.Context) (any, error) {
		for _, g := range chosen {
			if !slices.Contains(a.Groups, g) {
				if _, err := m.opt.Daemon.JoinGroup(ctx, g, id); err != nil {
					return nil, err
				}
			}
		}
		for _, g := range a.Groups {
			if !slices.Contains(chosen, g) {
				if _, err := m.opt.Daemon.LeaveGroup(ctx, g, id); err != nil {
					return nil, err
				}
			}
		}
		got, err := m.opt.Daemon.Account(ctx, id)
		return &got, err
	}
	f.then = func(m *Model, got any) tea.Cmd {
		return done{got: got, did: "account " + a.Name + " is in " + plural(len(chosen), "group")}.take(m)
	}
	return m.withGroups(f)
}

// withGroups opens a form once the groups are known.
func (m *Model) withGroups(f *form) tea.Cmd {
	return m.job(func(ctx context.Context) tea.Msg {
		groups, err := m.opt.Daemon.Groups(ctx)
		return formReady{f, groups, err}
	})
}

func (m *Model) newGroup() tea.Cmd {
	var g ctl.NewGroup
	return m.push(&form{
		name: "Make a group", high: 5,
		build: func() *huh.Form {
			return huh.NewForm(huh.NewGroup(text("name", &g.Name, validName), text("description", &g.Description, nil)))
		},
		send: func(ctx context.Context) (any, error) { return m.opt.Daemon.CreateGroup(ctx, g) },
		then: func(m *Model, _ any) tea.Cmd { return done{did: "group " + g.Name + " is made"}.take(m) },
	})
}

func (m *Model) deleteGroup() tea.Cmd {
	var name string
	return m.withGroups(&form{
		name: "Delete a group", high: 9,
		build: func() *huh.Form {
			var options []huh.Option[string]
			for _, g := range m.b.group {
				options = append(options, huh.NewOption(draw.Clean(g.Name)+": "+plural(len(g.Accounts), "account")+", "+plural(len(g.Keys), "key"), g.Name))
			}
			if len(options) == 0 {
				return huh.NewForm(huh.NewGroup(huh.NewNote().Description("There are no groups.")))
			}
			return huh.NewForm(huh.NewGroup(choice("Which? It must have no accounts and no keys.", &name, options...)))
		},
		send: func(ctx context.Context) (any, error) {
			if name == "" {
				return nil, nil
			}
			return nil, m.opt.Daemon.DeleteGroup(ctx, name)
		},
		then: func(m *Model, _ any) tea.Cmd {
			if name == "" {
				return nil
			}
			return done{did: "group " + name + " is deleted"}.take(m)
		},
	})
}
