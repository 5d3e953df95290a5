package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/huh"

	"crs/ctl"
	"crs/ctl/field"
	"crs/tui/draw"
)

// addAccount asks for the platform first: what else is asked for depends on it.
func (m *Model) addAccount() tea.Cmd { return m.withCatalogue((*Model).choosePlatform) }

func (m *Model) choosePlatform() tea.Cmd {
	all := slices.Clone(m.b.catalogue.Platforms)
	slices.SortFunc(all, func(a, b ctl.Platform) int { return strings.Compare(a.Name, b.Name) })
	if len(all) == 0 {
		m.say(bad, "the daemon has no platforms")
		return nil
	}
	chosen := all[0].Name
	titles := options(all, func(p *ctl.Platform) (string, string) { return draw.Clean(draw.Fit(p.Name, 18) + p.Title), p.Name })
	return m.push(oneChoice("Add an account", "On which platform?", &chosen, titles, sending(m.opt.Daemon.Groups, func(m *Model, all []ctl.Group) tea.Cmd {
		m.tookGroups(all)
		p, _ := m.b.catalogue.Platform(chosen)
		return m.push(m.accountForm(p))
	})))
}

// newAccount is what a form for a new account holds.
type newAccount struct {
	name, way, secret, file string
	fields                  fieldForm
	groups                  []string
}

// byItself is the title of what has a default.
const byItself = "All of this can stay as it is"

func (m *Model) accountForm(p ctl.Platform) *form {
	x := &newAccount{file: p.File, fields: newOptionForm(&p, nil)}
	for _, f := range newFieldForm(m.b.accountFields(true, subscribes(&p)), nil, m.b.zone) {
		f.Page = byItself
		x.fields = append(x.fields, f)
	}
	if all := m.b.group; len(all) > 0 {
		x.fields = append(x.fields, &entry{Field: ctl.Field{Page: byItself}, ask: func() huh.Field {
			return groupsField("groups (space chooses)", all, &x.groups).Height(min(len(all), 4) + 1)
		}})
	}
	if known := ways(&p); len(known) > 0 {
		x.way = string(known[0])
	}
	return &form{
		name: "Add an account: " + draw.Clean(p.Name), high: 11,
		build: func() *huh.Form { return huh.NewForm(append(x.pages(&p), x.fields.pages(m.now())...)...) },
		send: sending(func(ctx context.Context) (any, error) { return x.add(ctx, m, &p) }, func(m *Model, got any) tea.Cmd {
			if l, ok := got.(ctl.Login); ok {
				return m.push(newLogin(&l))
			}
			a := got.(ctl.Account)
			return m.added(&a, false)
		}),
	}
}

// added tells of an account that is there now.
func (m *Model) added(a *ctl.Account, renewed bool) tea.Cmd {
	m.b.setAccount(a)
	did := cmp.Or(word(renewed, "is logged into again"), "is added")
	m.say(fine, fmt.Sprintf("account %s %s; its state: %s", a.Name, did, a.State))
	return nil
}

// terms is said of subscriptions.
const terms = "Providers' terms may forbid sharing one; that risk is yours."

// pages are about its name and its credential.
func (x *newAccount) pages(p *ctl.Platform) []*huh.Group {
	first := []huh.Field{text("name", &x.name, validName)}
	if known := ways(p); len(known) > 1 {
		first = append(first, choice("How does it get its credential?", &x.way, waysToChoose(known)...).Height(len(known)+1))
	}
	title := huh.NewGroup(first...)
	if subscribes(p) {
		title.Description(terms)
	}
	given := func(way ctl.Way, description string, in huh.Field) *huh.Group {
		return huh.NewGroup(in).Description(description).WithHideFunc(func() bool { return ctl.Way(x.way) != way })
	}
	return []*huh.Group{
		title,
		given(ctl.ByKey, "It is shown as dots, and never again.", secretText("API key", &x.secret, needed("the API key"))),
		given(ctl.ByFile, "On this machine. From then on crs renews the tokens.", text("file", &x.file, needed("the file"))),
		given(ctl.ByService, "A file on this machine, as the provider has issued it.", text("credentials", &x.file, needed("the file of credentials"))),
	}
}

// subscribes reports whether an account may be a subscription.
func subscribes(p *ctl.Platform) bool { return p.Can(ctl.ByBrowser, ctl.BySetupToken, ctl.ByDevice) }

func waysToChoose(all []ctl.Way) []huh.Option[string] {
	return options(all, func(w *ctl.Way) (string, string) { return wayTitles()[*w], string(*w) })
}

// add has the daemon add the account, which it gives then, or begin a login.
func (x *newAccount) add(ctx context.Context, m *Model, p *ctl.Platform) (any, error) {
	values, err := x.fields.changes(m.now())
	if err != nil {
		return nil, err
	}
	d, a := m.opt.Daemon, ctl.NewAccount{Platform: p.Name, Name: strings.TrimSpace(x.name), Groups: x.groups, Options: x.fields.options(nil)}
	if err := field.Fill(&a, values); err != nil {
		return nil, err
	}
	switch w := ctl.Way(x.way); w {
	case ctl.ByKey:
		a.APIKey = strings.TrimSpace(x.secret)
	case ctl.ByFile, ctl.ByService:
		file, err := readSaved(x.file)
		if err != nil {
			return nil, err
		}
		a.File = file
	default:
		return d.BeginLogin(ctx, ctl.NewLogin{NewAccount: a, SetupToken: w == ctl.BySetupToken, Device: w == ctl.ByDevice})
	}
	return d.AddAccount(ctx, a)
}

