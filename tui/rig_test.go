package tui

import (
	"cmp"
	"context"
	"flag"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"crs/ctl"
	"crs/daemon"
	"crs/tui/draw"
)

var update = flag.Bool("update", false, "write the golden views anew")

// golden compares a view with the one in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not as it was; look at it and, if it is right: go test ./tui -update\ngot\n%s\nwant\n%s", name, got, want)
	}
}

// noon is what time it is for the daemon and the dashboard alike.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// rig drives a Model as the library does, except that nothing is left to chance: it works in a bubble of synctest.
type rig struct {
	t    *testing.T
	m    *Model
	d    *fake
	msgs chan tea.Msg
	stop context.CancelFunc
	quit bool
	clip []string
	zero time.Time
}

// start opens a dashboard. It must be called in a bubble.
func start(t *testing.T, d *fake, width, height int, c draw.Colours) *rig {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &rig{t: t, d: d, msgs: make(chan tea.Msg, 1000), stop: stop, zero: time.Now()}
	r.m = newModel(ctx, Options{
		Daemon: d, Catalogue: d.catalogue, Colours: c, Clip: func(text string) { r.clip = append(r.clip, text) },
		Now: func() time.Time { return noon.Add(time.Since(r.zero)) },
	})
	t.Cleanup(stop)
	r.run(r.m.Init())
	r.send(tea.WindowSizeMsg{Width: width, Height: height})
	return r
}

// end lets everything that runs come to its end.
func (r *rig) end() {
	r.stop()
	r.d.end()
	time.Sleep(time.Hour) // timers that nobody waits for any more
}

// run runs a command, and those that it gives.
func (r *rig) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() { r.got(cmd()) }()
}

func (r *rig) got(msg tea.Msg) {
	switch msg := msg.(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			r.run(c)
		}
	default:
		if v := reflect.ValueOf(msg); v.Kind() == reflect.Slice && v.Type().Elem() == reflect.TypeFor[tea.Cmd]() { // a sequence
			for i := range v.Len() {
				if c := v.Index(i).Interface().(tea.Cmd); c != nil {
					r.got(c())
				}
			}
			return
		}
		select {
		case r.msgs <- msg:
		default:
		}
	}
}

// settle handles what comes until nothing does.
func (r *rig) settle() {
	for {
		synctest.Wait()
		select {
		case msg := <-r.msgs:
			if _, ok := msg.(tea.QuitMsg); ok {
				r.quit = true
				continue
			}
			_, cmd := r.m.Update(msg)
			r.run(cmd)
		default:
			return
		}
	}
}

// send hands in messages, and what comes of them.
func (r *rig) send(msgs ...tea.Msg) {
	r.t.Helper()
	for _, msg := range msgs {
		_, cmd := r.m.Update(msg)
		r.run(cmd)
		r.settle()
	}
}

// press presses keys: names such as enter, or text to type.
func (r *rig) press(keys ...string) {
	r.t.Helper()
	for _, k := range keys {
		if kind, ok := named()[k]; ok {
			r.send(tea.KeyMsg{Type: kind})
			continue
		}
		for _, c := range k {
			r.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{c}})
		}
	}
}

func named() map[string]tea.KeyType {
	return map[string]tea.KeyType{
		"enter": tea.KeyEnter, "esc": tea.KeyEsc, "tab": tea.KeyTab, "shift+tab": tea.KeyShiftTab, "up": tea.KeyUp, "down": tea.KeyDown,
		"space": tea.KeySpace, "ctrl+c": tea.KeyCtrlC, "ctrl+y": tea.KeyCtrlY, "backspace": tea.KeyBackspace, "left": tea.KeyLeft, "right": tea.KeyRight,
	}
}

// paste pastes a text, as terminals do.
func (r *rig) paste(text string) {
	r.t.Helper()
	r.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text), Paste: true})
}

// pass lets time pass.
func (r *rig) pass(d time.Duration) {
	r.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); {
		time.Sleep(min(50*time.Millisecond, time.Until(end)))
		r.settle()
	}
}

// view is what is on the screen once everything was drawn; each line must be as wide as the screen at most.
func (r *rig) view() string {
	r.t.Helper()
	text := r.m.draw()
	lines := strings.Split(text, "\n")
	if len(lines) > r.m.height {
		r.t.Errorf("%d lines on a screen of %d:\n%s", len(lines), r.m.height, text)
	}
	for _, line := range lines {
		if n := draw.Width(line); n > r.m.width {
			r.t.Errorf("a line of %d cells on a screen of %d: %q", n, r.m.width, line)
		}
	}
	return text
}

// see checks what is on the screen, without colours.
func (r *rig) see(words ...string) {
	r.t.Helper()
	text := draw.Bare(r.view())
	for _, w := range words {
		if !strings.Contains(text, w) {
			r.t.Errorf("%q is not on the screen:\n%s", w, text)
		}
	}
}

