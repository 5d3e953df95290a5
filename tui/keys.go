package tui

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
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
	s.title, s.all = "Keys", s.shown
	s.id = func(k *ctl.Key) string { return k.ID }
	s.about = func(m *Model, k *ctl.Key, width int) (string, []string) { return k.Name, keyText(m, k, width) }
	s.empty = "There are no keys. Press a to make one; clients present it to the relay."
	s.columns = []column[ctl.Key]{
		{draw.Column{Name: "NAME", Width: 10, Most: 22}, func(_ *Model, k *ctl.Key) draw.Cell { return plainCell(k.Name) }, func(x, y *ctl.Key) int { return cmp.Compare(x.Name, y.Name) }},
		{draw.Column{Name: "KEY", Width: 10, Rank: 7}, func(m *Model, k *ctl.Key) draw.Cell { return draw.Cell{Text: draw.Clean(k.Hint), Ink: m.t.Faint} }, nil},
		{draw.Column{Name: "STATE", Width: 8}, func(m *Model, k *ctl.Key) draw.Cell { return draw.Cell{Text: k.State, Ink: stateInk(m.t, k.State)} }, func(x, y *ctl.Key) int { return cmp.Compare(x.State, y.State) }},
		{draw.Column{Name: "NOW", Width: 5, Right: true}, inFlight, func(x, y *ctl.Key) int { return cmp.Compare(y.Use.InFlight, x.Use.InFlight) }},
	}
	s.columns = append(s.columns, limitColumns(c)...)
	s.columns = append(s.columns, []column[ctl.Key]{
		{draw.Column{Name: "ENDS", Width: 12, Rank: 6}, ends, nil},
		{draw.Column{Name: "BOUND TO", Width: 10, Most: 18, Rank: 8}, func(_ *Model, k *ctl.Key) draw.Cell { return plainCell(boundTo(k)) }, nil},
		{draw.Column{Name: "TAGS", Width: 8, Most: 24, Rank: 9}, func(_ *Model, k *ctl.Key) draw.Cell { return plainCell(strings.Join(k.Tags, ",")) }, nil},
	}...)
	return s
}

func inFlight(m *Model, k *ctl.Key) draw.Cell {
	c := draw.Cell{Text: strconv.Itoa(k.Use.InFlight) + word(k.Limits.Concurrency > 0, "/"+strconv.Itoa(k.Limits.Concurrency))}
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
	return cmp.Or(k.Limits.Account, word(k.Limits.Group != "", "group "+k.Limits.Group))
}

// shown are the keys that are in the table.
func (s *keysScreen) shown(m *Model) []*ctl.Key {
	all := make([]*ctl.Key, 0, len(m.b.keys))
	for i := range m.b.keys {
		if s.deleted || m.b.keys[i].State != "deleted" {
			all = append(all, &m.b.keys[i])
		}
	}
	return all
}

// enter asks for the keys. With very many of them that takes the daemon some time, and is done the less often.
func (s *keysScreen) enter(m *Model) tea.Cmd {
	now := m.opt.Now()
	if s.asked || now.Before(s.next) {
		return nil
	}
	s.asked = true
	var took time.Duration
	return ask(m, func(ctx context.Context) ([]ctl.Key, error) {
		start := time.Now()
		defer func() { took = time.Since(start) }()
		return m.opt.Daemon.Keys(ctx)
	}, func(m *Model, all []ctl.Key, err error) tea.Cmd {
		s.asked, s.next = false, m.opt.Now().Add(took*keysShare)
		if err == nil {
			m.b.keys = all
		}
		return nil
	})
}

// keysShare is what share of the time the daemon may spend on telling of keys, at most, is one in so many.
const keysShare = 50