// largestFile is what a saved login may have.
const largestFile = 1 << 20

// readSaved reads what a client saved when it logged in.
func readSaved(path string) ([]byte, error) {
	path = strings.TrimSpace(path)
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, fmt.Errorf("find your home directory: %w", err)
		}
		path = filepath.Join(home, rest)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, largestFile+1))
	if err == nil && len(b) > largestFile {
		err = errors.New("the file is larger than 1 MiB: it is no saved login, and no credentials")
	}
	return b, err
}

func needed(what string) func(string) error {
	return func(text string) error {
		if strings.TrimSpace(text) == "" {
			return errors.New(what + " is missing")
		}
		return nil
	}
}

func validName(text string) error { return needed("the name")(text) }

// loginAgain begins a login for an account that there is.
func (m *Model) loginAgain(a *ctl.Account) tea.Cmd {
	return m.withCatalogue(func(m *Model) tea.Cmd { return m.chooseLogin(a) })
}

func (m *Model) chooseLogin(a *ctl.Account) tea.Cmd {
	p, _ := m.b.catalogue.Platform(a.Platform)
	all := ways(&p, ctl.ByBrowser, ctl.BySetupToken, ctl.ByDevice)
	switch {
	case a.Credential == "service-account":
		m.say(bad, "account "+a.Name+" has a file of credentials and no login; crs account edit gives it another one")
		return nil
	case a.Credential == "api-key" || len(all) == 0:
		m.say(bad, "account "+a.Name+" has an API key and no login; press e to give it another key")
		return nil
	}
	how, l := string(all[0]), ctl.NewLogin{NewAccount: ctl.NewAccount{Platform: a.Platform, Name: a.Name}}
	return m.push(oneChoice("Log into "+draw.Clean(a.Name), "How?", &how, waysToChoose(all), sending(func(ctx context.Context) (ctl.Login, error) {
		l.SetupToken, l.Device = ctl.Way(how) == ctl.BySetupToken, ctl.Way(how) == ctl.ByDevice
		return m.opt.Daemon.BeginLogin(ctx, l)
	}, func(m *Model, l ctl.Login) tea.Cmd { return m.push(newLogin(&l)) })))
}

func (m *Model) editAccount(a *ctl.Account) tea.Cmd {
	return m.withCatalogue(func(m *Model) tea.Cmd { return m.push(m.accountEdit(a)) })
}

func (m *Model) accountEdit(a *ctl.Account) *form {
	key, secret := a.Credential == "api-key", ""
	p, known := m.b.catalogue.Platform(a.Platform)
	fields := newFieldForm(m.b.accountFields(false, !key || known && subscribes(&p)), field.Values(a), m.b.zone)
	high := len(fields) + 2
	fields = append(fields, newOptionForm(&p, a.Options)...)
	return &form{
		name: "Edit account " + draw.Clean(a.Name), high: high,
		build: func() *huh.Form {
			pages := fields.pages(m.now())
			if key {
				in := secretText("new API key", &secret, nil).Placeholder("as it is")
				pages = append(pages, huh.NewGroup(in).Description("Nothing keeps the present one."))
			}
			return huh.NewForm(pages...)
		},
		send: sending(func(ctx context.Context) (*ctl.Account, error) {
			e, err := accountChanges(a, fields, secret, m.now())
			if err != nil || e == (ctl.AccountEdit{}) {
				return nil, err
			}
			got, err := m.opt.Daemon.EditAccount(ctx, a.ID, e)
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
func accountChanges(a *ctl.Account, fields fieldForm, secret string, now time.Time) (e ctl.AccountEdit, err error) {
	values, err := fields.changes(now)
	if err != nil {
		return e, err
	}
	if secret != "" {
		e.APIKey = new(strings.TrimSpace(secret))
	}
	if options := fields.options(a.Options); !maps.Equal(options, a.Options) {
		e.Options = &options
	}
	return e, field.Fill(&e, values)
}

// wayTitles say how an account gets its credential. A way that is not known here is left out.
func wayTitles() map[ctl.Way]string {
	return map[ctl.Way]string{
		ctl.ByKey: "an API key", ctl.ByBrowser: "log in in the browser", ctl.BySetupToken: "log in, for a token that lasts a year",
		ctl.ByDevice: "log in on another device", ctl.ByFile: "import what its client saved", ctl.ByService: "a file of credentials for a service",
	}
}

// ways are those of a platform that the dashboard knows, and of the kinds that are asked for.
func ways(p *ctl.Platform, of ...ctl.Way) []ctl.Way {
	titles := wayTitles()
	return slices.DeleteFunc(slices.Clone(p.Ways), func(w ctl.Way) bool { return titles[w] == "" || len(of) > 0 && !slices.Contains(of, w) })
}

// withCatalogue goes on once it is known what there is to choose from: by what is known already where the daemon has none to tell.
func (m *Model) withCatalogue(then func(*Model) tea.Cmd) tea.Cmd {
	return work(m, m.opt.Daemon.Catalogue, func(m *Model, c ctl.Catalogue, err error) tea.Cmd {
		if err == nil {
			m.b.catalogue = c
		}
		return then(m)
	})
}
