package tui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"crs/ctl"
	"crs/tui/draw"
)

// draw gives the whole screen.
func (m *Model) draw() string {
	if m.width < 1 || m.height < 1 {
		return ""
	}
	top := m.head()
	room := max(m.height-len(top)-1, 0)
	body := draw.Sized(m.screen().view(m, m.width, room), m.width, room)
	if !m.link.up && m.link.was {
		body = m.grey(body)
	}
	if m.dialog() != nil && room > 0 {
		body = m.overlay(body, room)
	}
	lines := append(append(top, body...), m.foot())
	return strings.Join(lines[:min(len(lines), m.height)], "\n")
}

// grey takes the colours out of what is no longer true.
func (m *Model) grey(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = m.t.Faint.Paint(draw.Bare(line))
	}
	return out
}

// Below this height there is only one line above the screens.
const low = 16

// head is the lines above the screens: tabs and how the daemon is doing, and then what it is doing.
func (m *Model) head() []string {
	state := m.state()
	lines := []string{draw.Ends(m.tabs(), state, m.width)}
	if m.height < low {
		return lines
	}
	return append(lines, draw.Ends(m.figures(), m.t.Faint.Paint(m.about()), m.width), rule(m.t, "", m.width))
}

func (m *Model) tabs() string {
	var all []string
	for i, s := range m.screens {
		text := tab(i, s, m.width)
		switch {
		case i == m.open && m.t.Colours == draw.NoColours:
			text = "[" + strings.TrimSpace(text) + "]"
			all = append(all, m.t.Strong.Paint(text))
		case i == m.open:
			all = append(all, m.t.Tab.Paint(text))
		default:
			all = append(all, text)
		}
	}
	if m.width >= 80 {
		return m.t.Strong.Paint(" crs ") + strings.Join(all, "")
	}
	return strings.Join(all, " ")
}

// state says in a word whether all is well.
func (m *Model) state() string {
	now := m.opt.Now()
	switch quiet := m.link.quiet(now); {
	case !m.link.up && m.link.was:
		return m.t.Bad.Paint("✗ gone " + lasts(now.Sub(m.link.gone)) + " ")
	case !m.link.up && m.link.why != "":
		return m.t.Bad.Paint("✗ no daemon ")
	case !m.link.up:
		return m.t.Faint.Paint("connecting ")
	case quiet > 0:
		return m.t.Warn.Paint("? silent for " + lasts(quiet) + " ")
	}
	troubles := m.b.troubles()
	if len(troubles) == 0 {
		return m.t.Good.Paint("● well ")
	}
	if m.width < 80 {
		return m.t.Warn.Paint("▲ " + strconv.Itoa(len(troubles)) + " ")
	}
	return m.t.Warn.Paint("▲ " + draw.Cut(troubles[0], max(m.width-draw.Width(m.tabs())-5, 12)) + " ")
}

// figures is what the daemon is doing.
func (m *Model) figures() string {
	s, now := &m.b.scene.Status, m.now()
	part := func(name, value string) string { return m.t.Strong.Paint(value) + " " + m.t.Faint.Paint(name) }
	parts := []string{
		part("in flight", strconv.Itoa(s.InFlight)),
		part("req/s", rate(m.b.done.rate(now))),
		part("B/s", short(m.b.sent.rate(now))),
		part("ready", fmt.Sprintf("%d/%d", s.AccountsReady, s.Accounts)),
		part("today", money(m.b.today.Cost+m.b.costToday)),
	}
	if s.Waiting > 0 {
		parts = append(parts[:1], append([]string{m.t.Warn.Paint(strconv.Itoa(s.Waiting) + " waiting")}, parts[1:]...)...)
	}
	if m.width >= 110 {
		parts = append(parts, m.t.Accent.Paint(draw.Spark(m.b.sent.past(now), 20)))
	}
	return " " + strings.Join(parts, "  ")
}

func rate(v float64) string {
	if v < 10 {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return short(v)
}

// about is which daemon it is.
func (m *Model) about() string {
	s := &m.b.scene.Status
	up := time.Duration(s.UptimeSeconds*float64(time.Second)) + m.now().Sub(m.b.scene.StatusAt)
	return word(s.Version != "" && m.width >= 96, draw.Clean(fmt.Sprintf("%s, up %s ", s.Version, lasts(up))))
}

// rule is a line across the screen, with a word in it or without.
func rule(t *draw.Theme, word string, width int) string {
	if word == "" {
		return t.Edge.Paint(strings.Repeat("─", width))
	}
	return t.Edge.Paint("── ") + t.Faint.Paint(word) + t.Edge.Paint(" "+strings.Repeat("─", max(width-draw.Width(word)-4, 0)))
}

// splitAt is the height from which on a screen shows, below its table, what is chosen in it.
const splitAt = 24

// split puts a text below a table.
func split(m *Model, table []string, name string, text []string, width, height int) []string {
	lines := append(table, rule(m.t, name, width))
	for _, line := range text {
		lines = append(lines, "  "+line)
	}
	return draw.Sized(lines, width, height)
}

// foot is the last line: what was done, what is going on, or what keys do.
func (m *Model) foot() string {
	switch {
	case !m.link.up && m.link.was && m.dialog() == nil:
		return m.t.Bad.Paint(draw.Fit(" The daemon is gone; this is how it last was. Trying again…  q quit", m.width))
	case !m.link.up && m.link.why != "" && m.dialog() == nil:
		return m.t.Bad.Paint(draw.Fit(" "+m.link.why, m.width))
	case m.notice.text != "" && m.notice.grade == bad:
		return m.t.Bad.Paint(draw.Fit(" ✗ "+m.notice.text, m.width))
	case m.notice.text != "":
		return m.t.Good.Paint(draw.Fit(" ✓ "+m.notice.text, m.width))
	case m.jobs > 0:
		return m.t.Accent.Paint(draw.Fit(" "+m.spinner()+" working", m.width))
	}
	all := m.bindings()
	if d := m.dialog(); d != nil {
		all = d.bindings()
	} else {
		all = append(m.screen().bindings(), all...)
	}
	return draw.Fit(m.hints(all), m.width)
}

// hints are as many keys as there is room for.
func (m *Model) hints(all []binding) string {
	var b strings.Builder
	used := 0
	for _, k := range all {
		if k.short == "" {
			continue
		}
		name := strings.Fields(k.keys)[0]
		if used += draw.Width(name) + draw.Width(k.short) + 3; used > m.width {
			break
		}
		b.WriteString(" " + m.t.Accent.Paint(name) + " " + m.t.Faint.Paint(k.short) + " ")
	}
	return b.String()
}

// troubles are what is not well, the worst first.
func (b *state) troubles() []string {
	var all []string
	for _, c := range b.scene.Status.Conditions {
		switch own := pressInstead[c.Code]; {
		case c.Severity == ctl.SeverityNote:
		case own != "":
			all = append(all, own)
		default:
			all = append(all, strings.TrimPrefix(c.Sentence, "account ")) // there is little room
		}
	}
	return all
}

// pressInstead is what the dashboard says where a key of its own does what the hint says.
var pressInstead = map[string]string{"no_accounts": "no accounts: press 2, then a", "no_keys": "no keys: press 3, then a"}
