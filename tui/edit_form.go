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
				pages = append(pages, huh.NewGroup(own...).Title(draw.Clean(p.Name)+" options"))
			}
			if key {
				in := text("new API key", &secret, nil).EchoMode(huh.EchoModePassword).Key(secretKey).Placeholder("as it is")
				pages = append(pages, huh.NewGroup(in).Description("Nothing keeps the present one."))
			}
			return huh.NewForm(pages...)
		},
		send: sending(func(ctx context.Context) (*ctl.Account, error) {
			e, err := accountChanges(fields, options, secret, m.now())
			if err != nil || e == (ctl.AccountEdit{}) {
				return nil, err
			}
			got, err := m.opt.Daemon.EditAccount(ctx, id, e)
			return &got, err
		}, edited("account "+a.Name, (*Model).tookAccount)),
	}
}

// edited goes on after an edit; got is nil when there was nothing to change.
func edited[T any](what string, took func(*Model, T) tea.Cmd) func(m *Model, got *T) tea.Cmd {
	return func(m *Model, got *T) tea.Cmd {
		if got == nil {
			return m.did(what+" is as it was", m.screen().enter(m))
		}
		return m.did(what+" is changed", took(m, *got))
	}
}

// accountChanges leave out what is as it was before.
func accountChanges(fields *fieldForm, options *optionForm, secret string, now time.Time) (e ctl.AccountEdit, err error) {
	values, err := fields.changes(now)
	if err != nil {
		return e, err
	}
	if secret != "" {
		e.APIKey = new(strings.TrimSpace(secret))
	}
	e.Options = options.changes()
	return e, field.Fill(&e, values)
}

// joinGroups puts an account into groups and takes it out.
func (m *Model) joinGroups(a *ctl.Account) tea.Cmd {
	chosen := slices.Clone(a.Groups)
	return m.withGroups(&form{
		name: "Groups of " + draw.Clean(a.Name), high: 9,
		build: func() *huh.Form {
			if len(m.b.group) == 0 {
				return note("There are no groups. Press n on the accounts screen to make one.")
			}
			return huh.NewForm(huh.NewGroup(groupsField("Which is it in? (space chooses)", m.b.group, &chosen)))
		},
		send: sending(func(ctx context.Context) (ctl.Account, error) {
			if err := m.moveBetween(ctx, a, chosen); err != nil {
				return ctl.Account{}, err
			}
			return m.opt.Daemon.Account(ctx, a.ID)
		}, func(m *Model, got ctl.Account) tea.Cmd {
			return m.did("account "+a.Name+" is in "+plural(len(chosen), "group"), m.tookAccount(got))
		}),
	})
}

// moveBetween has an account be in the groups that were chosen, and in no other.
func (m *Model) moveBetween(ctx context.Context, a *ctl.Account, chosen []string) (err error) {
	for _, g := range slices.Concat(chosen, a.Groups) {
		switch is, was := slices.Contains(chosen, g), slices.Contains(a.Groups, g); {
		case is && !was:
			_, err = m.opt.Daemon.JoinGroup(ctx, g, a.ID)
		case was && !is:
			_, err = m.opt.Daemon.LeaveGroup(ctx, g, a.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// note is a form that only says something.
func note(text string) *huh.Form {
	return huh.NewForm(huh.NewGroup(huh.NewNote().Description(text)))
}

// groupsField is a field for several groups.
func groupsField(title string, all []ctl.Group, chosen *[]string) *huh.MultiSelect[string] {
	var options []huh.Option[string]
	for _, g := range all {
		options = append(options, huh.NewOption(draw.Clean(g.Name), g.Name))
	}
	return huh.NewMultiSelect[string]().Title(title).Options(options...).Value(chosen)
}

// withGroups opens a form once the groups are known.
func (m *Model) withGroups(f *form) tea.Cmd {
	return work(m, m.opt.Daemon.Groups, func(m *Model, all []ctl.Group, err error) tea.Cmd {
		if err != nil {
			m.fail(err)
			return nil
		}
		m.b.group = all
		return m.push(f)
	})
}

func (m *Model) newGroup() tea.Cmd {
	var g ctl.NewGroup
	return m.push(&form{
		name: "Make a group", high: 5,
		build: func() *huh.Form {
			return huh.NewForm(huh.NewGroup(text("name", &g.Name, validName), text("description", &g.Description, nil)))
		},
		send: sending(func(ctx context.Context) (ctl.Group, error) { return m.opt.Daemon.CreateGroup(ctx, g) },
			func(m *Model, _ ctl.Group) tea.Cmd { return m.did("group "+g.Name+" is made", m.screen().enter(m)) }),
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
				return note("There are no groups.")
			}
			return huh.NewForm(huh.NewGroup(choice("Which? It must have no accounts and no keys.", &name, options...)))
		},
		send: sending(func(ctx context.Context) (deleted bool, err error) {
			if name == "" {
				return false, nil
			}
			return true, m.opt.Daemon.DeleteGroup(ctx, name)
		}, func(m *Model, deleted bool) tea.Cmd {
			if !deleted {
				return nil
			}
			return m.did("group "+name+" is deleted", m.screen().enter(m))
		}),
	})
}
