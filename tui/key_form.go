package tui

import (
	"context"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/huh"

	"crs/ctl"
	"crs/tui/draw"
)

// keyFields is what a form for a key holds.
type keyFields struct {
	name, tags, expires               string
	rpm, tpm, concurrency, queue      string
	day, week, total, multiplier      string
	permissions, allow, deny, clients string
	bound                             string // account:NAME, group:NAME, or ""
}

func (m *Model) newKey() tea.Cmd {
	x := &keyFields{multiplier: "1"}
	return m.keyForm("Make a key", x, true, func(ctx context.Context) (any, error) {
		e, err := x.edit(m.now())
		if err != nil {
			return nil, err
		}
		got, err := m.opt.Daemon.CreateKey(ctx, ctl.NewKey{Name: strings.TrimSpace(x.name), KeyEdit: e})
		return &got, err
	})
}

func (m *Model) editKey(k *ctl.Key) tea.Cmd {
	x := fieldsOf(k, m.now())
	before, id, version := *x, k.ID, k.Version
	return m.keyForm("Edit key "+draw.Clean(k.Name), x, false, func(ctx context.Context) (any, error) {
		e, err := x.edit(m.now())
		if err != nil {
			return nil, err
		}
		e = x.changes(&before, e)
		e.Version = &version
		got, err := m.opt.Daemon.EditKey(ctx, id, e)
		return &got, err
	})
}

// keyForm asks for the groups first: a key can be bound to one.
func (m *Model) keyForm(title string, x *keyFields, fresh bool, send func(context.Context) (any, error)) tea.Cmd {
	f := &form{
		name: title, high: 10,
		build: func() *huh.Form { return huh.NewForm(x.pages(m.b, fresh)...) },
		send:  send,
		then: func(m *Model, got any) tea.Cmd {
			did := "key " + strings.TrimSpace(x.name) + " is made"
			if !fresh {
				did = "key " + x.name + " is changed"
			}
			return done{got: got, did: did}.take(m)
		},
	}
	return m.withGroups(f)
}

// formReady opens a form that needed the groups.
type formReady struct {
	form   *form
	groups []ctl.Group
	err    error
}

func (r formReady) take(m *Model) tea.Cmd {
	if r.err != nil {
		m.fail(r.err)
		return nil
	}
	m.b.group = r.groups
	return m.push(r.form)
}

func (x *keyFields) pages(b *board, fresh bool) []*huh.Group {
	first := []huh.Field{text("tags", &x.tags, nil).Placeholder("none"), text("ends", &x.expires, validEnd).Placeholder("never; or 30d, or 2026-12-31")}
	if fresh {
		first = append([]huh.Field{text("name", &x.name, validName)}, first...)
	}
	bound := []huh.Option[string]{huh.NewOption("all accounts", "")}
	for _, g := range b.group {
		bound = append(bound, huh.NewOption("group "+draw.Clean(g.Name), "group:"+g.Name))
	}
	for _, a := range b.accounts() {
		bound = append(bound, huh.NewOption("account "+draw.Clean(a.Name), "account:"+a.Name))
	}
	return []*huh.Group{
		huh.NewGroup(first...),
		huh.NewGroup(
			text("requests a minute", &x.rpm, validCount), text("tokens a minute", &x.tpm, validCount), text("at once", &x.concurrency, validCount),
			text("waiting for that", &x.queue, validCount), text("$ a day", &x.day, validMoney), text("$ a week", &x.week, validMoney), text("$ in all", &x.total, validMoney),
		).Title("Limits; nothing is no limit"),
		huh.NewGroup(
			choice(draw.Fit("served by", titleWidth), &x.bound, bound...).Inline(true),
			text("permissions", &x.permissions, nil).Placeholder("all"), text("allowed models", &x.allow, nil).Placeholder("all"),
			text("denied models", &x.deny, nil).Placeholder("none"), text("clients", &x.clients, nil).Placeholder("all"),
			text("charged times", &x.multiplier, validFactor),
		).Title("What it may use"),
	}
}

func validMoney(text string) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	_, err := ctl.ParseUSD(text)
	return err
}

func validFactor(text string) error {
	if v, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err != nil || v <= 0 {
		return errors.New("this must be a number such as 1 or 1.5")
	}
	return nil
}

func validEnd(text string) error {
	_, err := parseEnd(text, time.Now())
	return err
}

