package tui

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/huh"

	"crs/ctl"
	"crs/tui/draw"
)

// accountEdit is what a form for an account that there is holds.
type accountEdit struct {
	secret, baseURL, priority, slots, proxy, models, renames, ends string
	anyClient                                                      bool
}

func (m *Model) editAccount(a *ctl.Account) tea.Cmd {
	x := &accountEdit{
		baseURL: a.BaseURL, priority: strconv.Itoa(a.Priority), slots: unlessZero(int64(a.MaxConcurrency)), proxy: a.Proxy,
		models: strings.Join(a.Models, " "), renames: strings.ReplaceAll(pairs(a.Map), ", ", " "), anyClient: a.AnyClient,
	}
	if a.EndsAt != nil {
		x.ends = a.EndsAt.In(m.b.zone).Format("2006-01-02T15:04:05Z07:00")
	}
	before, id, key := *x, a.ID, a.Credential == "api-key"
	return m.push(&form{
		name: "Edit account " + draw.Clean(a.Name), high: 10,
		build: func() *huh.Form { return huh.NewForm(x.pages(key)...) },
		send: func(ctx context.Context) (any, error) {
			e, err := x.changes(&before, m)
			if err != nil {
				return nil, err
			}
			got, err := m.opt.Daemon.EditAccount(ctx, id, e)
			return &got, err
		},
		then: func(m *Model, got any) tea.Cmd {
			return done{got: got, did: "account " + a.Name + " is changed"}.take(m)
		},
	})
}

func (x *accountEdit) pages(key bool) []*huh.Group {
	fields := []huh.Field{
		text("base URL", &x.baseURL, validURL).Placeholder("the platform's own"), text("priority", &x.priority, validCount), text("most at once", &x.slots, validCount).Placeholder("any number"),
		text("proxy", &x.proxy, nil).Placeholder("none"), text("models", &x.models, nil).Placeholder("all"), text("map", &x.renames, validPairs).Placeholder("from=to …"),
	}
	if key {
		secret := text("new API key", &x.secret, nil).EchoMode(huh.EchoModePassword).Key(secretKey).Placeholder("as it is")
		return []*huh.Group{huh.NewGroup(fields...), huh.NewGroup(secret).Description("Nothing keeps the present one.")}
	}
	return []*huh.Group{huh.NewGroup(append(fields, text("plan ends", &x.ends, validEnd).Placeholder("never, or 2026-12-31"), switched(draw.Fit("serve any client", titleWidth), &x.anyClient))...)}
}

func validPairs(text string) error {
	for _, pair := range list(text) {
		if from, to, ok := strings.Cut(pair, "="); !ok || from == "" || to == "" {
			return errors.New("this must be pairs such as opus=claude-opus-4-8")
		}
	}
	return nil
}

// changes leaves out what is as it was before.
func (x *accountEdit) changes(before *accountEdit, m *Model) (e ctl.AccountEdit, err error) {
	if x.secret != "" {
		e.APIKey = set(strings.TrimSpace(x.secret))
	}
	if x.baseURL != before.baseURL {
		e.BaseURL = set(strings.TrimSpace(x.baseURL))
	}
	if x.priority != before.priority {
		e.Priority = set(number(x.priority))
	}
	if x.slots != before.slots {
		e.MaxConcurrency = set(number(x.slots))
	}
	if x.proxy != before.proxy {
		e.Proxy = set(strings.TrimSpace(x.proxy))
	}
	if x.models != before.models {
		e.Models = set(list(x.models))
	}
	if x.renames != before.renames {
		renames := map[string]string{}
		for _, pair := range list(x.renames) {
			from, to, _ := strings.Cut(pair, "=")
			renames[from] = to
		}
		e.Map = &renames
	}
	if x.anyClient != before.anyClient {
		e.AnyClient = &x.anyClient
	}
	if x.ends != before.ends {
		end, err := parseEnd(x.ends, m.now())
		if err != nil {
			return e, err
		}
		e.EndsAt = &end
	}
	return e, nil
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