// miss checks what is not.
func (r *rig) miss(words ...string) {
	r.t.Helper()
	text := draw.Bare(r.view())
	for _, w := range words {
		if strings.Contains(text, w) {
			r.t.Errorf("%q is on the screen:\n%s", w, text)
		}
	}
}

// fake is a daemon that tells what a test says, and writes down what it was asked to do.
type fake struct {
	Daemon    // what is not below is not asked for
	catalogue ctl.Catalogue
	failing   error // what it says instead of the catalogue

	mu       sync.Mutex // guards the fields below
	news     chan *ctl.Update
	down     bool
	ended    bool
	deeds    []string
	err      error // of the next deed
	accounts map[string]*ctl.Account
	all      []ctl.Key
	groups   []ctl.Group
	requests []ctl.Request
	usage    ctl.Usage
	login    ctl.Login
	polls    []ctl.LoginPoll
	added    []ctl.NewAccount
	made     []ctl.NewKey
	edits    []ctl.KeyEdit
	accEdits []ctl.AccountEdit
}

func newFake() *fake {
	few := daemon.Catalogue()
	few.Platforms = slices.DeleteFunc(few.Platforms, func(p ctl.Platform) bool {
		return !slices.Contains([]string{"bedrock", "claude", "claude-console", "openai"}, p.Name)
	})
	return &fake{news: make(chan *ctl.Update, 100), accounts: map[string]*ctl.Account{}, catalogue: few}
}

func (d *fake) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.ended && !d.down {
		close(d.news)
	}
	d.ended, d.down = true, true
}

func (d *fake) did() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.deeds)
}

func (d *fake) deed(text string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.deeds = append(d.deeds, text)
	err := d.err
	d.err = nil
	return err
}

// die has the daemon go away.
func (d *fake) die() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down = true
	close(d.news)
}

// revive has it come back, telling all it knows.
func (d *fake) revive(u *ctl.Update) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down, d.news = false, make(chan *ctl.Update, 100)
	d.news <- u
}

