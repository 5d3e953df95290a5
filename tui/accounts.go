package tui

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"crs/ctl"
	"crs/tui/draw"
)

// accountsScreen shows every account, and how it is doing.
type accountsScreen struct{ sheet[ctl.Account] }

func newAccounts() *accountsScreen {
	s := &accountsScreen{}
	s.title, s.all = "Accounts", func(m *Model) []*ctl.Account { return m.b.accounts() }
	s.id = func(a *ctl.Account) string { return a.ID }
	s.about = func(m *Model, a *ctl.Account, width int) (string, []string) { return a.Name, accountText(m, a, width) }
	s.empty = "There are no accounts. Press a to add one: an API key, or a login in the browser."
	s.columns = []column[ctl.Account]{
		{draw.Column{Name: "NAME", Width: 10, Most: 22}, func(_ *Model, a *ctl.Account) draw.Cell { return plainCell(a.Name) }, func(x, y *ctl.Account) int { return cmp.Compare(x.Name, y.Name) }},
		{draw.Column{Name: "PLATFORM", Width: 14, Most: 16, Rank: 3}, func(_ *Model, a *ctl.Account) draw.Cell { return draw.Cell{Text: a.Platform} }, func(x, y *ctl.Account) int { return cmp.Compare(x.Platform, y.Platform) }},
		{draw.Column{Name: "STATE", Width: 11}, accountState, func(x, y *ctl.Account) int { return cmp.Compare(stateRank(x), stateRank(y)) }},
		{draw.Column{Name: "SLOTS", Width: 5, Right: true}, slots, func(x, y *ctl.Account) int { return cmp.Compare(y.InUse, x.InUse) }},
		{draw.Column{Name: "QUOTA WINDOWS", Width: 27, Most: 44, Rank: 1}, windows, func(x, y *ctl.Account) int { return cmp.Compare(mostUsed(y), mostUsed(x)) }},
		{draw.Column{Name: "USED", Width: 6, Right: true, Rank: 4}, lastUsed, nil},
		{draw.Column{Name: "PRIO", Width: 4, Right: true, Rank: 5}, func(_ *Model, a *ctl.Account) draw.Cell { return draw.Cell{Text: strconv.Itoa(a.Priority)} }, func(x, y *ctl.Account) int { return cmp.Compare(x.Priority, y.Priority) }},
		{draw.Column{Name: "GROUPS", Width: 8, Most: 14, Rank: 7}, func(_ *Model, a *ctl.Account) draw.Cell { return plainCell(strings.Join(a.Groups, ",")) }, nil},
		{draw.Column{Name: "WHY", Width: 14, Most: 80, Rank: 2}, why, nil},
	}
	return s
}

func stateInk(t *draw.Theme, state string) draw.Ink {
	if state == "disabled" || state == "deleted" {
		return t.Faint
	}
	return gradeInk(t, gradeOf(state))
}

// accountState tells what no state tells: that some models rest, or that it is being drained.
func accountState(m *Model, a *ctl.Account) draw.Cell {
	switch {
	case a.State == "ready" && len(a.Rests) > 0:
		return draw.Cell{Text: "ready, part", Ink: m.t.Warn}
	case a.State == "disabled" && a.InUse > 0:
		return draw.Cell{Text: "draining", Ink: m.t.Warn}
	}
	return draw.Cell{Text: a.State, Ink: stateInk(m.t, a.State)}
}

// stateRank sorts what needs somebody to the front, and what is out of use to the end.
func stateRank(a *ctl.Account) int {
	if a.State == "disabled" {
		return 1
	}
	return -int(gradeOf(a.State))
}

// slots is how many are taken, and of how many.
func slots(m *Model, a *ctl.Account) draw.Cell {
	c := draw.Cell{Text: a.Slots()}
	if a.MaxConcurrency > 0 && a.InUse >= a.MaxConcurrency {
		c.Ink = m.t.Warn
	}
	return c
}

