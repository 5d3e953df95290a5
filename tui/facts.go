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

// section is a heading with what is to be said of each of a list below it; nothing for an empty list.
func section[T any](t *draw.Theme, title string, all []T, say func(*T) []string) []string {
	if len(all) == 0 {
		return nil
	}
	lines := []string{"", t.Strong.Paint(title)}
	for i := range all {
		lines = append(lines, say(&all[i])...)
	}
	return lines
}

// newFlightDetail shows a request in flight, and which accounts would do for one like it.
func newFlightDetail(f *ctl.Flight) *detail {
	var e *ctl.Explanation
	q := ctl.ExplainQuery{Key: f.Key, Model: f.Model, Client: f.Client}
	d := newDetail("Request "+f.ID, func(m *Model, width int) []string {
		if now := m.b.scene.Flights[f.N]; now != nil && now.ID == f.ID {
			f = now
		} else if l := m.b.find(f.ID); l != nil {
			return requestText(m, l.request, e, width)
		}
		return append(flightText(m, f, width), sights(m, e, width)...)
	})
	d.load = loads(func(d Daemon, ctx context.Context) (ctl.Explanation, error) { return d.ExplainWant(ctx, q) },
		func(_ *Model, got ctl.Explanation) { e = &got })
	return d
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
	d.load = loads(func(d Daemon, ctx context.Context) (ctl.Explanation, error) { return d.Explain(ctx, r.ID) },
		func(_ *Model, got ctl.Explanation) { e = &got })
	return d
}

