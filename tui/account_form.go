package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/huh"

	"crs/ctl"
	"crs/tui/draw"
)

// addAccount asks for the platform first: what else is asked for depends on it.
func (m *Model) addAccount() tea.Cmd {
	names := m.b.scene.Status.Platforms
	if len(names) == 0 {
		m.say(bad, "the daemon has not told yet which platforms it has")
		return nil
	}
	chosen := names[0]
	var options []huh.Option[string]
	for _, name := range names {
		options = append(options, huh.NewOption(draw.Fit(name, 18)+findPlatform(name).what, name))
	}
	return m.push(&form{
		name: "Add an account", high: len(names) + 2,
		build: func() *huh.Form {
			return huh.NewForm(huh.NewGroup(choice("On which platform?", &chosen, options...).Height(len(names) + 1)))
		},
		send: func(ctx context.Context) (any, error) { return m.opt.Daemon.Groups(ctx) },
		then: func(m *Model, got any) tea.Cmd {
			m.b.group, _ = got.([]ctl.Group)
			return m.push(m.accountForm(findPlatform(chosen)))
		},
	})
}

// newAccount is what a form for a new account holds.
type newAccount struct {
	name, way, secret, file                string
	options                                map[string]*string
	baseURL, priority, slots, proxy, model string
	groups                                 []string
	anyClient                              bool
}

