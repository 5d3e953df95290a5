package tui

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"crs/ctl"
	"crs/tui/draw"
)

// keysScreen shows every key, and how much of its limits it uses.
type keysScreen struct {
	sheet[ctl.Key]
	asked   bool      // the keys are being asked for
	next    time.Time // when they may be asked for again
	deleted bool      // deleted ones are shown too
}

func newKeys(c *ctl.Catalogue) *keysScreen {
	s := &keysScreen{}
	s.id = func(k *ctl.Key) string { return k.ID }
	s.empty = "There are no keys. Press a to make one; clients present it to the relay."
	s.columns = []column[ctl.Key]{
		{draw.Column{Name: "NAME", Width: 10, Most: 22}, func(_ *Model, k *ctl.Key) draw.Cell { return said1(k.Name) }, func(x, y *ctl.Key) int { return cmp.Compare(x.Name, y.Name) }},
		{draw.Column{Name: "KEY", Width: 10, Rank: 7}, func(m *Model, k *ctl.Key) draw.Cell { return draw.Cell{Text: draw.Clean(k.Hint), Ink: m.t.Faint} }, nil},
		{draw.Column{Name: "STATE", Width: 8}, func(m *Model, k *ctl.Key) draw.Cell { return draw.Cell{Text: k.State, Ink: keyInk(m.t, k.State)} }, func(x, y *ctl.Key) int { return cmp.Compare(x.State, y.State) }},
		{draw.Column{Name: "NOW", Width: 5, Right: true}, inFlight, func(x, y *ctl.Key) int { return cmp.Compare(y.Use.InFlight, x.Use.InFlight) }},
	}
	s.columns = append(s.columns, limitColumns(c)...)
	s.columns = append(s.columns, []column[ctl.Key]{
		{draw.Column{Name: "ENDS", Width: 12, Rank: 6}, ends, nil},
		{draw.Column{Name: "BOUND TO", Width: 10, Most: 18, Rank: 8}, func(_ *Model, k *ctl.Key) draw.Cell { return said1(boundTo(k)) }, nil},
		{draw.Column{Name: "TAGS", Width: 8, Most: 24, Rank: 9}, func(_ *Model, k *ctl.Key) draw.Cell { return said1(strings.Join(k.Tags, ",")) }, nil},
	}...)
	return s
}

func keyInk(t *draw.Theme, state string) draw.Ink {
	switch state {
	case "active":
		return t.Good
	case "expired":
		return t.Bad
	}
	return t.Faint
}

func inFlight(m *Model, k *ctl.Key) draw.Cell {
	c := draw.Cell{Text: strconv.Itoa(k.Use.InFlight)}
	if k.Limits.Concurrency > 0 {
		c.Text += "/" + strconv.Itoa(k.Limits.Concurrency)
	}
	if k.Use.Queued > 0 {
		c.Text, c.Ink = c.Text+"+"+strconv.Itoa(k.Use.Queued), m.t.Warn
	}
	return c
}

func ends(m *Model, k *ctl.Key) draw.Cell {
	switch life := time.Duration(k.Limits.ActivateForSeconds) * time.Second; {
	case k.ExpiresAt != nil && k.ExpiresAt.Before(m.now()):
		return draw.Cell{Text: ago(k.ExpiresAt, m.now()), Ink: m.t.Bad}
	case k.ExpiresAt != nil:
		return draw.Cell{Text: "in " + lasts(k.ExpiresAt.Sub(m.now()))}
	case life > 0:
		return draw.Cell{Text: lasts(life) + " of use"}
	}
	return draw.Cell{}
}

func boundTo(k *ctl.Key) string {
	switch {
	case k.Limits.Account != "":
		return k.Limits.Account
	case k.Limits.Group != "":
		return "group " + k.Limits.Group
	}
	return ""
}

// all are the keys that are shown.
func (s *keysScreen) all(m *Model) []*ctl.Key {
	all := make([]*ctl.Key, 0, len(m.b.keys))
	for i := range m.b.keys {
		if s.deleted || m.b.keys[i].State != "deleted" {
			all = append(all, &m.b.keys[i])
		}
	}
	return all
}

func (s *keysScreen) name() string { return "Keys" }

// enter asks for the keys. With very many of them that takes the daemon some time, and is done the less often.
func (s *keysScreen) enter(m *Model) tea.Cmd {
	now := m.opt.Now()
	if s.asked || now.Before(s.next) {
		return nil
	}
	s.asked = true
	return m.ask(func(ctx context.Context) tea.Msg {
		start := time.Now()
		all, err := m.opt.Daemon.Keys(ctx)
		return keysTold{s, all, time.Since(start), err}
	})
}

