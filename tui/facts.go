package tui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"crs/ctl"
	"crs/ctl/field"
	"crs/tui/draw"
)

// fact is a line that says one thing. One that says nothing is left out.
type fact struct{ name, value string }

const factName = 15

func facts(t *draw.Theme, width int, all ...fact) []string {
	var lines []string
	for _, f := range all {
		if f.value == "" {
			continue
		}
		lines = append(lines, beside(t.Faint, f.name, draw.Clean(f.value), width)...)
	}
	return lines
}

// beside wraps a text beside a name, which stands on the first of its lines.
func beside(ink draw.Ink, name, text string, width int) (lines []string) {
	for _, part := range draw.Wrap(text, max(width-factName, 8)) {
		lines = append(lines, ink.Paint(draw.Fit(name, factName))+part)
		name = ""
	}
	return lines
}

func heading(t *draw.Theme, text string) []string { return []string{"", t.Strong.Paint(text)} }

// newFlightDetail shows a request in flight, and which accounts would do for one like it.
func newFlightDetail(f *ctl.Flight) *detail {
	var e *ctl.Explanation
	n := f.N
	d := newDetail("Request "+f.ID, func(m *Model, width int) []string {
		if now := m.b.scene.Flights[n]; now != nil && now.ID == f.ID {
			f = now
		} else if l := m.b.find(f.ID); l != nil {
			return requestText(m, l.request, e, width)
		}
		return append(flightText(m, f, width), sights(m, e, width)...)
	})
	d.load = func(m *Model, d *detail) tea.Cmd {
		q := ctl.ExplainQuery{Key: f.Key, Model: f.Model, Client: f.Client}
		return ask(m, func(ctx context.Context) (ctl.Explanation, error) { return m.opt.Daemon.ExplainWant(ctx, q) }, loading(d, &e))
	}
	return d
}

// loading puts what a detail has asked for where it is shown.
func loading[T any](d *detail, into **T) func(*Model, T, error) tea.Cmd {
	return func(_ *Model, got T, err error) tea.Cmd {
		if d.loaded(err); err == nil {
			*into = &got
		}
		return nil
	}
}

// find gives the line of a request that has ended.
func (b *state) find(id string) *line {
	for i := range slices.Backward(b.log) {
		if r := b.log[i].request; r != nil && r.ID == id {
			return &b.log[i]
		}
	}
	return nil
}

func flightText(m *Model, f *ctl.Flight, width int) []string {
	now := m.now()
	fl := m.b.flows[f.N]
	lines := facts(m.t, width,
		fact{"key", f.Key}, fact{"account", cmp.Or(f.Account, "none yet")}, fact{"model", f.Model}, fact{"client", f.Client},
		fact{"phase", f.Phase}, fact{"for", lasts(now.Sub(f.At))}, fact{"first byte", took(f.FirstByteMS)}, fact{"sent", bytes(float64(f.Sent))},
	)
	if pause := silent(f, now); pause >= stalledAfter {
		lines = append(lines, m.t.Warn.Paint("Nothing has come for "+lasts(pause)+"."))
	}
	if f.Attempts > 0 {
		lines = append(lines, m.t.Warn.Paint(plural(f.Attempts, "account")+" failed before."))
	}
	if fl != nil && f.Sent > 0 {
		pace := short(fl.rate(now)) + " bytes/s"
		if n, ok := m.b.sizes.tokens(f.Model, fl.rate(now)); ok {
			pace += ", about " + short(n) + " tokens/s"
		}
		spark := draw.Spark(fl.past(now), min(flowLen-1, max(width-factName-draw.Width(pace)-1, 0)))
		lines = append(lines, "", m.t.Faint.Paint(draw.Fit("pace", factName))+m.t.Accent.Paint(spark)+" "+pace)
	}
	return lines
}

// newRequestDetail shows a request that has ended, and why it went where it went.
func newRequestDetail(r *ctl.Request) *detail {
	var e *ctl.Explanation
	d := newDetail("Request "+r.ID, func(m *Model, width int) []string { return requestText(m, r, e, width) })
	d.load = func(m *Model, d *detail) tea.Cmd {
		return ask(m, func(ctx context.Context) (ctl.Explanation, error) { return m.opt.Daemon.Explain(ctx, r.ID) }, loading(d, &e))
	}
	return d
}