func requestText(m *Model, r *ctl.Request, e *ctl.Explanation, width int) []string {
	status := cmp.Or(word(r.Status != 0, strconv.Itoa(r.Status)), "none: the client left, or the daemon ended")
	lines := facts(m.t, width,
		fact{"began", clock(r.At, m.now())}, fact{"key", r.Key}, fact{"account", r.Account}, fact{"platform", r.Platform}, fact{"model", r.Model},
		fact{"asked for as", word(r.Upstream != r.Model, r.Upstream)}, fact{"client", r.Client}, fact{"status", status}, fact{"error", r.Error},
		fact{"first byte", took(r.FirstByteMS)}, fact{"took", took(r.TotalMS)},
		fact{"tokens", fmt.Sprintf("%s in, %s out, %s read from cache, %s written", whole(r.InputTokens), whole(r.OutputTokens), whole(r.CacheRead), whole(r.CacheWrite5m+r.CacheWrite1h))},
		fact{"counted by", r.Source}, fact{"billed for", billed(r)}, fact{"doubt", r.Doubt}, fact{"cost", r.Cost.String()}, fact{"charged", word(r.Charged != r.Cost, r.Charged.String())},
	)
	attempts := section(m.t, "Accounts that failed before", r.Attempts, func(a *ctl.Attempt) []string {
		return draw.Wrap(draw.Clean(fmt.Sprintf("%s after %s: %s", a.Account, took(max(a.AfterMS, 1)), a.Error)), width)
	})
	return slices.Concat(lines, attempts, sights(m, e, width))
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

// sights is what an explanation says of each account.
func sights(m *Model, e *ctl.Explanation, width int) []string {
	if e == nil {
		return nil
	}
	title := "Why " + cmp.Or(draw.Clean(e.Chosen), "no account") + word(e.Why != "", ": "+draw.Clean(e.Why))
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
	text := s.Reason + word(s.Detail != "", ": "+s.Detail) + word(s.Until != nil, ", until "+until(s.Until, m.now()))
	return beside(ink, mark+" "+draw.Clean(s.Account), draw.Clean(text), width)
}

const (
	mostErrors   = 10
	searchErrors = 500
)

// showWithErrors shows a text, and below it the last errors of the requests that a query is about.
func (m *Model) showWithErrors(name string, q ctl.RequestQuery, text func(m *Model, width int) []string) tea.Cmd {
	var errors []ctl.Request
	d := newDetail(name, func(m *Model, width int) []string {
		return append(text(m, width), section(m.t, "Last errors", errors, func(r *ctl.Request) []string { return errorLine(m, r, width) })...)
	})
	q.Limit = searchErrors
	d.load = loads(func(d Daemon, ctx context.Context) ([]ctl.Request, error) { return d.Requests(ctx, q) },
		func(_ *Model, got []ctl.Request) { errors = lastErrors(got) })
	return m.push(d)
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

func errorLine(m *Model, r *ctl.Request, width int) []string {
	l := requestLine(r)
	head := draw.Fit(clock(l.at, m.now()), 12) + draw.Fit(strconv.Itoa(r.Status), 4)
	return []string{m.t.Faint.Paint(head) + gradeInk(m.t, l.grade).Paint(draw.Cut(draw.Clean(r.Remark()), max(width-16, 8)))}
}

func (m *Model) showAccount(a *ctl.Account) tea.Cmd {
	return m.showWithErrors("Account "+draw.Clean(a.Name), ctl.RequestQuery{Account: a.ID}, func(m *Model, width int) []string {
		a = cmp.Or(m.b.scene.Accounts[a.ID], a)
		return accountText(m, a, width)
	})
}

func accountText(m *Model, a *ctl.Account, width int) []string {
	now := m.now()
	head := facts(m.t, width, fact{"platform", a.Platform}, fact{"credential", a.Credential})
	head = append(head, m.t.Faint.Paint(draw.Fit("state", factName))+stateInk(m.t, a.State).Paint(a.State))
	rest := facts(m.t, width,
		fact{"until", until(a.Until, now)}, fact{"why", a.Why}, fact{"serves now", a.Slots()}, fact{"last used", ago(a.LastUsed, now)},
		fact{"token ends", until(a.TokenExpiresAt, now)}, fact{"plan ends", until(a.EndsAt, now)}, fact{"priority", strconv.Itoa(a.Priority)},
		fact{"groups", strings.Join(a.Groups, ", ")}, fact{"models", strings.Join(a.Models, ", ")}, fact{"map", field.Joined(a.Map, ", ")}, fact{"options", field.Joined(a.Options, ", ")}, fact{"note", a.Note},
		fact{"base URL", a.BaseURL}, fact{"proxy", a.Proxy}, fact{"clients", word(a.AnyClient, "any")}, fact{"added", clock(a.CreatedAt, now)},
		fact{"failures", word(a.Failures > 0, strconv.Itoa(a.Failures)+" in a row")}, fact{"last error", word(a.LastError != "", ago(a.LastErrAt, now)+": "+a.LastError)},
	)
	windows := section(m.t, "Quota windows", a.Windows, func(w *ctl.Window) []string { return []string{windowLine(m, w, width)} })
	rests := section(m.t, "Rests", a.Rests, func(r *ctl.Cooldown) []string {
		return draw.Wrap(draw.Clean(cmp.Or(r.Scope, "everything")+restTimes(r, now)+": "+r.Evidence), width)
	})
	return slices.Concat(head, rest, windows, rests)
}

func windowLine(m *Model, w *ctl.Window, width int) string {
	line := draw.Fit(draw.Clean(w.Name), 6) + draw.Gauge(m.t, w.Used, min(24, max(width-36, 4))) + draw.FitRight(fmt.Sprintf("%.0f%%", w.Used*100), 5)
	return line + m.t.Faint.Paint(word(w.ResetsAt != nil, "  resets "+until(w.ResetsAt, m.now())))
}

// restTimes says until when a rest lasts. Of what only one key has met it says since when too: it is known for longer.
func restTimes(r *ctl.Cooldown, now time.Time) string {
	one := r.Key != ""
	return word(one, " since "+clock(r.Since, now)) + " until " + until(&r.Until, now) + word(one, ", and no other key so far")
}

func (m *Model) showKey(k *ctl.Key) tea.Cmd {
	shown := *k
	return m.showWithErrors("Key "+draw.Clean(k.Name), ctl.RequestQuery{Key: k.ID}, func(m *Model, width int) []string {
		if i := slices.IndexFunc(m.b.keys, func(x ctl.Key) bool { return x.ID == shown.ID }); i >= 0 {
			shown = m.b.keys[i]
		}
		return keyText(m, &shown, width)
	})
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
	lines = append(lines, "", m.t.Strong.Paint("Use of its limits"))
	return append(lines, limitLines(m, k, width)...)
}