// windows are how much of each quota window is used up, with gauges where there is room.
func windows(m *Model, a *ctl.Account) draw.Cell {
	write := func(gauge int) string {
		parts := make([]string, len(a.Windows))
		for i := range a.Windows {
			w := &a.Windows[i]
			parts[i] = draw.Clean(w.Name) + " "
			if gauge > 0 {
				parts[i] += draw.Gauge(m.t, w.Used, gauge) + " "
			}
			parts[i] += m.t.Level(w.Used).Paint(fmt.Sprintf("%.0f%%", w.Used*100))
		}
		return strings.Join(parts, "  ")
	}
	return draw.Cell{Text: draw.Bare(write(0)), Draw: func(width int) string {
		room := (width - draw.Width(write(0))) / max(len(a.Windows), 1)
		if room < 4 {
			return write(0)
		}
		return write(min(room-1, 12))
	}}
}

func mostUsed(a *ctl.Account) float64 {
	most := 0.0
	for i := range a.Windows {
		most = max(most, a.Windows[i].Used)
	}
	return most
}

func lastUsed(m *Model, a *ctl.Account) draw.Cell {
	if a.LastUsed == nil {
		return draw.Cell{Text: "never", Ink: m.t.Faint}
	}
	return draw.Cell{Text: lasts(m.now().Sub(*a.LastUsed))}
}

// why is what stands against it, and until when.
func why(m *Model, a *ctl.Account) draw.Cell {
	switch {
	case a.Until != nil:
		return draw.Cell{Text: draw.Clean("until " + until(a.Until, m.now()) + ": " + a.Why), Ink: m.t.Warn}
	case a.Why != "":
		return draw.Cell{Text: draw.Clean(a.Why), Ink: m.t.Bad}
	case len(a.Rests) > 0:
		r := &a.Rests[0]
		return draw.Cell{Text: draw.Clean(r.Scope + restTimes(r, m.now()) + ": " + r.Evidence), Ink: m.t.Warn}
	case a.LastError != "" && a.LastErrAt != nil:
		return draw.Cell{Text: draw.Clean(ago(a.LastErrAt, m.now()) + ": " + a.LastError), Ink: m.t.Faint}
	}
	return draw.Cell{}
}

func (s *accountsScreen) bindings() []binding {
	return append([]binding{
		{keys: "a", short: "add", long: "add an account, or log into one", do: (*Model).addAccount},
		{keys: "enter", short: "show", long: "everything about an account, with its last errors", do: s.on((*Model).showAccount)},
		{keys: "t", short: "test", long: "ask it for a few tokens", do: s.on((*Model).testAccount)},
		{keys: "d", short: "on/off", long: "take it out of use, or into use again", do: s.on((*Model).switchAccount)},
		{keys: "u", short: "thaw", long: "end its cool-downs, and what is held against it", do: s.on((*Model).thawAccount)},
		{keys: "w", short: "drain", long: "take it out of use and wait until it serves nothing", do: s.on((*Model).drainAccount)},
		{keys: "r", short: "refresh", long: "renew its token now", do: s.on((*Model).refreshAccount)},
		{keys: "l", short: "login", long: "log in again, for new tokens", do: s.on((*Model).loginAgain)},
		{keys: "e", short: "edit", long: "change its priority, slots, models, proxy …", do: s.on((*Model).editAccount)},
		{keys: "m", short: "groups", long: "put it into groups, or take it out", do: s.on((*Model).joinGroups)},
		{keys: "o", long: "the groups, and who is in them", do: (*Model).showGroups},
		{keys: "n", long: "make a group", do: (*Model).newGroup},
		{keys: "N", long: "delete a group", do: (*Model).deleteGroup},
		{keys: "D", long: "remove it and its credential", do: s.on((*Model).removeAccount)},
	}, sheetBindings()...)
}