// parseEnd reads in how many days or hours something ends, or a day, all of which still counts. Nothing and never are the
// zero time.
func parseEnd(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "" || text == "never" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, now.Location()); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 {
			return now.AddDate(0, 0, n), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return now.Add(d), nil
	}
	return time.Time{}, errors.New("this must be a time such as 30d, 12h or 2026-12-31, or nothing")
}

// fieldsOf fills the form with what a key has.
func fieldsOf(k *ctl.Key, now time.Time) *keyFields {
	l := &k.Limits
	x := &keyFields{
		name: k.Name, tags: strings.Join(k.Tags, " "), rpm: unlessZero(l.RequestsPerMinute), tpm: unlessZero(l.TokensPerMinute),
		concurrency: unlessZero(int64(l.Concurrency)), queue: unlessZero(int64(l.Queue)), day: unlessFree(l.DailyCost), week: unlessFree(l.WeeklyCost),
		total: unlessFree(l.TotalCost), multiplier: strconv.FormatFloat(l.Multiplier, 'g', -1, 64), permissions: strings.Join(l.Permissions, " "),
		allow: strings.Join(l.AllowModels, " "), deny: strings.Join(l.DenyModels, " "), clients: strings.Join(l.Clients, " "),
	}
	switch {
	case l.Account != "":
		x.bound = "account:" + l.Account
	case l.Group != "":
		x.bound = "group:" + l.Group
	}
	if k.ExpiresAt != nil {
		x.expires = k.ExpiresAt.In(now.Location()).Format(time.RFC3339)
	}
	return x
}

func unlessZero(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func unlessFree(m ctl.USD) string {
	if m == 0 {
		return ""
	}
	return strings.TrimPrefix(m.String(), "$")
}

// edit is everything that was filled in.
func (x *keyFields) edit(now time.Time) (ctl.KeyEdit, error) {
	end, err := parseEnd(x.expires, now)
	if err != nil {
		return ctl.KeyEdit{}, err
	}
	factor, err := strconv.ParseFloat(strings.TrimSpace(x.multiplier), 64)
	if err != nil {
		return ctl.KeyEdit{}, errors.New("what it is charged is no number")
	}
	account, _ := strings.CutPrefix(x.bound, "account:")
	group, grouped := strings.CutPrefix(x.bound, "group:")
	if account == x.bound {
		account = ""
	}
	if !grouped {
		group = ""
	}
	concurrency, queue := number(x.concurrency), number(x.queue)
	rpm, tpm := int64(number(x.rpm)), int64(number(x.tpm))
	return ctl.KeyEdit{
		Tags: set(list(x.tags)), RequestsPerMinute: &rpm, TokensPerMinute: &tpm, Concurrency: &concurrency, Queue: &queue,
		DailyCost: cost(x.day), WeeklyCost: cost(x.week), TotalCost: cost(x.total), Permissions: set(list(x.permissions)), AllowModels: set(list(x.allow)),
		DenyModels: set(list(x.deny)), Clients: set(list(x.clients)), Account: &account, Group: &group, Multiplier: &factor, ExpiresAt: &end,
	}, nil
}

func set[T any](v T) *T { return &v }

// cost is what validMoney has let through.
func cost(text string) *ctl.USD {
	m, err := ctl.ParseUSD(text)
	if err != nil {
		m = 0
	}
	return &m
}

// changes leaves out what is as it was before.
func (x *keyFields) changes(before *keyFields, e ctl.KeyEdit) ctl.KeyEdit {
	was, now := reflect.ValueOf(*before), reflect.ValueOf(*x)
	edit := reflect.ValueOf(&e).Elem()
	for field, names := range map[string][]string{
		"tags": {"Tags"}, "expires": {"ExpiresAt"}, "rpm": {"RequestsPerMinute"}, "tpm": {"TokensPerMinute"}, "concurrency": {"Concurrency"},
		"queue": {"Queue"}, "day": {"DailyCost"}, "week": {"WeeklyCost"}, "total": {"TotalCost"}, "multiplier": {"Multiplier"},
		"permissions": {"Permissions"}, "allow": {"AllowModels"}, "deny": {"DenyModels"}, "clients": {"Clients"}, "bound": {"Account", "Group"},
	} {
		if was.FieldByName(field).String() == now.FieldByName(field).String() {
			for _, name := range names {
				edit.FieldByName(name).SetZero()
			}
		}
	}
	return e
}