func (s *keysScreen) bindings() []binding {
	return append([]binding{
		{keys: "a", short: "add", long: "make a key; it is shown once", do: (*Model).newKey},
		{keys: "enter", short: "show", long: "everything about a key, with its last errors", do: s.on((*Model).showKey)},
		{keys: "e", short: "edit", long: "change its limits and what it may use", do: s.on((*Model).editKey)},
		{keys: "d", short: "on/off", long: "have it refused, or let it be used again", do: s.on((*Model).switchKey)},
		{keys: "r", short: "rotate", long: "give it a new secret; the old one is refused immediately", do: s.on((*Model).rotateKey)},
		{keys: "D", short: "delete", long: "delete it; it can be restored", do: s.on((*Model).deleteKey)},
		{keys: "z", long: "restore it", do: s.on((*Model).restoreKey)},
		{keys: "P", long: "remove a deleted one for good", do: s.on((*Model).purgeKey)},
		{keys: "x", long: "show deleted ones too, or not", do: func(*Model) tea.Cmd { s.deleted = !s.deleted; return nil }},
	}, sheetBindings()...)
}

// changeKey is a question before a key is changed by one call. Its texts have a place for the key's name.
func (m *Model) changeKey(k *ctl.Key, q question, call func(context.Context, string) (ctl.Key, error)) tea.Cmd {
	return change(m, q.about(k.Name), k.ID, call, (*Model).tookKey)
}

func (m *Model) switchKey(k *ctl.Key) tea.Cmd {
	if k.State == "disabled" {
		return m.changeKey(k, question{"Enable", "Let key %s be used again?", "enable", "key %s can be used again"}, m.opt.Daemon.EnableKey)
	}
	return m.changeKey(k, question{"Disable", "Have key %s refused?", "disable", "key %s is refused"}, m.opt.Daemon.DisableKey)
}

func (m *Model) deleteKey(k *ctl.Key) tea.Cmd {
	return m.changeKey(k, question{"Delete", "Delete key %s? It is refused from then on, and can be restored.", "delete", "key %s is deleted"}, m.opt.Daemon.DeleteKey)
}

func (m *Model) restoreKey(k *ctl.Key) tea.Cmd {
	return m.changeKey(k, question{"Restore", "Restore key %s?", "restore", "key %s is restored"}, m.opt.Daemon.RestoreKey)
}

func (m *Model) rotateKey(k *ctl.Key) tea.Cmd {
	q := question{"Rotate", "Give key %s a new secret? Whoever uses the old one is refused immediately.", "rotate", "key %s has a new secret"}
	return change(m, q.about(k.Name), k.ID, m.opt.Daemon.RotateKey, (*Model).tookIssued)
}

func (m *Model) purgeKey(k *ctl.Key) tea.Cmd {
	return remove(m, question{"Purge", "Remove key %s for good? Its usage stays.", "purge", "key %s is removed"}.about(k.Name), k.ID, m.opt.Daemon.PurgeKey)
}

// newIssued shows a new key, this once.
func newIssued(k *ctl.IssuedKey) *detail {
	name, copied := draw.Clean(k.Name), false
	d := &detail{name: "Key " + name, wide: 66, high: 8}
	d.text = func(m *Model, width, _ int) []string {
		lines := append(draw.Wrap("This is the key. It is shown this once, and cannot be shown again:", width), "")
		lines = append(append(lines, paintAll(m.t.Strong, draw.Break(k.Secret, width))...), "")
		hint := m.t.Accent.Paint("c") + " copies it"
		if copied {
			hint = m.t.Good.Paint("✓ it is copied")
		}
		told := draw.Wrap("How a client is told of it: crs env "+name+" --client "+m.b.firstClient(), width)
		return append(append(lines, hint), paintAll(m.t.Faint, told)...)
	}
	d.keys = []binding{
		{keys: "c", short: "copy", do: func(m *Model) tea.Cmd {
			copied = true
			return m.copy(k.Secret)
		}},
		{keys: "esc", short: "it is kept; close", do: func(m *Model) tea.Cmd {
			m.close(d)
			m.notice.until = m.opt.Now().Add(2 * time.Second)
			return nil
		}},
		{keys: "enter q", do: func(m *Model) tea.Cmd {
			if copied { // or one key too many in the form before would be the end of it
				m.close(d)
			}
			return nil
		}},
	}
	return d
}

// firstClient is the name of the client that comes first.
func (b *state) firstClient() string {
	if len(b.catalogue.Clients) == 0 {
		return "CLIENT"
	}
	return b.catalogue.Clients[0].Name
}

