package tui

import (
	"context"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"crs/ctl"
	"crs/tui/draw"
)

// change is a question before an account is changed by one call.
func (m *Model) change(a *ctl.Account, title, text, yes, did string, call func(context.Context, string) (ctl.Account, error)) tea.Cmd {
	id := a.ID
	return m.confirm(question{
		title: title, text: text, yes: yes, did: "account " + a.Name + " " + did,
		do: func(ctx context.Context) (any, error) {
			got, err := call(ctx, id)
			return &got, err
		},
	})
}

func (m *Model) switchAccount(a *ctl.Account) tea.Cmd {
	if a.Enabled {
		return m.change(a, "Disable", "Take "+a.Name+" out of use? What it is serving goes on to its end.", "disable", "is out of use", m.opt.Daemon.DisableAccount)
	}
	return m.change(a, "Enable", "Take "+a.Name+" into use?", "enable", "is in use", m.opt.Daemon.EnableAccount)
}

func (m *Model) thawAccount(a *ctl.Account) tea.Cmd {
	text := "End every cool-down of " + a.Name + ", and forget what is held against it?"
	if a.Why != "" {
		text += "\n\n" + a.State + ": " + a.Why
	}
	return m.change(a, "Thaw", text, "thaw", "is thawed", m.opt.Daemon.ThawAccount)
}

func (m *Model) refreshAccount(a *ctl.Account) tea.Cmd {
	return m.change(a, "Refresh", "Renew the token of "+a.Name+" now?", "refresh", "has a new token", m.opt.Daemon.RefreshAccount)
}

func (m *Model) testAccount(a *ctl.Account) tea.Cmd {
	id, name := a.ID, a.Name
	return m.confirm(question{
		title: "Test", text: "Ask " + name + " for a few tokens? That is outside of every limit, and changes nothing about its state.", yes: "test",
		do: func(ctx context.Context) (any, error) {
			t, err := m.opt.Daemon.TestAccount(ctx, id, "")
			return verdict{name, t}, err
		},
	})
}

// verdict is what came of a test.
type verdict struct {
	name string
	ctl.AccountTest
}

func (v verdict) tell(m *Model) {
	switch {
	case v.OK:
		m.say(fine, fmt.Sprintf("account %s works; it answered in %s", v.name, took(max(v.Millis, 1))))
	case v.Status == 0:
		m.say(bad, fmt.Sprintf("account %s could not be asked: %s", v.name, v.Message))
	default:
		m.say(bad, fmt.Sprintf("account %s does not work: its provider answered %d %s", v.name, v.Status, v.Message))
	}
}

func (m *Model) removeAccount(a *ctl.Account) tea.Cmd {
	id := a.ID
	return m.confirm(question{
		title: "Remove", text: "Remove " + a.Name + " and its credential for good?", yes: "remove", did: "account " + a.Name + " is removed",
		do: func(ctx context.Context) (any, error) { return nil, m.opt.Daemon.RemoveAccount(ctx, id) },
	})
}

func (m *Model) drainAccount(a *ctl.Account) tea.Cmd {
	id, name := a.ID, a.Name
	return m.confirm(question{
		title: "Drain", text: "Take " + name + " out of use, and wait until it serves nothing any more?", yes: "drain",
		do: func(ctx context.Context) (any, error) {
			got, err := m.opt.Daemon.DisableAccount(ctx, id)
			return draining{&got}, err
		},
	})
}

// draining is an account that has just been taken out of use.
type draining struct{ account *ctl.Account }

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
