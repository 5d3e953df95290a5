package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/huh"

	"crs/ctl"
	"crs/tui/draw"
)

// showGroups shows what groups there are, and who is in them.
func (m *Model) showGroups() tea.Cmd {
	d := newDetail("Groups", groupText,
		binding{keys: "n", short: "make one", do: (*Model).newGroup}, binding{keys: "N", short: "delete one", do: (*Model).deleteGroup})
	d.load = loads(Daemon.Groups, (*Model).tookGroups)
	return m.push(d)
}

// tookGroups keeps what groups there are.
func (m *Model) tookGroups(all []ctl.Group) { m.b.group = all }

func groupText(m *Model, width int) []string {
	if len(m.b.group) == 0 {
		return draw.Wrap("There are no groups. Keys can be bound to one, and are then served by its accounts alone. Press n to make one.", width)
	}
	var lines []string
	for i := range m.b.group {
		g := &m.b.group[i]
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, m.t.Strong.Paint(draw.Cut(draw.Clean(g.Name), width)))
		lines = append(lines, facts(m.t, width,
			fact{"description", g.Description}, fact{"accounts", cmp.Or(strings.Join(g.Accounts, ", "), "none")}, fact{"keys bound", cmp.Or(strings.Join(g.Keys, ", "), "none")},
		)...)
	}
	return lines
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
	names := options(all, func(g *ctl.Group) (string, string) { return draw.Clean(g.Name), g.Name })
	return huh.NewMultiSelect[string]().Title(title).Options(names...).Value(chosen)
}

// withGroups opens a form once the groups are known.
func (m *Model) withGroups(f *form) tea.Cmd {
	return work(m, m.opt.Daemon.Groups, func(m *Model, all []ctl.Group, err error) tea.Cmd {
		if err != nil {
			m.fail(err)
			return nil
		}
		m.tookGroups(all)
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
			if len(m.b.group) == 0 {
				return note("There are no groups.")
			}
			groups := options(m.b.group, func(g *ctl.Group) (string, string) {
				return draw.Clean(g.Name) + ": " + plural(len(g.Accounts), "account") + ", " + plural(len(g.Keys), "key"), g.Name
			})
			return huh.NewForm(huh.NewGroup(choice("Which? It must have no accounts and no keys.", &name, groups...)))
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
