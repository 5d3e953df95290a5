package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	var options []huh.Option[string]
	for _, p := range all {
		options = append(options, huh.NewOption(draw.Clean(draw.Fit(p.Name, 18)+p.Title), p.Name))
	}
	return m.push(oneChoice("Add an account", "On which platform?", &chosen, options, sending(m.opt.Daemon.Groups, func(m *Model, all []ctl.Group) tea.Cmd {
		m.b.group = all
		p, _ := m.b.catalogue.Platform(chosen)
		return m.push(m.accountForm(p))
	})))
}

// newAccount is what a form for a new account holds.
type newAccount struct {
	name, way, secret, file string
	options                 *optionForm
	more                    *fieldForm
	groups                  []string
}

func (m *Model) accountForm(p ctl.Platform) *form {
	x := &newAccount{file: p.File, options: newOptionForm(&p, nil), more: newFieldForm(m.b.accountFields(true, subscribes(&p)), nil, m.b.zone)}
	if known := ways(&p); len(known) > 0 {
		x.way = string(known[0])
	}
	return &form{
		name: "Add an account: " + draw.Clean(p.Name), high: 11,
		build: func() *huh.Form { return huh.NewForm(x.pages(&p, m.b.group, m.now())...) },
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
	did := "is added"
	if renewed {
		did = "is logged into again"
	}
	m.say(fine, fmt.Sprintf("account %s %s; its state: %s", a.Name, did, a.State))
	return nil
}

// terms is said of subscriptions.
const terms = "Providers' terms may forbid sharing one; that risk is yours."

func (x *newAccount) pages(p *ctl.Platform, groups []ctl.Group, now time.Time) []*huh.Group {
	first := []huh.Field{text("name", &x.name, validName)}
	if known := ways(p); len(known) > 1 {
		first = append(first, choice("How does it get its credential?", &x.way, waysToChoose(known)...).Height(len(known)+1))
	}
	title := huh.NewGroup(first...)
	if subscribes(p) {
		title.Description(terms)
	}
	pages := []*huh.Group{
		title,
		huh.NewGroup(text("API key", &x.secret, needed("the API key")).EchoMode(huh.EchoModePassword).Key(secretKey)).
			Description("It is shown as dots, and never again.").WithHideFunc(func() bool { return ctl.Way(x.way) != ctl.ByKey }),
		huh.NewGroup(text("file", &x.file, needed("the file"))).
			Description("On this machine. From then on crs renews the tokens.").WithHideFunc(func() bool { return ctl.Way(x.way) != ctl.ByFile }),
		huh.NewGroup(text("credentials", &x.file, needed("the file of credentials"))).
			Description("A file on this machine, as the provider has issued it.").WithHideFunc(func() bool { return ctl.Way(x.way) != ctl.ByService }),
	}
	if fields := x.options.fields(); len(fields) > 0 {
		pages = append(pages, huh.NewGroup(fields...).Title(draw.Clean(p.Name)+" options"))
	}
	return append(pages, x.morePage(groups, now))
}

// subscribes reports whether an account may be a subscription.
func subscribes(p *ctl.Platform) bool { return p.Can(ctl.ByBrowser, ctl.BySetupToken, ctl.ByDevice) }

func waysToChoose(all []ctl.Way) []huh.Option[string] {
	var options []huh.Option[string]
	for _, w := range all {
		options = append(options, huh.NewOption(wayTitles()[w], string(w)))
	}
	return options
}

// morePage is what has a default.
func (x *newAccount) morePage(groups []ctl.Group, now time.Time) *huh.Group {
	fields := x.more.fields(now)
	if len(groups) > 0 {
		fields = append(fields, groupsField("groups (space chooses)", groups, &x.groups).Height(min(len(groups), 4)+1))
	}
	return huh.NewGroup(fields...).Title("All of this can stay as it is")
}

// add has the daemon add the account, which it gives then, or begin a login.
func (x *newAccount) add(ctx context.Context, m *Model, p *ctl.Platform) (any, error) {
	more, err := x.more.changes(m.now())
	if err != nil {
		return nil, err
	}
	d, a := m.opt.Daemon, ctl.NewAccount{Platform: p.Name, Name: strings.TrimSpace(x.name), Groups: x.groups, Options: x.options.filled()}
	if err := field.Fill(&a, more); err != nil {
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