type keysTold struct {
	screen *keysScreen
	all    []ctl.Key
	took   time.Duration
	err    error
}

// keysShare is what share of the time the daemon may spend on telling of keys, at most, is one in so many.
const keysShare = 50

func (k keysTold) take(m *Model) tea.Cmd {
	k.screen.asked, k.screen.next = false, m.opt.Now().Add(k.took*keysShare)
	if k.err == nil {
		m.b.keys = k.all
	}
	return nil
}

func (s *keysScreen) key(m *Model, k tea.KeyMsg) tea.Cmd {
	s.sheet.key(k, len(s.rows(m, s.all(m))))
	return nil
}

func (s *keysScreen) view(m *Model, width, height int) []string {
	all := s.all(m)
	if k := s.pick(m, all); k != nil && height >= splitAt {
		return split(m, s.sheet.view(m, all, width, height/2), draw.Clean(k.Name), keyText(m, k, width-2), width, height)
	}
	return s.sheet.view(m, all, width, height)
}

func (s *keysScreen) bindings() []binding {
	on := func(do func(*Model, *ctl.Key) tea.Cmd) func(*Model) tea.Cmd {
		return func(m *Model) tea.Cmd {
			if k := s.pick(m, s.all(m)); k != nil {
				return do(m, k)
			}
			return nil
		}
	}
	return append([]binding{
		{keys: "a", short: "add", long: "make a key; it is shown once", do: func(m *Model) tea.Cmd { return m.newKey() }},
		{keys: "enter", short: "show", long: "everything about a key, with its last errors", do: on((*Model).showKey)},
		{keys: "e", short: "edit", long: "change its limits and what it may use", do: on((*Model).editKey)},
		{keys: "d", short: "on/off", long: "have it refused, or let it be used again", do: on((*Model).switchKey)},
		{keys: "r", short: "rotate", long: "give it a new secret; the old one is refused at once", do: on((*Model).rotateKey)},
		{keys: "D", short: "delete", long: "delete it; it can be restored", do: on((*Model).deleteKey)},
		{keys: "z", long: "restore it", do: on((*Model).restoreKey)},
		{keys: "P", long: "remove a deleted one for good", do: on((*Model).purgeKey)},
		{keys: "x", long: "show deleted ones too, or not", do: func(*Model) tea.Cmd { s.deleted = !s.deleted; return nil }},
	}, sheetBindings()...)
}

// changeKey is a question before a key is changed by one call.
func (m *Model) changeKey(k *ctl.Key, title, text, yes, did string, call func(context.Context, string) (ctl.Key, error)) tea.Cmd {
	id := k.ID
	return m.confirm(question{
		title: title, text: text, yes: yes, did: "key " + k.Name + " " + did,
		do: func(ctx context.Context) (any, error) {
			got, err := call(ctx, id)
			return &got, err
		},
	})
}

func (m *Model) switchKey(k *ctl.Key) tea.Cmd {
	if k.State == "disabled" {
		return m.changeKey(k, "Enable", "Let key "+k.Name+" be used again?", "enable", "can be used again", m.opt.Daemon.EnableKey)
	}
	return m.changeKey(k, "Disable", "Have key "+k.Name+" refused?", "disable", "is refused", m.opt.Daemon.DisableKey)
}

func (m *Model) deleteKey(k *ctl.Key) tea.Cmd {
	return m.changeKey(k, "Delete", "Delete key "+k.Name+"? It is refused from then on, and can be restored.", "delete", "is deleted", m.opt.Daemon.DeleteKey)
}

func (m *Model) restoreKey(k *ctl.Key) tea.Cmd {
	return m.changeKey(k, "Restore", "Restore key "+k.Name+"?", "restore", "is restored", m.opt.Daemon.RestoreKey)
}

func (m *Model) rotateKey(k *ctl.Key) tea.Cmd {
	id := k.ID
	return m.confirm(question{
		title: "Rotate", text: fmt.Sprintf("Give key %s a new secret? Whoever uses the old one is refused at once.", k.Name), yes: "rotate", did: "key " + k.Name + " has a new secret",
		do: func(ctx context.Context) (any, error) {
			got, err := m.opt.Daemon.RotateKey(ctx, id)
			return &got, err
		},
	})
}

func (m *Model) purgeKey(k *ctl.Key) tea.Cmd {
	id := k.ID
	return m.confirm(question{
		title: "Purge", text: "Remove key " + k.Name + " for good? Its usage stays.", yes: "purge", did: "key " + k.Name + " is removed",
		do: func(ctx context.Context) (any, error) { return nil, m.opt.Daemon.PurgeKey(ctx, id) },
	})
}