func requestText(m *Model, r *ctl.Request, e *ctl.Explanation, width int) []string {
	status := strconv.Itoa(r.Status)
	if r.Status == 0 {
		status = "none: the client left, or the daemon ended"
	}
	lines := facts(m.t, width,
		fact{"began", clock(r.At, m.now())}, fact{"key", r.Key}, fact{"account", r.Account}, fact{"platform", r.Platform}, fact{"model", r.Model},
		fact{"asked for as", different(r.Upstream, r.Model)}, fact{"client", r.Client}, fact{"status", status}, fact{"error", r.Error},
		fact{"first byte", took(r.FirstByteMS)}, fact{"took", took(r.TotalMS)},
		fact{"tokens", fmt.Sprintf("%s in, %s out, %s read from cache, %s written", whole(r.InputTokens), whole(r.OutputTokens), whole(r.CacheRead), whole(r.CacheWrite5m+r.CacheWrite1h))},
		fact{"counted by", r.Source}, fact{"billed for", billed(r)}, fact{"doubt", r.Doubt}, fact{"cost", r.Cost.String()}, fact{"charged", different(r.Charged.String(), r.Cost.String())},
	)
	if len(r.Attempts) > 0 {
		lines = append(lines, heading(m.t, "Accounts that failed before")...)
		for _, a := range r.Attempts {
			lines = append(lines, draw.Wrap(draw.Clean(fmt.Sprintf("%s after %s: %s", a.Account, took(max(a.AfterMS, 1)), a.Error)), width)...)
		}
	}
	return append(lines, sights(m, e, width)...)
}

// billed is what a request is billed for that is more than tokens of one model.
func billed(r *ctl.Request) string {
	if !r.Several() {
		return ""
	}
	var all []string
	for _, i := range r.Items {
		all = append(all, fmt.Sprintf("%s %s of %s", whole(i.Amount), strings.ReplaceAll(i.Kind, "_", " "), i.Model))
	}
	return strings.Join(all, ", ")
}

func different(text, from string) string {
	if text == from {
		return ""
	}
	return text
}

// sights is what an explanation says of each account.
func sights(m *Model, e *ctl.Explanation, width int) []string {
	if e == nil {
		return nil
	}
	title := "Why " + cmp.Or(draw.Clean(e.Chosen), "no account")
	if e.Why != "" {
		title += ": " + draw.Clean(e.Why)
	}
	lines := append([]string{""}, paintAll(m.t.Strong, draw.Wrap(title, width))...)
	for i := range e.Accounts {
		lines = append(lines, sight(m, &e.Accounts[i], width)...)
	}
	return lines
}

func sight(m *Model, s *ctl.Candidate, width int) []string {
	mark, ink := "✗", m.t.Faint
	if s.Eligible {
		mark, ink = "●", m.t.Good
	}
	text := s.Reason
	if s.Detail != "" {
		text += ": " + s.Detail
	}
	if s.Until != nil {
		text += ", until " + until(s.Until, m.now())
	}
	return beside(ink, mark+" "+draw.Clean(s.Account), draw.Clean(text), width)
}

const (
	mostErrors   = 10
	searchErrors = 500
)

// loadErrors asks for them, newest first.
func loadErrors(q ctl.RequestQuery, into *[]ctl.Request) func(*Model, *detail) tea.Cmd {
	q.Limit = searchErrors
	return func(m *Model, d *detail) tea.Cmd {
		return ask(m, func(ctx context.Context) ([]ctl.Request, error) { return m.opt.Daemon.Requests(ctx, q) }, func(_ *Model, got []ctl.Request, err error) tea.Cmd {
			d.loaded(err)
			*into = lastErrors(got)
			return nil
		})
	}
}

// lastErrors are those of some requests that went wrong, newest first.
func lastErrors(all []ctl.Request) (found []ctl.Request) {
	for _, r := range slices.Backward(all) {
		if len(found) < mostErrors && (r.Error != "" || r.Status >= 400 || len(r.Attempts) > 0) {
			found = append(found, r)
		}
	}
	return found
}

func errorLines(m *Model, all []ctl.Request, width int) []string {
	if len(all) == 0 {
		return nil
	}
	lines := heading(m.t, "Last errors")
	for i := range all {
		r := &all[i]
		l := requestLine(r)
		head := draw.Fit(clock(l.at, m.now()), 12) + draw.Fit(strconv.Itoa(r.Status), 4)
		lines = append(lines, m.t.Faint.Paint(head)+gradeInk(m.t, l.grade).Paint(draw.Cut(draw.Clean(r.Remark()), max(width-16, 8))))
	}
	return lines
}

func (m *Model) showAccount(a *ctl.Account) tea.Cmd {
	id := a.ID
	var errors []ctl.Request
	d := newDetail("Account "+draw.Clean(a.Name), func(m *Model, width int) []string {
		if now := m.b.scene.Accounts[id]; now != nil {
			a = now
		}
		return append(accountText(m, a, width), errorLines(m, errors, width)...)
	})
	d.load = loadErrors(ctl.RequestQuery{Account: id}, &errors)
	return m.push(d)
}