// limitColumns are those of the table of keys for limits that have a name. The main ones stay the longest where there is little room,
// and can be sorted by.
func limitColumns(c *ctl.Catalogue) []column[ctl.Key] {
	main := c.MainLimits()
	var all []column[ctl.Key]
	rank := 3
	for i := range c.NamedLimits {
		n := &c.NamedLimits[i]
		x := column[ctl.Key]{
			Column: draw.Column{Name: n.Title, Width: 15},
			cell:   func(m *Model, k *ctl.Key) draw.Cell { l := k.Use.Limit(n.Limit); return used(m.t, &l) },
		}
		if c.Money(n) {
			x.Width = 17
		}
		if at := slices.Index(main, *n); at >= 0 {
			x.Rank, x.order = 2*at, moreUsed(n.Limit)
		} else {
			x.Rank, rank = rank, rank+1
		}
		all = append(all, x)
	}
	return all
}

// moreUsed is the order in which the key that has used most comes first.
func moreUsed(limit string) func(x, y *ctl.Key) int {
	of := func(k *ctl.Key) float64 {
		l := k.Use.Limit(limit)
		n, _ := l.Used.Float64()
		return n
	}
	return func(x, y *ctl.Key) int { return cmp.Compare(of(y), of(x)) }
}

// used is how much of a limit is used, with a gauge when it limits.
func used(t *draw.Theme, l *ctl.LimitUse) draw.Cell {
	text, share := usedOf(l), l.Share()
	if !limits(l) {
		return draw.Cell{Text: text}
	}
	text += "/" + mostOf(l)
	return draw.Cell{Text: text, Ink: t.Level(share), Draw: func(width int) string {
		if room := width - draw.Width(text) - 1; room >= 3 {
			return draw.Gauge(t, share, min(room, 8)) + " " + t.Level(share).Paint(text)
		}
		return text
	}}
}

func limits(l *ctl.LimitUse) bool {
	n, _ := l.Max.Float64()
	return n > 0
}

func usedOf(l *ctl.LimitUse) string { return quantity(l.Used, l.USD) }
func mostOf(l *ctl.LimitUse) string { return quantity(l.Max, l.USD) }

// quantity writes how much there is of what a limit counts; "" where nothing is known.
func quantity(n json.Number, usd bool) string {
	switch {
	case n == "":
		return ""
	case usd:
		return money(ctl.Dollars(n))
	}
	v, _ := n.Float64()
	return short(v)
}

// limitLines are the use that a key makes of each of its limits, under each other.
func limitLines(m *Model, k *ctl.Key, width int) []string {
	all := slices.Concat([]ctl.LimitUse{atOnce(k)}, k.Use.Limits)
	name := factName
	for i := range all {
		name = max(name, min(draw.Width(draw.Clean(all[i].Label))+1, width/2))
	}
	var lines []string
	for i := range all {
		lines = append(lines, limitLine(m, &all[i], name, width))
	}
	return append(lines, m.t.Faint.Paint(draw.Fit("reserved", name))+money(k.Use.Reserved))
}

func limitLine(m *Model, l *ctl.LimitUse, name, width int) string {
	line := m.t.Faint.Paint(draw.Fit(draw.Clean(l.Label), name))
	if !limits(l) {
		return line + usedOf(l)
	}
	line += draw.Gauge(m.t, l.Share(), min(20, max(width-name-21, 4))) + " " + usedOf(l) + " of " + mostOf(l)
	if l.EndsAt == nil || l.Share() == 0 {
		return line
	}
	if anew := "  anew " + until(l.EndsAt, m.now()); draw.Width(line)+draw.Width(anew) <= width {
		line += m.t.Faint.Paint(anew)
	}
	return line
}

// atOnce is the limit of requests in flight, written as the others are.
func atOnce(k *ctl.Key) ctl.LimitUse {
	return ctl.LimitUse{Label: "concurrency", Used: number(k.Use.InFlight), Max: number(k.Limits.Concurrency)}
}

func number(n int) json.Number { return json.Number(strconv.Itoa(n)) }
