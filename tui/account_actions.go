package tui

import (
	"context"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"crs/ctl"
	"crs/tui/draw"
)

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
	if a.Why != "" {
		q.text += "\n\n" + a.State + ": " + a.Why
	}
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
	return change(m, question{title: "Drain", text: "Take " + a.Name + " out of use, and wait until it serves nothing any more?", yes: "drain"},
		a.ID, m.opt.Daemon.DisableAccount, func(m *Model, a ctl.Account) tea.Cmd {
			m.b.setAccount(&a)
			return m.push(&drain{a.ID, draw.Clean(a.Name)})
		})
}

// drain is the dialog that waits until an account serves nothing.
type drain struct{ id, name string }

func (d *drain) title() string       { return "Draining " + d.name }
func (d *drain) bindings() []binding { return []binding{{keys: "esc", short: "leave; it goes on"}} }
func (d *drain) size() (int, int)    { return 56, 5 }
func (d *drain) busy() bool          { return true }

func (d *drain) view(m *Model, width, _ int) []string {
	a := m.b.scene.Accounts[d.id]
	if a == nil {
		return []string{"The account is gone."}
	}
	if a.InUse == 0 {
		return []string{m.t.Good.Paint("It serves nothing any more.")}
	}
	return draw.Wrap(m.spinner()+" It is out of use, and still serves "+plural(a.InUse, "request")+".", width)
}

func (d *drain) take(m *Model, msg tea.Msg) tea.Cmd {
	if k, ok := msg.(tea.KeyMsg); ok && (k.String() == "esc" || k.String() == "enter" || k.String() == "q") {
		m.close(d)
	}
	return nil
}