func accountText(m *Model, a *ctl.Account, width int) []string {
	now := m.now()
	lines := facts(m.t, width, fact{"platform", a.Platform}, fact{"credential", a.Credential})
	lines = append(lines, m.t.Faint.Paint(draw.Fit("state", factName))+stateInk(m.t, a.State).Paint(a.State))
	lines = append(lines, facts(m.t, width,
		fact{"until", until(a.Until, now)}, fact{"why", a.Why}, fact{"serves now", slots(m, a).Text}, fact{"last used", ago(a.LastUsed, now)},
		fact{"token ends", until(a.TokenExpiresAt, now)}, fact{"plan ends", until(a.EndsAt, now)}, fact{"priority", strconv.Itoa(a.Priority)},
		fact{"groups", strings.Join(a.Groups, ", ")}, fact{"models", strings.Join(a.Models, ", ")}, fact{"map", field.Joined(a.Map, ", ")}, fact{"options", field.Joined(a.Options, ", ")}, fact{"note", a.Note},
		fact{"base URL", a.BaseURL}, fact{"proxy", a.Proxy}, fact{"clients", word(a.AnyClient, "any")}, fact{"added", clock(a.CreatedAt, now)},
		fact{"failures", word(a.Failures > 0, strconv.Itoa(a.Failures)+" in a row")},
	)...)
	if a.LastError != "" {
		lines = append(lines, facts(m.t, width, fact{"last error", ago(a.LastErrAt, now) + ": " + a.LastError})...)
	}
	if len(a.Windows) > 0 {
		lines = append(lines, heading(m.t, "Quota windows")...)
	}
	for i := range a.Windows {
		w := &a.Windows[i]
		line := draw.Fit(draw.Clean(w.Name), 6) + draw.Gauge(m.t, w.Used, min(24, max(width-36, 4))) + draw.FitRight(fmt.Sprintf("%.0f%%", w.Used*100), 5)
		if w.ResetsAt != nil {
			line += m.t.Faint.Paint("  resets " + until(w.ResetsAt, now))
		}
		lines = append(lines, line)
	}
	if len(a.Rests) > 0 {
		lines = append(lines, heading(m.t, "Rests")...)
	}
	for i := range a.Rests {
		r := &a.Rests[i]
		lines = append(lines, draw.Wrap(draw.Clean(cmp.Or(r.Scope, "everything")+restTimes(r, now)+": "+r.Evidence), width)...)
	}
	return lines
}

// restTimes says until when a rest lasts. Of what only one key has met it says since when too: it is known for longer.
func restTimes(r *ctl.Cooldown, now time.Time) string {
	text := " until " + until(&r.Until, now)
	if r.Key != "" {
		text = " since " + clock(r.Since, now) + text + ", and no other key so far"
	}
	return text
}

func word(yes bool, text string) string {
	if yes {
		return text
	}
	return ""
}

func (m *Model) showKey(k *ctl.Key) tea.Cmd {
	name, shown := k.ID, *k
	var errors []ctl.Request
	d := newDetail("Key "+draw.Clean(k.Name), func(m *Model, width int) []string {
		for i := range m.b.keys {
			if m.b.keys[i].ID == name {
				shown = m.b.keys[i]
			}
		}
		return append(keyText(m, &shown, width), errorLines(m, errors, width)...)
	})
	d.load = loadErrors(ctl.RequestQuery{Key: name}, &errors)
	return m.push(d)
}

func keyText(m *Model, k *ctl.Key, width int) []string {
	l, now := &k.Limits, m.now()
	lines := facts(m.t, width,
		fact{"key", k.Hint}, fact{"state", k.State}, fact{"tags", strings.Join(k.Tags, ", ")}, fact{"made", clock(k.CreatedAt, now)},
		fact{"first used", ago(k.ActivatedAt, now)}, fact{"ends", cmp.Or(until(k.ExpiresAt, now), ends(m, k).Text)}, fact{"bound to", boundTo(k)},
		fact{"permissions", strings.Join(l.Permissions, ", ")}, fact{"clients", strings.Join(l.Clients, ", ")},
		fact{"allowed models", strings.Join(l.AllowModels, ", ")}, fact{"denied models", strings.Join(l.DenyModels, ", ")},
		fact{"multiplier", word(l.Multiplier != 1, strconv.FormatFloat(l.Multiplier, 'g', -1, 64))},
		fact{"queue", word(l.Queue > 0, fmt.Sprintf("%s, %s each", plural(l.Queue, "request"), lasts(time.Duration(l.QueueWaitSeconds*float64(time.Second)))))},
	)
	lines = append(lines, heading(m.t, "Use of its limits")...)
	return append(lines, limitLines(m, k, width)...)
}