func (d *fake) Watch(ctx context.Context, _ ctl.WatchQuery) iter.Seq2[*ctl.Update, error] {
	return func(yield func(*ctl.Update, error) bool) {
		for {
			d.mu.Lock()
			news, down := d.news, d.down
			d.mu.Unlock()
			if down {
				yield(nil, ctl.Errorf(ctl.NotRunning, "no crs daemon listens on the socket"))
				return
			}
			select {
			case u, ok := <-news:
				if !ok {
					yield(nil, ctl.Errorf(ctl.NotRunning, "the daemon has gone away"))
					return
				}
				if !yield(u, nil) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

func (d *fake) Disconnect(_ context.Context, id string) error { return d.deed("disconnect " + id) }

func (d *fake) one(verb, name string, change func(*ctl.Account)) (ctl.Account, error) {
	err := d.deed(verb + " " + name)
	d.mu.Lock()
	defer d.mu.Unlock()
	a := *cmp.Or(d.accounts[name], &ctl.Account{ID: name, Name: name})
	if err == nil && change != nil {
		change(&a)
		d.accounts[name] = &a
	}
	return a, err
}

func (d *fake) Account(_ context.Context, name string) (ctl.Account, error) {
	return d.one("account", name, nil)
}

func (d *fake) EnableAccount(_ context.Context, name string) (ctl.Account, error) {
	return d.one("enable", name, func(a *ctl.Account) { a.Enabled, a.State = true, "ready" })
}

func (d *fake) DisableAccount(_ context.Context, name string) (ctl.Account, error) {
	return d.one("disable", name, func(a *ctl.Account) { a.Enabled, a.State = false, "disabled" })
}

func (d *fake) ThawAccount(_ context.Context, name string) (ctl.Account, error) {
	return d.one("thaw", name, func(a *ctl.Account) { a.State, a.Why, a.Until, a.Rests = "ready", "", nil, nil })
}

func (d *fake) RefreshAccount(_ context.Context, name string) (ctl.Account, error) {
	return d.one("refresh", name, nil)
}

func (d *fake) TestAccount(_ context.Context, name, _ string) (ctl.AccountTest, error) {
	return ctl.AccountTest{OK: true, Status: 200, Millis: 321}, d.deed("test " + name)
}

func (d *fake) RemoveAccount(_ context.Context, name string) error { return d.deed("remove " + name) }

func (d *fake) AddAccount(_ context.Context, a ctl.NewAccount) (ctl.Account, error) {
	err := d.deed("add " + a.Platform + " " + a.Name)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.added = append(d.added, a)
	return ctl.Account{ID: "acc_" + a.Name, Name: a.Name, Platform: a.Platform, State: "ready", Enabled: true}, err
}

func (d *fake) EditAccount(_ context.Context, name string, e ctl.AccountEdit) (ctl.Account, error) {
	d.mu.Lock()
	d.accEdits = append(d.accEdits, e)
	d.mu.Unlock()
	return d.one("edit", name, nil)
}

func (d *fake) BeginLogin(_ context.Context, l ctl.NewLogin) (ctl.Login, error) {
	err := d.deed("login " + l.Platform + " " + l.Name)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.added = append(d.added, l.NewAccount)
	got := d.login
	got.Platform, got.Name = l.Platform, l.Name
	return got, err
}

func (d *fake) FinishLogin(_ context.Context, id, code string) (ctl.LoggedIn, error) {
	err := d.deed("finish " + id + " " + code)
	return ctl.LoggedIn{Account: ctl.Account{ID: "acc_new", Name: "max", Platform: "claude", State: "ready"}}, err
}

func (d *fake) PollLogin(_ context.Context, id string) (ctl.LoginPoll, error) {
	err := d.deed("poll " + id)
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.polls[0]
	if len(d.polls) > 1 {
		d.polls = d.polls[1:]
	}
	return p, err
}

func (d *fake) CancelLogin(_ context.Context, id string) error { return d.deed("cancel " + id) }

func (d *fake) Catalogue(context.Context) (ctl.Catalogue, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.catalogue, d.failing
}

func (d *fake) Groups(context.Context) ([]ctl.Group, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.groups), nil
}

func (d *fake) CreateGroup(_ context.Context, g ctl.NewGroup) (ctl.Group, error) {
	return ctl.Group{Name: g.Name}, d.deed("group " + g.Name)
}

func (d *fake) DeleteGroup(_ context.Context, name string) error {
	return d.deed("delete group " + name)
}

func (d *fake) JoinGroup(_ context.Context, group, account string) (ctl.Group, error) {
	return ctl.Group{}, d.deed("join " + group + " " + account)
}

func (d *fake) LeaveGroup(_ context.Context, group, account string) (ctl.Group, error) {
	return ctl.Group{}, d.deed("leave " + group + " " + account)
}

func (d *fake) Keys(context.Context) ([]ctl.Key, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.all), nil
}

func (d *fake) CreateKey(_ context.Context, k ctl.NewKey) (ctl.IssuedKey, error) {
	err := d.deed("create " + k.Name)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.made = append(d.made, k)
	return ctl.IssuedKey{Key: ctl.Key{ID: "key_" + k.Name, Name: k.Name, State: "active"}, Secret: "cr_the_secret_of_" + k.Name}, err
}

func (d *fake) EditKey(_ context.Context, name string, e ctl.KeyEdit) (ctl.Key, error) {
	err := d.deed("edit " + name)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.edits = append(d.edits, e)
	return d.key(name, "active"), err
}

// key is called with mu held.
func (d *fake) key(id, state string) ctl.Key {
	for i := range d.all {
		if d.all[i].ID == id {
			d.all[i].State = state
			return d.all[i]
		}
	}
	return ctl.Key{ID: id, Name: id, State: state}
}

func (d *fake) keyed(verb, id, state string) (ctl.Key, error) {
	err := d.deed(verb + " " + id)
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.key(id, state), err
}

func (d *fake) RotateKey(_ context.Context, name string) (ctl.IssuedKey, error) {
	k, err := d.keyed("rotate", name, "active")
	return ctl.IssuedKey{Key: k, Secret: "cr_rotated"}, err
}

func (d *fake) EnableKey(_ context.Context, name string) (ctl.Key, error) {
	return d.keyed("enable", name, "active")
}

func (d *fake) DisableKey(_ context.Context, name string) (ctl.Key, error) {
	return d.keyed("disable", name, "disabled")
}

func (d *fake) DeleteKey(_ context.Context, name string) (ctl.Key, error) {
	return d.keyed("delete", name, "deleted")
}

func (d *fake) RestoreKey(_ context.Context, name string) (ctl.Key, error) {
	return d.keyed("restore", name, "active")
}

func (d *fake) PurgeKey(_ context.Context, name string) error { return d.deed("purge " + name) }

func (d *fake) Usage(_ context.Context, q ctl.UsageQuery) (ctl.Usage, error) {
	_ = d.deed("usage " + strings.Join(q.By, ",") + " " + q.Since)
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.usage, nil
}

func (d *fake) Requests(_ context.Context, q ctl.RequestQuery) ([]ctl.Request, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(d.requests), func(r ctl.Request) bool {
		return q.Key != "" && r.Key != q.Key || q.Account != "" && r.Account != q.Account
	}), nil
}

func (d *fake) Explain(_ context.Context, id string) (ctl.Explanation, error) {
	return explanation(), d.deed("explain " + id)
}

func (d *fake) ExplainWant(_ context.Context, q ctl.ExplainQuery) (ctl.Explanation, error) {
	return explanation(), d.deed("explain " + q.Key + " " + q.Model)
}

func explanation() ctl.Explanation {
	soon := noon.Add(5 * time.Minute)
	return ctl.Explanation{Chosen: "work", Why: "first in rank", Accounts: []ctl.Candidate{
		{Account: "work", Platform: "claude-console", Eligible: true, Rank: 1, Reason: "eligible"},
		{Account: "max", Platform: "claude", Reason: "cooling", Until: &soon, Detail: "429 rate_limit_error"},
	}}
}