// changeAccount is a question before an account is changed by one call. Its texts have a place for the account's name.
func (m *Model) changeAccount(a *ctl.Account, q question, call func(context.Context, string) (ctl.Account, error)) tea.Cmd {
	return change(m, q.about(a.Name), a.ID, call, (*Model).tookAccount)
}

func (m *Model) switchAccount(a *ctl.Account) tea.Cmd {
	if a.Enabled {
		return m.changeAccount(a, question{"Disable", "Take %s out of use? What it is serving goes on to its end.", "disable", "account %s is out of use"}, m.opt.Daemon.DisableAccount)
	}
	return m.changeAccount(a, question{"Enable", "Take %s into use?", "enable", "account %s is in use"}, m.opt.Daemon.EnableAccount)
}

func (m *Model) thawAccount(a *ctl.Account) tea.Cmd {
	q := question{"Thaw", "End every cool-down of %s, and forget what is held against it?", "thaw", "account %s is thawed"}.about(a.Name)
	q.text += word(a.Why != "", "\n\n"+a.State+": "+a.Why)
	return change(m, q, a.ID, m.opt.Daemon.ThawAccount, (*Model).tookAccount)
}

func (m *Model) refreshAccount(a *ctl.Account) tea.Cmd {
	return m.changeAccount(a, question{"Refresh", "Renew the token of %s now?", "refresh", "account %s has a new token"}, m.opt.Daemon.RefreshAccount)
}

func (m *Model) removeAccount(a *ctl.Account) tea.Cmd {
	return remove(m, question{"Remove", "Remove %s and its credential for good?", "remove", "account %s is removed"}.about(a.Name), a.ID, m.opt.Daemon.RemoveAccount)
}

func (m *Model) testAccount(a *ctl.Account) tea.Cmd {
	id, name := a.ID, a.Name
	return confirm(m, question{title: "Test", text: "Ask " + name + " for a few tokens? That is outside of every limit, and changes nothing about its state.", yes: "test"},
		func(ctx context.Context) (ctl.AccountTest, error) { return m.opt.Daemon.TestAccount(ctx, id, "") },
		func(m *Model, t ctl.AccountTest) tea.Cmd {
			m.tested(name, &t)
			return m.screen().enter(m)
		})
}

// tested says what came of a test.
func (m *Model) tested(name string, t *ctl.AccountTest) {
	switch {
	case t.OK:
		m.say(fine, fmt.Sprintf("account %s works; it answered in %s", name, took(max(t.Millis, 1))))
	case t.Status == 0:
		m.say(bad, fmt.Sprintf("account %s could not be asked: %s", name, t.Message))
	default:
		m.say(bad, fmt.Sprintf("account %s does not work: its provider answered %d %s", name, t.Status, t.Message))
	}
}

func (m *Model) drainAccount(a *ctl.Account) tea.Cmd {
	q := question{title: "Drain", text: "Take %s out of use, and wait until it serves nothing any more?", yes: "drain"}.about(a.Name)
	return change(m, q, a.ID, m.opt.Daemon.DisableAccount, func(m *Model, a ctl.Account) tea.Cmd {
		m.b.setAccount(&a)
		return m.push(newDrain(&a))
	})
}

// newDrain is the dialog that waits until an account serves nothing.
func newDrain(a *ctl.Account) *detail {
	text := func(m *Model, width, _ int) []string {
		switch now := m.b.scene.Accounts[a.ID]; {
		case now == nil:
			return []string{"The account is gone."}
		case now.InUse == 0:
			return []string{m.t.Good.Paint("It serves nothing any more.")}
		default:
			return draw.Wrap(m.spinner()+" It is out of use, and still serves "+plural(now.InUse, "request")+".", width)
		}
	}
	return &detail{
		name: "Draining " + draw.Clean(a.Name), wide: 56, high: 5, text: text, spins: true,
		keys: []binding{{keys: "esc", short: "leave; it goes on"}},
	}
}