func (m *Model) accountForm(p platform) *form {
	x := &newAccount{way: string(p.ways[0]), file: p.saved, priority: "50", options: map[string]*string{}}
	for _, o := range p.options {
		x.options[o.name] = new(string)
		if len(o.values) > 0 {
			*x.options[o.name] = o.values[0]
		}
	}
	return &form{
		name: "Add an account: " + p.name, high: 11,
		build: func() *huh.Form { return huh.NewForm(x.pages(p, m.b.group)...) },
		send:  func(ctx context.Context) (any, error) { return x.add(ctx, m.opt.Daemon, p) },
		then: func(m *Model, got any) tea.Cmd {
			if l, ok := got.(*ctl.Login); ok {
				return m.push(newLogin(l))
			}
			return m.added(got.(*ctl.Account), false)
		},
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

func (x *newAccount) pages(p platform, groups []ctl.Group) []*huh.Group {
	first := []huh.Field{text("name", &x.name, validName)}
	if len(p.ways) > 1 {
		var ways []huh.Option[string]
		for _, w := range p.ways {
			ways = append(ways, huh.NewOption(w.String(), string(w)))
		}
		first = append(first, choice("How does it get its credential?", &x.way, ways...).Height(len(ways)+1))
	}
	title := huh.NewGroup(first...)
	if p.ways[0] != byKey || len(p.ways) > 1 {
		title.Description(terms)
	}
	pages := []*huh.Group{
		title,
		huh.NewGroup(text("API key", &x.secret, needed("the API key")).EchoMode(huh.EchoModePassword).Key(secretKey)).
			Description("It is shown as dots, and never again.").WithHideFunc(func() bool { return way(x.way) != byKey }),
		huh.NewGroup(text("file", &x.file, needed("the file"))).
			Description("On this machine. From then on crs renews the tokens.").WithHideFunc(func() bool { return way(x.way) != byFile }),
	}
	if fields := x.optionFields(p); len(fields) > 0 {
		pages = append(pages, huh.NewGroup(fields...).Title("Of "+p.name))
	}
	return append(pages, x.morePage(p, groups))
}

func (x *newAccount) optionFields(p platform) []huh.Field {
	var fields []huh.Field
	for _, o := range p.options {
		switch {
		case o.values != nil:
			var options []huh.Option[string]
			for _, v := range o.values {
				options = append(options, huh.NewOption(cmp.Or(v, "as it comes"), v))
			}
			fields = append(fields, choice(draw.Fit(o.title, titleWidth), x.options[o.name], options...).Inline(true))
		case o.needed:
			fields = append(fields, text(o.title, x.options[o.name], needed("the "+o.title)))
		default:
			fields = append(fields, text(o.title, x.options[o.name], nil))
		}
	}
	return fields
}

// morePage is what has a default.
func (x *newAccount) morePage(p platform, groups []ctl.Group) *huh.Group {
	fields := []huh.Field{
		text("base URL", &x.baseURL, validURL).Placeholder("the platform's own"), text("priority", &x.priority, validCount), text("most at once", &x.slots, validCount).Placeholder("any number"),
		text("proxy", &x.proxy, nil).Placeholder("none"), text("models", &x.model, nil).Placeholder("all"),
	}
	if p.ways[0] != byKey || len(p.ways) > 1 {
		fields = append(fields, switched(draw.Fit("serve any client", titleWidth), &x.anyClient))
	}
	if len(groups) > 0 {
		var options []huh.Option[string]
		for _, g := range groups {
			options = append(options, huh.NewOption(draw.Clean(g.Name), g.Name))
		}
		fields = append(fields, huh.NewMultiSelect[string]().Title("groups (space chooses)").Options(options...).Value(&x.groups).Height(min(len(groups), 4)+1))
	}
	return huh.NewGroup(fields...).Title("All of this can stay as it is")
}

// add has the daemon add the account, or begin a login.
func (x *newAccount) add(ctx context.Context, d Daemon, p platform) (any, error) {
	a := ctl.NewAccount{
		Platform: p.name, Name: strings.TrimSpace(x.name), BaseURL: strings.TrimSpace(x.baseURL), Proxy: strings.TrimSpace(x.proxy), MaxConcurrency: number(x.slots),
		AnyClient: x.anyClient, Groups: x.groups, Models: list(x.model), Options: map[string]string{},
	}
	if n := number(x.priority); strings.TrimSpace(x.priority) != "" {
		a.Priority = &n
	}
	for name, value := range x.options {
		if v := strings.TrimSpace(*value); v != "" && v != "auto" {
			a.Options[name] = v
		}
	}
	switch way(x.way) {
	case byKey:
		a.APIKey = strings.TrimSpace(x.secret)
	case byFile:
		file, err := readSaved(x.file)
		if err != nil {
			return nil, err
		}
		a.File = file
	default:
		l, err := d.BeginLogin(ctx, ctl.NewLogin{NewAccount: a, SetupToken: way(x.way) == byToken, Device: way(x.way) == byDevice})
		return &l, err
	}
	added, err := d.AddAccount(ctx, a)
	return &added, err
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
		err = errors.New("the file is larger than 1 MiB: it is no saved login")
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

func validURL(text string) error {
	text = strings.TrimSpace(text)
	if text != "" && !strings.HasPrefix(text, "https://") && !strings.HasPrefix(text, "http://") {
		return errors.New("an address begins with https:// or http://")
	}
	return nil
}

func validCount(text string) error {
	if n, err := strconv.Atoi(strings.TrimSpace(text)); text != "" && (err != nil || n < 0) {
		return errors.New("this must be a whole number, or nothing")
	}
	return nil
}

// number is what validCount has let through; nothing is 0.
func number(text string) int {
	n, _ := strconv.Atoi(strings.TrimSpace(text))
	return n
}

// loginAgain begins a login for an account that there is.
func (m *Model) loginAgain(a *ctl.Account) tea.Cmd {
	ways := loginWays(findPlatform(a.Platform))
	if a.Credential == "api-key" || len(ways) == 0 {
		m.say(bad, "account "+a.Name+" has an API key and no login; press e to give it another key")
		return nil
	}
	how, l := string(ways[0]), ctl.NewLogin{NewAccount: ctl.NewAccount{Platform: a.Platform, Name: a.Name}}
	var options []huh.Option[string]
	for _, w := range ways {
		options = append(options, huh.NewOption(w.String(), string(w)))
	}
	return m.push(&form{
		name: "Log into " + draw.Clean(a.Name), high: len(ways) + 2,
		build: func() *huh.Form {
			return huh.NewForm(huh.NewGroup(choice("How?", &how, options...).Height(len(ways) + 1)))
		},
		send: func(ctx context.Context) (any, error) {
			l.SetupToken, l.Device = way(how) == byToken, way(how) == byDevice
			got, err := m.opt.Daemon.BeginLogin(ctx, l)
			return &got, err
		},
		then: func(m *Model, got any) tea.Cmd { return m.push(newLogin(got.(*ctl.Login))) },
	})
}

func loginWays(p platform) []way {
	var ways []way
	for _, w := range p.ways {
		if w == byBrowser || w == byToken || w == byDevice {
			ways = append(ways, w)
		}
	}
	return ways
}
